import { dcgm, fedCluster, fedLocal, kubeState, kubelet, node, scrapes } from "../../../../metrics/catalogue";
import type { AlertCase } from "../case";
import { always } from "../case";

const gpu = { gpu_type: "tesla-t4", hostname: "gpu-01", gpu: "3", UUID: "GPU-3" };
const host = { instance: "10.0.0.21:9100", host: "gpu-01" };
const { kubernetes, gpus } = fedCluster;
const GPU_NAME = "GPU 3 (tesla-t4) of gpu-01";

/** The same value of one series, bad and good, with what fires. */
const nodeCases: readonly AlertCase[] = [
  {
    alert: "NodeDown",
    severity: "warning",
    component: "nodes",
    bad: (input) => [
      input(scrapes.up, { ...host, job: "node" }, 0),
      input(scrapes.up, { instance: "n1:9110", node: "n1", job: "node-exporter" }, 1),
    ],
    fires: (cluster) => [
      {
        labels: { ...host, job: "node" },
        summary: `Machine gpu-01 of ${cluster} does not answer.`,
        description: "The node exporter of gpu-01 at 10.0.0.21:9100 has not answered for 5 minutes.",
      },
    ],
    good: always((input) => [
      input(scrapes.up, { ...host, job: "node" }, 1),
      input(scrapes.up, { instance: "x", job: "dcgm" }, 0),
    ]),
  },
  {
    alert: "NodeOutage",
    severity: "critical",
    component: "nodes",
    bad: (input) =>
      [0, 1, 1, 0].map((up, index) => input(scrapes.up, { instance: `m${index}`, job: "node" }, up)),
    fires: (cluster) => [
      {
        summary: `Many machines of ${cluster} do not answer.`,
        description: `50% of the machines of ${cluster} have not answered for 5 minutes.`,
      },
    ],
    good: always((input) =>
      [0, 1, 1, 1].map((up, index) => input(scrapes.up, { instance: `m${index}`, job: "node" }, up)),
    ),
  },
  {
    alert: "NodeNotReady",
    severity: "warning",
    component: "nodes",
    bad: (input) => [input(kubeState.nodeCondition, { node: "n1", condition: "Ready", status: "true" }, 0)],
    fires: (cluster) => [
      {
        labels: { node: "n1" },
        summary: `Kubernetes node n1 of ${cluster} is not ready.`,
        description: "The kubelet of n1 has not been ready for 10 minutes; its pods move elsewhere or wait.",
      },
    ],
    good: always((input) => [
      input(kubeState.nodeCondition, { node: "n1", condition: "Ready", status: "true" }, 1),
      input(kubeState.nodeCondition, { node: "n1", condition: "Ready", status: "unknown" }, 0),
      input(kubeState.nodeCondition, { node: "n1", condition: "DiskPressure", status: "true" }, 0),
    ]),
  },
  ...(["warning", "critical"] as const).flatMap((severity): AlertCase[] => {
    const [full, less, percent] = severity === "warning" ? [0.85, 0.8, "85%"] : [0.95, 0.9, "95%"];
    const [far, near, seconds] = severity === "warning" ? [-0.5, 0.1, "500ms"] : [-2, 1, "2s"];
    return [
      {
        alert: "NodeFilesystemFull",
        severity,
        component: "nodes",
        bad: (input) => [input(fedLocal.machines.filesystemUsed, { ...host, device: "/dev/sda1" }, full)],
        fires: (cluster) => [
          {
            labels: { ...host, device: "/dev/sda1" },
            summary: `A file system of gpu-01 of ${cluster} fills up.`,
            description: `/dev/sda1 on gpu-01 is ${percent} full.`,
          },
        ],
        good: always((input) => [
          input(fedLocal.machines.filesystemUsed, { ...host, device: "/dev/sda1" }, less),
        ]),
      },
      {
        alert: "NodeClockOff",
        severity,
        component: "nodes",
        bad: (input) => [input(node.clockOffset, host, far)],
        fires: (cluster) => [
          {
            labels: host,
            summary: `The clock of gpu-01 of ${cluster} is off.`,
            description: `The clock of gpu-01 is ${seconds} from its time source.`,
          },
        ],
        good: always((input) => [input(node.clockOffset, host, near)]),
      },
    ];
  }),
  {
    alert: "NodeMemoryFull",
    severity: "warning",
    component: "nodes",
    bad: (input) => [input(fedLocal.machines.memoryUsed, host, 0.97)],
    fires: (cluster) => [
      {
        labels: host,
        summary: `The memory of gpu-01 of ${cluster} is nearly used up.`,
        description: "97% of the memory of gpu-01 has been in use for 15 minutes.",
      },
    ],
    good: always((input) => [input(fedLocal.machines.memoryUsed, host, 0.95)]),
  },
  {
    alert: "NodeClockUnsynchronised",
    severity: "info",
    component: "nodes",
    bad: (input) => [input(node.clockSynchronised, host, 0)],
    fires: (cluster) => [
      {
        labels: host,
        summary: `The clock of gpu-01 of ${cluster} follows no time source.`,
        description: "No time source has set the clock of gpu-01 at 10.0.0.21:9100 for 15 minutes.",
      },
    ],
    good: always((input) => [input(node.clockSynchronised, host, 1)]),
  },
];

