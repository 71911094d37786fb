import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../workloads/benchmark/driver/settings";
import type { Slos, Target } from "../../workloads/benchmark/result";
import type { PodResources } from "../kubernetes/pods";
import type { UserPassword } from "../monitoring/credentials";
import type { AccessKey, RegistryUser, WorkerBundle } from "../transfer/types";

/** Where settings of the served model stand, and what they are, as far as the stack has them. */
export type BenchmarkKnobs = Target["settings"];

type Starts = Pick<NonNullable<Settings["coldStart"]>, "kinds" | "limitSeconds"> & {
  /** The served model itself is timed, which then serves nothing; default: a copy of it. */
  readonly live?: boolean;
};

/** What is asked of a target; every run begins with `smoke` and measures `warm`. */
export interface BenchmarkScenarios {
  readonly smoke: Settings["smoke"];
  readonly warm: Settings["warm"];
  readonly saturation?: Settings["saturation"];
  readonly soak?: Settings["soak"];
  /** Needs `disruptive`, as the live model's autoscaler makes pods. */
  readonly autoscaling?: Settings["autoscaling"];
  /** Needs `disruptive`, as a copy of the served model is made and removed, or with `live` the model itself goes away. */
  readonly coldStart?: Starts | undefined;
}

/** Kubernetes objects of a served model. */
export interface ServedWorkload {
  readonly deployment: string;
  /** Service whose endpoints say which replicas are in rotation. */
  readonly service: string;
  /** HorizontalPodAutoscaler. */
  readonly autoscaler: string;
  /** Port of the pods, which NetworkPolicies name. */
  readonly port: number;
  /** Container that serves. */
  readonly container: string;
}

/** A served model, how it is loaded, and what it has to meet. */
export interface BenchmarkTarget {
  /** DNS label of at most 40 characters. */
  readonly name: string;
  /** As its server calls it. */
  readonly model: string;
  /** As the registry calls it. */
  readonly registeredModel: string;
  /** Version of the registered model; absent: the alias `candidate` when a run begins. */
  readonly version?: string | undefined;
  /** Where it is reached from the cluster, without the protocol's path. */
  readonly url: string;
  /** PEM of the authority behind an https URL; absent: the image's own roots. */
  readonly ca?: string | undefined;
  readonly protocol: Target["protocol"];
  /** Namespace of the served model. */
  readonly namespace: string;
  /** InferenceService. */
  readonly service: string;
  readonly workload: ServedWorkload;
  readonly corpus: { readonly name: string } & Settings["corpus"];
  /** As in `pricePerGpuHour`; absent for a model on CPUs. */
  readonly gpuType?: string | undefined;
  readonly gpusPerReplica: number;
  /** As its autoscaler has them. */
  readonly replicas: { readonly min: number; readonly max: number };
  /** Those that are absent have the defaults of the judge. */
  readonly slos: Partial<Slos>;
  /** Stand-ins for hardware: every page says so, and no alias moves. */
  readonly simulated: boolean;
  readonly scenarios: BenchmarkScenarios;
  /** Of one request. */
  readonly timeoutSeconds: number;
  /** By which requests may begin late (P95): later ones are no evidence. */
  readonly lateSeconds: number;
  /** `gate`: `up` waits for a Job and fails with it; `advice`: it starts one and goes on. */
  readonly gate: "off" | "advice" | "gate";
  /** Cron schedule of all scenarios; absent: none. */
  readonly schedule?: string | undefined;
  /** IANA name. */
  readonly timeZone: string;
  /** Whether pods may be made and removed for a measurement. */
  readonly disruptive: boolean;
  /** Whether a passing run of all scenarios moves the alias `champion` to its version. */
  readonly promote: boolean;
  /** Of the container that gives the load. */
  readonly resources: PodResources;
}

export interface InferenceBenchmarkArgs {
  /** Name of the namespace of benchmarks; Pod Security `restricted` will do. */
  readonly namespace: pulumi.Input<string>;
  /** References of a stock k6 image and a stock Node.js 24 image, with tag and digest. */
  readonly images: { readonly k6: string; readonly node: string };
  /** The driver, and the script that k6 runs. */
  readonly scripts: { readonly driver: WorkerBundle; readonly load: WorkerBundle };
  /** The cluster label of what is measured. */
  readonly cluster: string;
  readonly target: BenchmarkTarget;
  /** Price of one GPU hour by GPU type; a type without one has no cost. */
  readonly pricePerGpuHour: Readonly<Record<string, number>>;
  /** Of the prices: `EUR`. */
  readonly currency: string;
  /** For recommendations that name the setting to change. */
  readonly knobs: BenchmarkKnobs;
  /** The hub's Prometheus: asked for GPUs and servers, and given k6's own series. */
  readonly prometheus: {
    /** https URL of host and port. */
    readonly url: pulumi.Input<string>;
    /** Of the targets that are asked for. */
    readonly scrapeSeconds: number;
    /** A user that may query and write, and PEM of the authority behind the URL. */
    readonly credentials: pulumi.Input<UserPassword & { readonly ca: string }>;
  };
  /** Where results are kept. */
  readonly store: {
    /** https URL of host and port. */
    readonly url: string;
    readonly region: string;
    /** PEM of the authority behind it; absent: the image's own roots. */
    readonly ca?: string | undefined;
    readonly bucket: pulumi.Input<string>;
    /** A user that may put, get and list, and delete nothing. */
    readonly credentials: pulumi.Input<AccessKey>;
  };
  /** Where versions and aliases are. */
  readonly registry: {
    /** https URL of host and port. */
    readonly url: string;
    /** PEM of the authority behind it; absent: the image's own roots. */
    readonly ca?: string | undefined;
    /** Absent where anyone may write there. */
    readonly credentials?: pulumi.Input<RegistryUser> | undefined;
  };
}
