import { dcgm, node, slurm, slurmJobs, slurmNodes } from "../../metrics/catalogue";
import { busyModes } from "../../metrics/catalogue/recorded/machines";
import type { Metric } from "../../metrics/types";
import type { Sizes } from "./options";

/** The cluster that the raw series are of. */
export const MEMBER = "hpc";
/** The cluster whose Prometheus federates it. */
export const HUB = "cloud";

/** A series as an exporter tells it; what the scrape adds is left out. */
export interface RawSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** By seconds since 1970. */
  readonly value: (time: number) => number;
}

/** What one scrape returns. */
export interface Target {
  readonly job: string;
  readonly host: string;
  readonly series: readonly RawSeries[];
}

/** What is measured of machines, GPUs and Slurm: the raw series that a panel can be asked on. */
export const rawNames: ReadonlySet<string> = new Set(
  [node, dcgm, slurm, slurmJobs, slurmNodes].flatMap((metrics) =>
    Object.values<Metric>(metrics).map(({ name }) => name),
  ),
);

type Labels = Readonly<Record<string, string>>;

/** A number between 0 and 1 that moves slowly, different for each seed. */
const wave = (seed: number, time: number): number =>
  0.5 + 0.5 * Math.sin(time / (900 + (seed % 7) * 300) + seed);

/** A counter at about `rate` a second, which never falls. */
const counter =
  (rate: number, seed: number) =>
  (time: number): number =>
    Math.round(rate * (time - 1_600_000_000) + rate * 60 * wave(seed, time));

const gauge =
  (least: number, most: number, seed: number) =>
  (time: number): number =>
    Number((least + (most - least) * wave(seed, time)).toPrecision(6));

const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const GIB = 2 ** 30;

function machine(seed: number, { cpusPerNode }: Sizes): readonly RawSeries[] {
  const series = (metric: Metric, value: RawSeries["value"], labels: Labels = {}): RawSeries => ({
    name: metric.name,
    labels,
    value,
  });
  const modes = ["idle", ...busyModes];
  const filesystems = ["/", "/var"].map((mountpoint, index) => ({
    device: `/dev/sda${index + 1}`,
    fstype: "ext4",
    mountpoint,
  }));
  const steady = (value: number) => () => value;
  return [
    ...times(cpusPerNode, String).flatMap((cpu) =>
      modes.map((mode, index) => series(node.cpu, counter(1 / modes.length, seed + index), { cpu, mode })),
    ),
    series(node.memory, steady(512 * GIB)),
    series(node.memoryAvailable, gauge(40 * GIB, 400 * GIB, seed)),
    ...filesystems.flatMap((labels) => [
      series(node.filesystemSize, steady(400 * GIB), labels),
      series(node.filesystemAvailable, gauge(20 * GIB, 300 * GIB, seed + 1), labels),
      series(node.filesystemReadonly, steady(0), labels),
    ]),
    ...["sda", "sdb"].flatMap((device) => [
      series(node.diskRead, counter(9e6, seed), { device }),
      series(node.diskWritten, counter(4e6, seed + 2), { device }),
    ]),
    ...["eth0", "eth1"].flatMap((device) => [
      series(node.networkReceived, counter(5e7, seed), { device }),
      series(node.networkSent, counter(4e7, seed + 3), { device }),
      series(node.networkReceiveErrors, steady(seed % 5), { device }),
      series(node.networkSendErrors, steady(0), { device }),
    ]),
    series(node.clockSynchronised, steady(1)),
    series(node.clockOffset, gauge(-0.003, 0.003, seed)),
    series(node.bootTime, steady(1_700_000_000)),
  ];
}

/** The values of a GPU's fields. */
const gpuFields: Readonly<Record<keyof typeof dcgm, (seed: number) => RawSeries["value"]>> = {
  smActive: (seed) => gauge(0, 0.95, seed),
  engineActive: (seed) => gauge(0.05, 0.98, seed),
  tensorActive: (seed) => gauge(0, 0.7, seed),
  dramActive: (seed) => gauge(0, 0.6, seed),
  utilisation: (seed) => gauge(5, 100, seed),
  memoryUsed: (seed) => gauge(2_000, 78_000, seed),
  memoryFree: (seed) => gauge(1_000, 79_000, seed + 4),
  memoryReserved: () => () => 500,
  power: (seed) => gauge(70, 700, seed),
  energy: (seed) => counter(350_000, seed),
  temperature: (seed) => gauge(35, 84, seed),
  memoryTemperature: (seed) => gauge(40, 92, seed),
  xid: (seed) => () => (seed % 997 === 0 ? 79 : 0),
  rowRemapFailed: () => () => 0,
};

function gpus(host: string, seed: number, { gpusPerNode }: Sizes): readonly RawSeries[] {
  return times(gpusPerNode, (gpu) => gpu).flatMap((gpu) => {
    const labels = {
      gpu_type: seed % 3 === 0 ? "a100" : "h100",
      hostname: host,
      gpu: String(gpu),
      UUID: `GPU-${host}-${gpu}`,
      device: `nvidia${gpu}`,
      // one in eight is free
      ...((seed + gpu) % 8 === 0 ? {} : { hpc_job: String(100_000 + seed) }),
    };
    return Object.entries(gpuFields).map(([field, value]) => ({
      name: dcgm[field as keyof typeof dcgm].name,
      labels,
      value: value(seed * gpusPerNode + gpu),
    }));
  });
}

function controller(
  { nodes, gpusPerNode, inventory }: Sizes,
  hosts: readonly string[],
): readonly RawSeries[] {
  const all = [slurm, slurmJobs, slurmNodes].flatMap((metrics) => Object.values<Metric>(metrics));
  const partitions = times(Math.min(inventory.partitions, 10), (index) => `partition-${index}`);
  return all.flatMap(({ name, labels }, index) => {
    const value = name.startsWith("slurm_sdiag")
      ? counter(0.05, index)
      : gauge(1, nodes * gpusPerNode, index);
    const each = labels.includes("node")
      ? hosts.map((host) => ({ node: host }))
      : labels.includes("partition")
        ? partitions.map((partition) => ({ partition }))
        : [{}];
    return each.map((own) => ({ name, labels: own, value }));
  });
}

/** Every target of the site: a node exporter and a DCGM exporter a node, and one Slurm controller. */
export function targetsOf(sizes: Sizes): readonly Target[] {
  const hosts = times(sizes.nodes, (index) => `node-${String(index + 1).padStart(4, "0")}`);
  return [
    ...hosts.map((host, index) => ({ job: "node", host, series: machine(index, sizes) })),
    ...hosts.map((host, index) => ({ job: "dcgm", host, series: gpus(host, index, sizes) })),
    { job: "slurm", host: "slurm-ctl", series: controller(sizes, hosts) },
  ];
}

/** Name and labels as a line of a scrape begins. */
export const head = (name: string, labels: Labels): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(",")}}`;

/** What a target answers to a scrape. */
export const exposition = ({ series }: Target, time: number): string =>
  series.map(({ name, labels, value }) => `${head(name, labels)} ${value(time)}\n`).join("");
