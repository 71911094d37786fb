/** What a simulated GPU is like; its name says that there is none. */
export interface GpuModel {
  readonly modelName: string;
  readonly memoryMiB: number;
  readonly watts: { readonly idle: number; readonly most: number };
}

const a6000: GpuModel = {
  modelName: "Simulated RTX A6000",
  memoryMiB: 49_140,
  watts: { idle: 22, most: 300 },
};
const t4: GpuModel = { modelName: "Simulated Tesla T4", memoryMiB: 15_360, watts: { idle: 10, most: 70 } };

/**
 * The GPUs of the hub's node: the types of its site, and enough of the first for a model that is scaled to three replicas,
 * as pods take GPUs in their order. The member's are in hosts outside Kubernetes, as on its site.
 */
export const gpus: readonly GpuModel[] = [a6000, a6000, a6000, t4];

/** The extended resource that pods ask for. */
export const gpuResource = "nvidia.com/gpu";

/** The pods of the simulated exporter, where sites have NVIDIA's. */
export const dcgmExporter = {
  namespace: "gpu-operator",
  labels: { app: "nvidia-dcgm-exporter" },
  port: 9400,
} as const;

/** Type of a simulated GPU as recordings name it: from the site's `rtx-a6000` it is `simulated-rtx-a6000`. */
export const simulatedType = (type: string): string => `simulated-${type}`;