const gpuCases: readonly AlertCase[] = [
  {
    alert: "GpuXid",
    severity: "critical",
    component: "gpus",
    bad: (input) => [input(dcgm.xid, { ...gpu, pod: "a" }, 79), input(dcgm.xid, { ...gpu, gpu: "4" }, 0)],
    fires: (cluster) => [
      {
        labels: gpu,
        summary: `${GPU_NAME} on ${cluster} has failed.`,
        description: `${GPU_NAME} reported XID 79, after which it must be reset or replaced; jobs on it fail.`,
      },
    ],
    good: always((input) => [0, 13, 31].map((code) => input(dcgm.xid, { ...gpu, gpu: `${code}` }, code))),
  },
  {
    alert: "GpuXid",
    severity: "info",
    component: "gpus",
    bad: (input) => [input(dcgm.xid, gpu, 31)],
    fires: (cluster) => [
      {
        labels: gpu,
        summary: `${GPU_NAME} on ${cluster} had an error.`,
        description: `${GPU_NAME} last reported XID 31, mostly an application's fault.`,
      },
    ],
    good: always((input) =>
      [0, 48, 62, 63, 64, 74, 79, 92, 94, 95, 119, 120, 140, 143, 9e18].map((code) =>
        input(dcgm.xid, { ...gpu, gpu: `${code}` }, code),
      ),
    ),
  },
  ...(["warning", "critical"] as const).map((severity): AlertCase => {
    const [hot, warm] = severity === "warning" ? [86, 83] : [95, 90];
    return {
      alert: "GpuHot",
      severity,
      component: "gpus",
      bad: (input) => [input(dcgm.temperature, gpu, hot)],
      fires: (cluster) => [
        {
          labels: gpu,
          summary: `${GPU_NAME} on ${cluster} is hot.`,
          description: `${GPU_NAME} has ${hot} degrees Celsius; it slows itself down to stay whole.`,
        },
      ],
      good: always((input) => [
        input(dcgm.temperature, gpu, warm),
        input(dcgm.temperature, { ...gpu, gpu: "no sensor" }, 9e18),
      ]),
    };
  }),
  {
    alert: "GpuMemoryFull",
    severity: "warning",
    component: "gpus",
    bad: (input) => [input(dcgm.memoryUsed, gpu, 98), input(dcgm.memoryFree, gpu, 2)],
    fires: (cluster) => [
      {
        labels: gpu,
        summary: `The memory of ${GPU_NAME} on ${cluster} is nearly used up.`,
        description: `98% of the memory of ${GPU_NAME} has been in use for 15 minutes.`,
      },
    ],
    good: always((input) => [input(dcgm.memoryUsed, gpu, 97), input(dcgm.memoryFree, gpu, 3)]),
  },
  {
    alert: "GpuStuckAtZero",
    severity: "warning",
    component: "gpus",
    bad: (input) => [input(fedLocal.gpus.stuck, gpu, 1)],
    fires: (cluster) => [
      {
        labels: gpu,
        summary: `${GPU_NAME} on ${cluster} is measured wrongly.`,
        description: `Kernels run on ${GPU_NAME} while its profiling counters stay at 0: what it truly does is not known.`,
      },
    ],
    good: always((input) => [input(fedLocal.gpus.stuck, gpu, 0)]),
  },
  {
    alert: "GpuIdleAllocated",
    severity: "warning",
    component: "gpus",
    bad: (input) => [input(gpus.idleAllocated, { gpu_type: "tesla-t4", owner: "research" }, 2)],
    fires: (cluster) => [
      {
        labels: { gpu_type: "tesla-t4", owner: "research" },
        summary: `research holds GPUs of ${cluster} that do nothing.`,
        description: "2 GPUs of type tesla-t4, held by research, have done next to nothing for over an hour.",
      },
    ],
    good: always((input) => [input(gpus.idleAllocated, { gpu_type: "tesla-t4", owner: "research" }, 0)]),
  },
  {
    alert: "GpuRowRemapFailed",
    severity: "critical",
    component: "gpus",
    bad: (input) => [input(dcgm.rowRemapFailed, gpu, 1)],
    fires: (cluster) => [
      {
        labels: gpu,
        summary: `${GPU_NAME} on ${cluster} has bad memory.`,
        description: `${GPU_NAME} could not replace a bad row of its memory (GPU-3): results on it can be wrong.`,
      },
    ],
    good: always((input) => [input(dcgm.rowRemapFailed, gpu, 0)]),
  },
  {
    alert: "GpusMissing",
    severity: "critical",
    component: "gpus",
    bad: (input) => [
      input(gpus.count, { gpu_type: "tesla-t4" }, 3),
      input(gpus.count, { gpu_type: "rtx-a6000" }, 4),
    ],
    fires: (cluster) => [
      {
        summary: `GPUs of ${cluster} are missing.`,
        description: `DCGM sees 7 GPUs of the 8 that ${cluster} is declared to have.`,
      },
    ],
    good: always((input) => [
      input(gpus.count, { gpu_type: "tesla-t4" }, 4),
      input(gpus.count, { gpu_type: "rtx-a6000" }, 4),
    ]),
  },
  {
    alert: "GpusMissing",
    severity: "critical",
    component: "gpus",
    bad: () => [],
    fires: (cluster) => [
      {
        summary: `GPUs of ${cluster} are missing.`,
        description: `DCGM sees 0 GPUs of the 8 that ${cluster} is declared to have.`,
      },
    ],
    good: always((input) => [input(gpus.count, { gpu_type: "tesla-t4" }, 8)]),
  },
];

