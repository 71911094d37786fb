import { exporterMetrics } from "./define";

const volume = ["namespace", "persistentvolumeclaim"] as const;

/** The kubelet's own metrics. */
export const kubelet = exporterMetrics(
  { exporter: "kubelet", versions: ">=1.28", target: ["node"] },
  {
    volumeCapacity: {
      name: "kubelet_volume_stats_capacity_bytes",
      unit: "bytes",
      labels: volume,
      meaning: "size of a claimed volume",
    },
    volumeAvailable: {
      name: "kubelet_volume_stats_available_bytes",
      unit: "bytes",
      labels: volume,
      meaning: "space left on it",
    },
  },
);

const container = ["container", "pod", "namespace", "image", "id", "name"] as const;

/** cAdvisor inside the kubelet: a series without a container is a whole pod or a part of the machine. */
export const cadvisor = exporterMetrics(
  { exporter: "cadvisor", versions: ">=1.28", target: ["node"] },
  {
    cpu: {
      name: "container_cpu_usage_seconds_total",
      type: "counter",
      unit: "seconds",
      labels: [...container, "cpu"],
      meaning: "processor time of a container",
    },
    cpuPeriods: {
      name: "container_cpu_cfs_periods_total",
      type: "counter",
      unit: "count",
      labels: container,
      meaning: "periods of a container's CPU limit in which it ran; absent without a limit",
    },
    cpuThrottledPeriods: {
      name: "container_cpu_cfs_throttled_periods_total",
      type: "counter",
      unit: "count",
      labels: container,
      meaning: "those of them in which it used its limit up and stood still until the next one",
    },
    memory: {
      name: "container_memory_working_set_bytes",
      unit: "bytes",
      labels: container,
      meaning: "memory of a container that can not be taken back without harm",
    },
  },
);
