import { fedCluster, fedHub } from "../metrics/catalogue";
import { addresses } from "./addresses";
import { line } from "./kit/dashboard";
import type { DashboardDefinition, Row } from "./kit/dashboard";
import { bars, by, named, table, timeSeries } from "./kit/panels";
import { clusterStyles, otherStyle } from "./kit/site";
import type { Site } from "./kit/site";
import { variables } from "./kit/variables";
import { gpuRow, wasteRow } from "./resourceGpus";
import { matching } from "../metrics/select";
import { minus, ratio, series, sorted, sum, top } from "./kit/vector";
import type { Vector } from "./kit/vector";

const { ratios } = fedHub;
const { machines, kubernetes, beegfs, minio } = fedCluster;

/** Things above the share `le`. */
function beyond(buckets: typeof machines.cpuBusyMachines, le: "0.9"): Vector<"cluster"> {
  return minus(sum(series(buckets, { le: "+Inf" })), sum(series(buckets, { le })));
}

function machineRow(site: Site): Row {
  const styles = clusterStyles(site);
  const { cpuUtilisation, memoryUtilisation, filesystemUtilisation } = site.thresholds;
  const waiting = sum(series(machines.cpuBusy, { mode: matching("iowait|steal") }));
  return {
    title: "Machines",
    lines: [
      line(
        8,
        [
          8,
          timeSeries({
            title: "CPU in use",
            description: "Share of processors at work, of all machines together.",
            queries: [by(series(ratios.cpu), "cluster")],
            limits: cpuUtilisation,
            styles,
          }),
        ],
        [
          8,
          timeSeries({
            title: "Memory in use",
            description: "Share of memory that applications could not take any more.",
            queries: [by(series(ratios.memory), "cluster")],
            limits: memoryUtilisation,
            styles,
          }),
        ],
        [
          8,
          timeSeries({
            title: "File systems in use",
            description:
              "Share of the machines' own file systems; neither shared, nor in memory, nor in a file of another.",
            queries: [by(series(ratios.filesystem), "cluster")],
            limits: filesystemUtilisation,
            styles,
          }),
        ],
      ),
      line(
        7,
        [
          6,
          table({
            title: "Above 90 % of",
            description:
              "Machines, and file systems, whose share in use is above 90 %: full ones hide behind a mean.",
            rows: { cluster: "Cluster" },
            columns: [
              { title: "CPU", vector: beyond(machines.cpuBusyMachines, "0.9") },
              { title: "Memory", vector: beyond(machines.memoryUsedMachines, "0.9") },
              { title: "Disk", vector: beyond(machines.filesystemUsed, "0.9") },
              { title: "Machines", vector: series(machines.machines), width: 90 },
            ],
          }),
        ],
        [
          6,
          timeSeries({
            title: "CPU that waits",
            description: "Share of processors that wait for disks, or that a hypervisor gave to others.",
            queries: [by(ratio(waiting, series(machines.cpu)), "cluster")],
            small: true,
            styles,
          }),
        ],
        [
          6,
          timeSeries({
            title: "Disks",
            description: "Read from and written to the machines' disks.",
            queries: [
              named(series(machines.diskRead), "read", "cluster"),
              named(series(machines.diskWritten), "written", "cluster"),
            ],
            styles: clusterStyles(site, "written"),
          }),
        ],
        [
          6,
          timeSeries({
            title: "Network",
            description: "Received and sent by physical network devices.",
            queries: [
              named(series(machines.networkReceived), "received", "cluster"),
              named(series(machines.networkSent), "sent", "cluster"),
            ],
            styles: clusterStyles(site, "sent"),
          }),
        ],
      ),
    ],
  };
}

function kubernetesRow(site: Site): Row {
  const asked = clusterStyles(site, "requested");
  return {
    title: "Kubernetes: asked for and used",
    lines: [
      line(
        8,
        [
          8,
          timeSeries({
            title: "CPU of pods",
            description:
              "Of what nodes can give: requested by pods, and used by containers. A wide gap is reserved and idle.",
            queries: [
              named(ratio(series(kubernetes.cpuUsed), series(kubernetes.cpu)), "used", "cluster"),
              named(ratio(series(kubernetes.cpuRequested), series(kubernetes.cpu)), "requested", "cluster"),
            ],
            styles: asked,
          }),
        ],
        [
          8,
          timeSeries({
            title: "Memory of pods",
            description: "Of what nodes can give: requested by pods, and the working set of containers.",
            queries: [
              named(ratio(series(kubernetes.memoryUsed), series(kubernetes.memory)), "used", "cluster"),
              named(
                ratio(series(kubernetes.memoryRequested), series(kubernetes.memory)),
                "requested",
                "cluster",
              ),
            ],
            styles: asked,
          }),
        ],
        [
          8,
          bars({
            title: "Processors requested and not used",
            description: "By namespace: the ten that hold most, and all others together.",
            queries: [
              by(
                sorted(
                  top(
                    10,
                    minus(series(kubernetes.namespaceCpuRequested), series(kubernetes.namespaceCpuUsed)),
                    "namespace",
                  ),
                ),
                "cluster",
                "namespace",
              ),
            ],
          }),
        ],
      ),
    ],
  };
}

function storeRow(site: Site): Row {
  const { beegfsUtilisation, minioUtilisation } = site.thresholds;
  const throughput = (
    title: string,
    description: string,
    first: Vector<"cluster">,
    second: Vector<"cluster">,
  ) =>
    timeSeries({
      title,
      description,
      queries: [named(first, "out", "cluster"), named(second, "in", "cluster")],
      styles: [...clusterStyles(site, "in"), otherStyle],
    });
  return {
    title: "Stores",
    lines: [
      line(
        6,
        [
          6,
          bars({
            title: "BeeGFS in use",
            description: "Share of all storage targets.",
            queries: [by(series(ratios.beegfs), "cluster")],
            limits: beegfsUtilisation,
          }),
        ],
        [
          6,
          throughput(
            "BeeGFS throughput",
            "Read from (out) and written to (in) storage targets.",
            series(beegfs.read),
            series(beegfs.written),
          ),
        ],
        [
          6,
          bars({
            title: "MinIO in use",
            description: "Share of the usable capacity.",
            queries: [by(series(ratios.minio), "cluster")],
            limits: minioUtilisation,
          }),
        ],
        [
          6,
          throughput(
            "MinIO throughput",
            "Sent to (out) and received from (in) clients.",
            series(minio.sent),
            series(minio.received),
          ),
        ],
      ),
    ],
  };
}

/** What clusters have, what is held of it, what is truly used, and whose the difference is. */
export function resourceUtilization(site: Site): DashboardDefinition {
  return {
    ...addresses.resourceUtilization,
    description:
      "Processors, memory, disks, networks and GPUs over clusters: true against nominal use, and waste by owner.",
    variables: [variables.cluster()],
    rows: [gpuRow(site), wasteRow(site), machineRow(site), kubernetesRow(site), storeRow(site)],
  };
}
