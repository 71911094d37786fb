import { exporterMetrics } from "./define";

const filesystem = ["device", "fstype", "mountpoint", "device_error"] as const;
const device = ["device"] as const;

/** node_exporter, on Kubernetes nodes (label node) and other machines (label host). */
export const node = exporterMetrics(
  { exporter: "node_exporter", versions: ">=1.0", target: ["node", "host"] },
  {
    name: {
      name: "node_uname_info",
      unit: "info",
      labels: ["nodename", "sysname", "release", "version", "machine", "domainname"],
      meaning: "1 for each machine, with its name",
    },
    cpu: {
      name: "node_cpu_seconds_total",
      type: "counter",
      unit: "seconds",
      labels: ["cpu", "mode"],
      meaning: "time of a logical processor in each mode",
    },
    memory: { name: "node_memory_MemTotal_bytes", unit: "bytes", meaning: "memory" },
    memoryAvailable: {
      name: "node_memory_MemAvailable_bytes",
      unit: "bytes",
      meaning: "memory that applications could still take",
    },
    filesystemSize: {
      name: "node_filesystem_size_bytes",
      unit: "bytes",
      labels: filesystem,
      meaning: "size of a file system",
    },
    filesystemAvailable: {
      name: "node_filesystem_avail_bytes",
      unit: "bytes",
      labels: filesystem,
      meaning: "space for users other than root",
    },
    filesystemReadonly: {
      name: "node_filesystem_readonly",
      unit: "boolean",
      labels: filesystem,
      meaning: "1 while mounted read-only",
    },
    diskRead: {
      name: "node_disk_read_bytes_total",
      type: "counter",
      unit: "bytes",
      labels: device,
      meaning: "read from a disk",
    },
    diskWritten: {
      name: "node_disk_written_bytes_total",
      type: "counter",
      unit: "bytes",
      labels: device,
      meaning: "written to a disk",
    },
    networkReceived: {
      name: "node_network_receive_bytes_total",
      type: "counter",
      unit: "bytes",
      labels: device,
      meaning: "received by a network device",
    },
    networkSent: {
      name: "node_network_transmit_bytes_total",
      type: "counter",
      unit: "bytes",
      labels: device,
      meaning: "sent by a network device",
    },
    networkReceiveErrors: {
      name: "node_network_receive_errs_total",
      type: "counter",
      unit: "count",
      labels: device,
      meaning: "packets received with errors",
    },
    networkSendErrors: {
      name: "node_network_transmit_errs_total",
      type: "counter",
      unit: "count",
      labels: device,
      meaning: "packets not sent for errors",
    },
    clockSynchronised: {
      name: "node_timex_sync_status",
      unit: "boolean",
      meaning: "1 while the clock follows a time source",
    },
    clockOffset: {
      name: "node_timex_offset_seconds",
      unit: "seconds",
      meaning: "distance of the clock from its time source",
    },
    bootTime: { name: "node_boot_time_seconds", unit: "unix seconds", meaning: "when the machine started" },
  },
);
