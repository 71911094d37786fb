import type { Unit } from "./types";

/** Limits of a value: what is drawn on panels and what alerts wait for. */
export interface Threshold {
  readonly unit: Unit;
  /** Which side of the limits is bad. */
  readonly bad: "above" | "below";
  readonly warning: number;
  readonly critical: number;
}

/** The limits where settings say nothing else. */
export const DEFAULT_THRESHOLDS = {
  cpuUtilisation: { unit: "ratio", bad: "above", warning: 0.85, critical: 0.95 },
  memoryUtilisation: { unit: "ratio", bad: "above", warning: 0.85, critical: 0.95 },
  filesystemUtilisation: { unit: "ratio", bad: "above", warning: 0.8, critical: 0.9 },
  beegfsUtilisation: { unit: "ratio", bad: "above", warning: 0.85, critical: 0.95 },
  minioUtilisation: { unit: "ratio", bad: "above", warning: 0.8, critical: 0.9 },
  volumeUtilisation: { unit: "ratio", bad: "above", warning: 0.85, critical: 0.95 },
  /** Share of requests the object store, or the registry, answers with 5xx. */
  storeErrors: { unit: "ratio", bad: "above", warning: 0.01, critical: 0.05 },
  /** True utilisation of GPUs that somebody holds. */
  gpuUtilisation: { unit: "ratio", bad: "below", warning: 0.5, critical: 0.25 },
  gpuMemoryUtilisation: { unit: "ratio", bad: "above", warning: 0.9, critical: 0.97 },
  gpuTemperature: { unit: "celsius", bad: "above", warning: 83, critical: 90 },
  inferenceErrors: { unit: "ratio", bad: "above", warning: 0.01, critical: 0.05 },
  inferenceP95: { unit: "seconds", bad: "above", warning: 0.5, critical: 1 },
  firstTokenP95: { unit: "seconds", bad: "above", warning: 0.5, critical: 1 },
  /** From made to ready, of a served model's pod; the warning is the objective's limit. */
  coldStart: { unit: "seconds", bad: "above", warning: 10, critical: 30 },
  kvCacheUtilisation: { unit: "ratio", bad: "above", warning: 0.8, critical: 0.95 },
  apiErrors: { unit: "ratio", bad: "above", warning: 0.01, critical: 0.05 },
  apiP99: { unit: "seconds", bad: "above", warning: 1, critical: 4 },
  slurmWait: { unit: "seconds", bad: "above", warning: 3_600, critical: 14_400 },
  /** From trained to served. */
  pipelineFreshness: { unit: "seconds", bad: "above", warning: 3_600, critical: 14_400 },
  transferLag: { unit: "seconds", bad: "above", warning: 1_800, critical: 7_200 },
  /** Share of a cluster's machines, or of Slurm's nodes, that are down. */
  nodesDown: { unit: "ratio", bad: "above", warning: 0, critical: 0.25 },
  /** Threads of Slurm's controller; it refuses requests at 256. */
  slurmThreads: { unit: "count", bad: "above", warning: 200, critical: 240 },
  /** Points of health. */
  health: { unit: "percent", bad: "below", warning: 90, critical: 50 },
  clockOffset: { unit: "seconds", bad: "above", warning: 0.1, critical: 1 },
  /** Of the samples a federate scrape may return. */
  sampleLimitUsed: { unit: "ratio", bad: "above", warning: 0.8, critical: 0.95 },
  federateDuration: { unit: "seconds", bad: "above", warning: 2, critical: 8 },
  /** Of the values a limited label may have; what is beyond the critical limit is left out, what reaches it is not. */
  labelLimitUsed: { unit: "ratio", bad: "above", warning: 0.8, critical: 1 },
} as const satisfies Readonly<Record<string, Threshold>>;

export type Thresholds = Readonly<Record<keyof typeof DEFAULT_THRESHOLDS, Threshold>>;
