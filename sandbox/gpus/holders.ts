import { gpuResource } from "./inventory";
import type { Holder } from "./readings";

/** A pod as the API server tells of it, as far as its GPUs are concerned. */
export interface PodObject {
  readonly metadata: {
    readonly uid: string;
    readonly namespace: string;
    readonly name: string;
    readonly creationTimestamp: string;
  };
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
    }[];
  };
}

/** What one container holds, and the cores it was sized for. */
export interface Demand {
  readonly id: string;
  readonly holder: Holder;
  readonly gpus: number;
  readonly cores: number;
}

/**
 * Cores of a CPU quantity: `100m` or `2`.
 *
 * @throws for any other text
 */
export function coresOf(quantity: string): number {
  const [, number, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(quantity) ?? [];
  if (number === undefined) throw new Error(`not a quantity of cores: ${quantity}`);
  return milli === "m" ? Number(number) / 1_000 : Number(number);
}

/** The containers that ask for GPUs, oldest pod first. One that asks for no CPU is sized for a core. */
export function demandsOf(pods: readonly PodObject[]): readonly Demand[] {
  const age = ({ metadata }: PodObject): string => `${metadata.creationTimestamp} ${metadata.uid}`;
  return [...pods]
    .sort((a, b) => (age(a) < age(b) ? -1 : 1))
    .flatMap(({ metadata: { uid, namespace, name: pod }, spec }) =>
      spec.containers.flatMap(({ name: container, resources }) => {
        const { [gpuResource]: count = "0", cpu = "1" } = resources?.requests ?? {};
        return count === "0"
          ? []
          : [
              {
                id: `${uid}/${container}`,
                holder: { namespace, pod, container },
                gpus: Number(count),
                cores: coresOf(cpu),
              },
            ];
      }),
    );
}

/**
 * Who holds which GPU: whoever held one keeps it, the others get the first that are free, in order. A plugin of a real
 * GPU's vendor decides so at the pod's start; here nobody else does.
 *
 * @param before what this answered last
 */
export function assign(
  before: readonly (Demand | undefined)[],
  demands: readonly Demand[],
  count: number,
): readonly (Demand | undefined)[] {
  const current = new Map(demands.map((demand) => [demand.id, demand]));
  const now = Array.from({ length: count }, (_, gpu) => current.get(before[gpu]?.id ?? ""));
  for (const demand of demands) {
    let missing = demand.gpus - now.filter((held) => held?.id === demand.id).length;
    for (let gpu = 0; gpu < count && missing > 0; gpu++)
      if (now[gpu] === undefined) {
        now[gpu] = demand;
        missing--;
      }
  }
  return now;
}

/** What a kubelet says that a container has used. */
export interface Usage {
  /** Processor time so far. */
  readonly seconds: number;
  /** When that was measured, in milliseconds. */
  readonly at: number;
  readonly memoryMiB: number;
}

const keyOf = ({ namespace, pod, container }: Holder): string => `${namespace}/${pod}/${container}`;

/** Usage by container, from the kubelet's `/metrics/resource`. */
export function usagesOf(text: string): ReadonlyMap<string, Usage> {
  const samples = (name: string): Map<string, { value: number; at: number }> =>
    new Map(
      [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+) (\\d+)$`, "gm"))].map(
        ([, labels = "", value, at]) => {
          const label = (key: string): string => new RegExp(`\\b${key}="([^"]*)"`).exec(labels)?.[1] ?? "";
          const key = keyOf({
            namespace: label("namespace"),
            pod: label("pod"),
            container: label("container"),
          });
          return [key, { value: Number(value), at: Number(at) }];
        },
      ),
    );
  const memory = samples("container_memory_working_set_bytes");
  return new Map(
    [...samples("container_cpu_usage_seconds_total")].map(([key, { value, at }]) => [
      key,
      { seconds: value, at, memoryMiB: (memory.get(key)?.value ?? 0) / 2 ** 20 },
    ]),
  );
}

export const usageOf = (usages: ReadonlyMap<string, Usage>, holder: Holder): Usage | undefined =>
  usages.get(keyOf(holder));

/**
 * Cores in use between two measurements; undefined where they are one and the same, which the kubelet repeats until it
 * measures again, or where the container started anew in between.
 */
export function coresBetween(before: Usage | undefined, now: Usage | undefined): number | undefined {
  if (before === undefined || now === undefined || now.at <= before.at || now.seconds < before.seconds)
    return undefined;
  return (1_000 * (now.seconds - before.seconds)) / (now.at - before.at);
}