const apiCases: readonly AlertCase[] = [
  {
    alert: "KubeApiDown",
    severity: "critical",
    component: "api",
    bad: (input) => [
      input(scrapes.up, { job: "apiserver", instance: "a" }, 0),
      input(scrapes.up, { job: "apiserver", instance: "b" }, 0),
    ],
    fires: (cluster) => [
      {
        summary: `The API server of ${cluster} does not answer.`,
        description: `No API server of ${cluster} has answered for 3 minutes: nothing there can be changed, and pods that fail stay away.`,
      },
    ],
    good: always((input) => [
      input(scrapes.up, { job: "apiserver", instance: "a" }, 0),
      input(scrapes.up, { job: "apiserver", instance: "b" }, 1),
    ]),
  },
  ...(["warning", "critical"] as const).flatMap((severity): AlertCase[] => {
    const [bad, good, percent] = severity === "warning" ? [2, 1, "2%"] : [10, 5, "10%"];
    const [slow, fast, time] = severity === "warning" ? [2, 0.5, "1.985s"] : [8, 2, "7.94s"];
    const upTo = (bound: number) =>
      ["0.1", "0.5", "2.0", "8.0", "+Inf"].map((le) => ({
        le,
        count: le !== "+Inf" && Number(le) < bound ? 0 : 10,
      }));
    return [
      {
        alert: "KubeApiErrors",
        severity,
        component: "api",
        bad: (input) => [
          input(kubernetes.apiRequests, { code_class: "2xx" }, 100 - bad),
          input(kubernetes.apiRequests, { code_class: "5xx" }, bad),
        ],
        fires: (cluster) => [
          {
            summary: `The API server of ${cluster} fails requests.`,
            description: `${percent} of the API requests of ${cluster} end with 5xx.`,
          },
        ],
        good: always((input) => [
          input(kubernetes.apiRequests, { code_class: "2xx" }, 100 - good),
          input(kubernetes.apiRequests, { code_class: "5xx" }, good),
        ]),
      },
      {
        alert: "KubeApiSlow",
        severity,
        component: "api",
        bad: (input) => upTo(slow).map(({ le, count }) => input(kubernetes.apiDuration, { le }, count)),
        fires: (cluster) => [
          {
            summary: `The API server of ${cluster} is slow.`,
            description: `One of a hundred API requests of ${cluster} takes ${time} or longer.`,
          },
        ],
        good: always((input) =>
          upTo(fast).map(({ le, count }) => input(kubernetes.apiDuration, { le }, count)),
        ),
      },
      {
        alert: "KubeVolumeFull",
        severity,
        component: "storage",
        bad: (input) => volume(input, severity === "warning" ? 10 : 3),
        fires: (cluster) => [
          {
            labels: { namespace: "federation", persistentvolumeclaim: "prometheus-data" },
            summary: `A volume of ${cluster} fills up.`,
            description: `The claim prometheus-data of namespace federation is ${severity === "warning" ? "90%" : "97%"} full.`,
          },
        ],
        good: always((input) => volume(input, severity === "warning" ? 15 : 5)),
      },
    ];
  }),
  {
    alert: "KubePodsUnschedulable",
    severity: "warning",
    component: "api",
    bad: (input) => [input(kubernetes.podsUnschedulable, {}, 3)],
    fires: (cluster) => [
      {
        summary: `Pods of ${cluster} find no node.`,
        description: `3 pods of ${cluster} have waited for a node for 30 minutes.`,
      },
    ],
    good: always((input) => [input(kubernetes.podsUnschedulable, {}, 0)]),
  },
];

function volume(input: Parameters<AlertCase["bad"]>[0], free: number) {
  const claim = { namespace: "federation", persistentvolumeclaim: "prometheus-data", node: "n1" };
  return [input(kubelet.volumeCapacity, claim, 100), input(kubelet.volumeAvailable, claim, free)];
}

export const machineCases: readonly AlertCase[] = [...nodeCases, ...gpuCases, ...apiCases];
