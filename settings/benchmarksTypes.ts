import type { PodResources } from "./types";
import type { WorkerBundle } from "./workers";

/** The input of a model that is asked by protocol v2: its name, and the type of its numbers. */
interface BenchmarkInput {
  readonly name: string;
  readonly datatype: "FP64" | "FP32" | "INT64" | "INT32" | "INT16" | "INT8" | "UINT8";
}

/** Requests, varied so that no cache is what is measured; what is random is the same for the same seed. */
export type BenchmarkCorpus = { readonly name: string } & (
  | {
      readonly kind: "rows";
      readonly columns: number;
      readonly rows: number;
      readonly low: number;
      readonly high: number;
      readonly distinct: number;
      readonly seed: number;
      readonly input?: BenchmarkInput;
    }
  | {
      readonly kind: "words";
      readonly promptTokens: number;
      readonly outputTokens: number;
      readonly distinct: number;
      readonly seed: number;
    }
  | {
      readonly kind: "examples";
      readonly input?: BenchmarkInput;
      readonly examples: (
        | { instances: number[][]; expect?: unknown[] }
        | { prompt: string; outputTokens: number; expect?: string }
      )[];
    }
);

/** What serving has to meet; those that are absent have the judge's defaults. */
export interface BenchmarkSlos {
  /** To the first inference after deployment, below; default 10. */
  readonly coldStartSeconds?: number;
  /** At the warm rate, below; default 0.5. */
  readonly warmP95Seconds?: number;
  /** Default: reported, not judged. */
  readonly warmP99Seconds?: number;
  /** Default: reported, not judged. */
  readonly firstTokenP95Seconds?: number;
  /** At the knee, above; default 50. */
  readonly requestsPerSecondPerGpu?: number;
  /** Mean over the GPUs under load, above; default 0.7. */
  readonly gpuUtilisation?: number;
  /** From the load step to the highest number of replicas in rotation, below; default 120. */
  readonly autoscalingSeconds?: number;
  /** Share of requests without a good answer, at most; default 0.01. */
  readonly errorRatio?: number;
}

/** Rates are requests per second. */
export interface BenchmarkScenarios {
  readonly smoke: { readonly rate: number; readonly seconds: number };
  readonly warm: {
    readonly rate: number;
    readonly warmUpSeconds: number;
    readonly seconds: number;
    /** Streams opened per second beside the load; only `openai` streams. */
    readonly streamsPerSecond: number;
  };
  readonly saturation?: {
    readonly startRate: number;
    readonly maxRate: number;
    readonly limitSeconds: number;
    readonly stepSeconds: number;
    readonly warmUpSeconds: number;
  };
  readonly soak?: {
    readonly rate: number;
    readonly windows: number;
    readonly windowSeconds: number;
    readonly warmUpSeconds: number;
  };
  readonly autoscaling?: {
    readonly rateBefore: number;
    readonly rateAfter: number;
    readonly beforeSeconds: number;
    readonly holdSeconds: number;
    readonly returnSeconds: number;
  };
  readonly coldStart?: {
    readonly kinds: ("deployment" | "pod-restart" | "scale-from-zero")[];
    /** The served model itself is timed; default: a copy of it. */
    readonly live?: boolean;
    readonly limitSeconds: number;
  };
}

/** A target as it is set; its authority still a file. */
export interface BenchmarkTargetSettings {
  readonly name: string;
  readonly model: string;
  readonly registeredModel: string;
  /** Absent: the version with the alias `candidate` when a run begins. */
  readonly version?: string;
  readonly url: string;
  readonly caFile?: string;
  readonly protocol: "kserve-v1" | "kserve-v2" | "openai";
  readonly namespace: string;
  readonly service: string;
  readonly workload: {
    readonly deployment: string;
    readonly service: string;
    readonly autoscaler: string;
    readonly port: number;
    readonly container: string;
  };
  readonly corpus: BenchmarkCorpus;
  readonly gpuType?: string;
  readonly gpusPerReplica: number;
  readonly replicas: { readonly min: number; readonly max: number };
  readonly slos: BenchmarkSlos;
  readonly simulated: boolean;
  readonly scenarios: BenchmarkScenarios;
  readonly timeoutSeconds: number;
  readonly lateSeconds: number;
  /** Whether `up` runs smoke and warm, and whether it waits for it. */
  readonly gate: "off" | "advice" | "gate";
  /** Of all scenarios. */
  readonly schedule?: string;
  readonly timeZone: string;
  readonly disruptive: boolean;
  readonly promote: boolean;
  readonly resources: PodResources;
}

/** A target as the program uses it. */
export type BenchmarkTarget = Omit<BenchmarkTargetSettings, "caFile"> & {
  /** PEM of the authority behind its URL. */
  readonly ca?: string;
};

/** What is measured, and by what. */
export interface BenchmarkSettings {
  readonly namespace: string;
  readonly targets: readonly BenchmarkTarget[];
  readonly scripts: { readonly driver: WorkerBundle; readonly load: WorkerBundle };
}
