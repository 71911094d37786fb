import { node } from "../../../metrics/catalogue";
import type { Input } from "../input";
import { growing, inputOf } from "../input";
import { by, evaluateCluster, plain } from "./evaluate";

const groups = ["cluster-machines"];
const hpc = inputOf("hpc");
const a = { instance: "a:9100", host: "a" };
const b = { instance: "b:9110", node: "b" };

/** Two machines: a with 2 processors, half busy, b with 1 that is idle. */
function processors(input: Input) {
  return [
    ...["0", "1"].flatMap((cpu) => [
      input(node.cpu, { ...a, cpu, mode: "idle" }, growing(30)),
      input(node.cpu, { ...a, cpu, mode: "user" }, growing(15)),
      input(node.cpu, { ...a, cpu, mode: "system" }, growing(15)),
    ]),
    input(node.cpu, { ...b, cpu: "0", mode: "idle" }, growing(60)),
    input(node.cpu, { ...b, cpu: "0", mode: "user" }, growing(0)),
  ];
}

describe("machines", () => {
  it("count processors and what they do, a machine at a time for the buckets", () => {
    evaluateCluster("hpc", groups, {
      input: processors(hpc),
      gives: {
        ...plain({ "fed_cluster:cpu:cores": 3 }),
        ...by("fed_cluster:cpu_busy:cores", "mode", { user: 0.5, system: 0.5 }),
        'fed_local:cpu_busy:ratio{cluster="hpc",host="a",instance="a:9100"}': 0.5,
        'fed_local:cpu_busy:ratio{cluster="hpc",node="b",instance="b:9110"}': 0,
        ...by("fed_cluster:cpu_busy:machines_bucket", "le", {
          "0.25": 1,
          "0.5": 2,
          "0.75": 2,
          "0.9": 2,
          "0.95": 2,
          "+Inf": 2,
        }),
      },
    });
  });

  it("record nothing of another cluster's machines", () => {
    evaluateCluster("cloud", groups, {
      input: [...processors(hpc), ...processors(inputOf("cloud"))],
      gives: plain({ "fed_cluster:cpu:cores": 3 }, "cloud"),
    });
  });

  it("add up memory", () => {
    evaluateCluster("hpc", groups, {
      input: [
        hpc(node.memory, a, 64),
        hpc(node.memoryAvailable, a, 16),
        hpc(node.memory, b, 32),
        hpc(node.memoryAvailable, b, 32),
      ],
      gives: {
        ...plain({
          "fed_cluster:machines:count": 2,
          "fed_cluster:memory:bytes": 96,
          "fed_cluster:memory_available:bytes": 48,
        }),
        ...by("fed_cluster:memory_used:machines_bucket", "le", {
          "0.25": 1,
          "0.5": 1,
          "0.75": 2,
          "0.9": 2,
          "0.95": 2,
          "+Inf": 2,
        }),
      },
    });
  });

  it("count a disk that is mounted twice once, and neither memory, nor what is shared, nor what lies in a file", () => {
    const disk = { ...a, device: "/dev/sda", fstype: "xfs" };
    const mounts = [
      { ...disk, mountpoint: "/" },
      { ...disk, mountpoint: "/var" },
    ];
    const others = [
      { ...a, device: "tmpfs", fstype: "tmpfs", mountpoint: "/run" },
      { ...a, device: "beegfs_nodev", fstype: "beegfs", mountpoint: "/mnt/beegfs" },
      { ...a, device: "/dev/loop3", fstype: "xfs", mountpoint: "/mnt/image" },
    ];
    evaluateCluster("hpc", groups, {
      input: [...mounts, ...others].flatMap((of) => [
        hpc(node.filesystemSize, of, 100),
        hpc(node.filesystemAvailable, of, 25),
      ]),
      gives: {
        ...plain({ "fed_cluster:filesystem:bytes": 100, "fed_cluster:filesystem_available:bytes": 25 }),
        ...by("fed_cluster:filesystem_used:filesystems_bucket", "le", {
          "0.25": 0,
          "0.5": 0,
          "0.75": 1,
          "0.9": 1,
          "0.95": 1,
          "+Inf": 1,
        }),
      },
    });
  });

  it("take traffic of physical devices and disks alone, through a counter's reset", () => {
    const reset = "0+600x3 0+600x20";
    const on = (device: string) => ({ ...a, device });
    evaluateCluster("hpc", groups, {
      at: "6m",
      input: [
        ...["eth0", "ib0"].map((device) => hpc(node.networkReceived, on(device), growing(600))),
        ...["lo", "veth1", "cni0", "bond0", "eth0.7"].map((device) =>
          hpc(node.networkReceived, on(device), growing(6000)),
        ),
        hpc(node.networkSent, on("eth0"), reset),
        hpc(node.networkReceiveErrors, on("eth0"), growing(60)),
        hpc(node.networkSendErrors, on("eth0"), growing(120)),
        hpc(node.diskRead, on("nvme0n1"), growing(60)),
        hpc(node.diskRead, on("dm-0"), growing(60)),
        hpc(node.diskWritten, on("sda"), growing(120)),
      ],
      gives: {
        ...plain({
          "fed_cluster:network_received:bytes_rate5m": 20,
          "fed_cluster:network_sent:bytes_rate5m": 7.5,
          "fed_cluster:disk_read:bytes_rate5m": 1,
          "fed_cluster:disk_written:bytes_rate5m": 2,
        }),
        ...by("fed_cluster:network_errors:rate5m", "direction", { receive: 1, transmit: 2 }),
      },
    });
  });

  it("tell of clocks, whichever way they are off", () => {
    evaluateCluster("hpc", groups, {
      input: [
        hpc(node.clockSynchronised, a, 1),
        hpc(node.clockSynchronised, b, 0),
        hpc(node.clockOffset, a, 0.25),
        hpc(node.clockOffset, b, -0.5),
      ],
      gives: plain({
        "fed_cluster:clocks_unsynchronised:count": 1,
        "fed_cluster:clock_offset:max_seconds": 0.5,
      }),
    });
  });

  it("record nothing without a node exporter", () => {
    evaluateCluster("hpc", groups, {
      input: [],
      none: ["fed_cluster:machines:count", "fed_cluster:cpu:cores", "fed_cluster:cpu_busy:machines_bucket"],
    });
  });
});
