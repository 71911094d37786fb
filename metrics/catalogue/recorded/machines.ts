import { clusterMetrics, localMetrics } from "./define";

/** Upper bounds of the buckets over machines and file systems, by share in use. */
export const USED_BUCKETS = ["0.25", "0.5", "0.75", "0.9", "0.95", "+Inf"] as const;

/** What a processor is busy with; all modes but `idle`. */
export const busyModes = ["user", "system", "iowait", "nice", "irq", "softirq", "steal"] as const;

/** Machines by their node exporters, Kubernetes nodes and others alike; each counts once. */
export const machines = clusterMetrics({
  machines: {
    name: "machines:count",
    unit: "count",
    meaning: "machines whose node exporter answers",
  },
  cpu: { name: "cpu:cores", unit: "cores", meaning: "logical processors of all machines" },
  cpuBusy: {
    name: "cpu_busy:cores",
    unit: "cores",
    labels: { mode: busyModes },
    meaning: "processors at work over 5 minutes, by what they do; their sum over mode is the use",
  },
  cpuBusyMachines: {
    name: "cpu_busy:machines_bucket",
    unit: "count",
    labels: { le: USED_BUCKETS },
    meaning: "machines whose share of busy processors is at most le",
  },
  memory: { name: "memory:bytes", unit: "bytes", meaning: "memory of all machines" },
  memoryAvailable: {
    name: "memory_available:bytes",
    unit: "bytes",
    meaning: "memory that applications could still take",
  },
  memoryUsedMachines: {
    name: "memory_used:machines_bucket",
    unit: "count",
    labels: { le: USED_BUCKETS },
    meaning: "machines whose share of memory in use is at most le",
  },
  filesystem: {
    name: "filesystem:bytes",
    unit: "bytes",
    meaning:
      "size of the machines' own file systems; neither shared, nor in memory, nor in a file of another",
  },
  filesystemAvailable: {
    name: "filesystem_available:bytes",
    unit: "bytes",
    meaning: "space on them for users other than root",
  },
  filesystemUsed: {
    name: "filesystem_used:filesystems_bucket",
    unit: "count",
    labels: { le: USED_BUCKETS },
    meaning: "file systems whose share in use is at most le",
  },
  diskRead: { name: "disk_read:bytes_rate5m", unit: "bytes per second", meaning: "read from disks" },
  diskWritten: { name: "disk_written:bytes_rate5m", unit: "bytes per second", meaning: "written to disks" },
  networkReceived: {
    name: "network_received:bytes_rate5m",
    unit: "bytes per second",
    meaning: "received by physical network devices",
  },
  networkSent: {
    name: "network_sent:bytes_rate5m",
    unit: "bytes per second",
    meaning: "sent by physical network devices",
  },
  networkErrors: {
    name: "network_errors:rate5m",
    unit: "per second",
    labels: { direction: ["receive", "transmit"] },
    meaning: "packets with errors on physical network devices",
  },
  clocksUnsynchronised: {
    name: "clocks_unsynchronised:count",
    unit: "count",
    meaning: "machines whose clock follows no time source",
  },
  clockOffset: {
    name: "clock_offset:max_seconds",
    unit: "seconds",
    meaning: "largest distance of a machine's clock from its time source",
  },
});

const machine = ["instance", "node", "host"] as const;

/** One series a machine or file system, for the cluster's own rules and alerts. */
export const localMachines = localMetrics({
  cpuBusy: {
    name: "cpu_busy:ratio",
    unit: "ratio",
    labels: machine,
    meaning: "share of a machine's processors at work over 5 minutes",
  },
  memoryUsed: {
    name: "memory_used:ratio",
    unit: "ratio",
    labels: machine,
    meaning: "share of a machine's memory in use",
  },
  filesystemUsed: {
    name: "filesystem_used:ratio",
    unit: "ratio",
    labels: [...machine, "device"],
    meaning: "share of a local file system in use, one series a device",
  },
});
