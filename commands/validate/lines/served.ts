import { aliases, registeredName } from "../../../workloads/registry/names";
import type { KubeApi } from "../kube";
import type { Registry } from "../stores";
import { counted, judged, listed } from "../verdict";
import type { Problem, Verdict } from "../verdict";
import { predict } from "./predict";
import type { Answered } from "./predict";

/** A pod that says which model it serves, as the API server tells it. */
interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
      readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
    }[];
  };
  readonly status: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}

/** A pod of a served model. */
export interface ServedPod {
  readonly namespace: string;
  readonly name: string;
  readonly ready: boolean;
  /** ISO time since when it is. */
  readonly readySince?: string;
  /** The member that the model comes from, and the version, by the pod's labels. */
  readonly source: string;
  readonly version: string;
  /** What its storage initializer brought, where it says so. */
  readonly uri?: string;
  readonly port: number;
  /** GPUs that it asks for. */
  readonly gpus: number;
}

export interface ServedEvidence {
  readonly model: string;
  readonly pods: readonly ServedPod[];
  /** The registered model that they name; absent where there is none. */
  readonly registered?: {
    readonly name: string;
    readonly aliases: Readonly<Record<string, string>>;
    /** Where the registry says that each version served lies. */
    readonly sources: Readonly<Record<string, string>>;
  };
  /** What a ready pod answered; absent where none is ready. */
  readonly answer?: Answered;
}

const LABELS = { model: "model-name", source: "model-cluster", version: "model-version" } as const;
const SOURCE_URI = "internal.serving.kserve.io/storage-initializer-sourceuri";
const GPU_RESOURCE = /^nvidia\.com\/(gpu|mig-.+)$/;
const DEFAULT_PORT = 8080;

function servedPod({ metadata, spec, status }: Pod): ServedPod {
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  const port =
    ports.find(({ name }) => name === "http1" || name === "user-port" || name === "http") ?? ports[0];
  const { labels = {}, annotations = {} } = metadata;
  const uri = annotations[SOURCE_URI];
  const gpus = spec.containers
    .flatMap(({ resources }) => Object.entries(resources?.limits ?? {}))
    .filter(([resource]) => GPU_RESOURCE.test(resource))
    .reduce((sum, [, amount]) => sum + Number(amount), 0);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    ready: ready?.status === "True",
    ...(ready?.lastTransitionTime === undefined ? {} : { readySince: ready.lastTransitionTime }),
    source: labels[LABELS.source] ?? "",
    version: labels[LABELS.version] ?? "",
    ...(uri === undefined ? {} : { uri }),
    port: port?.containerPort ?? DEFAULT_PORT,
    gpus,
  };
}

/** The pods of a served model, but those on their way out. */
export async function servedPods(
  kube: KubeApi,
  model: string,
  signal: AbortSignal,
): Promise<readonly ServedPod[]> {
  const selector = encodeURIComponent(`${LABELS.model}=${model}`);
  const { items } = await kube.get<{ items: readonly Pod[] }>(
    `/api/v1/pods?labelSelector=${selector}`,
    signal,
  );
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(servedPod);
}

/**
 * @param nameOf template of registered names by member
 * @param body request that the site gave for this model; absent: one is made up
 */
export async function gatherServed(
  kube: KubeApi,
  { mlflow }: Registry,
  model: string,
  nameOf: (member: string) => string,
  body: string | undefined,
  signal: AbortSignal,
): Promise<ServedEvidence> {
  const pods = await servedPods(kube, model, signal);
  const ready = pods.filter((pod) => pod.ready);
  const [first] = ready;
  if (first === undefined) return { model, pods };
  const name = registeredName(nameOf(first.source), first.source, model);
  const found = await mlflow.model(name);
  const versions = [...new Set(ready.map(({ version }) => version))];
  const sources = await Promise.all(
    versions.map(async (version) => [version, (await mlflow.version(name, version))?.source] as const),
  );
  return {
    model,
    pods,
    ...(found === undefined
      ? {}
      : {
          registered: {
            name,
            aliases: found.aliases,
            sources: Object.fromEntries(
              sources.flatMap(([version, source]) => (source === undefined ? [] : [[version, source]])),
            ),
          },
        }),
    answer: await predict(kube, first, model, body, signal),
  };
}

const withoutSlash = (uri: string): string => uri.replace(/\/$/, "");

function registryProblems({ model, pods, registered }: ServedEvidence): readonly Problem[] {
  const ready = pods.filter((pod) => pod.ready);
  if (registered === undefined)
    return [
      {
        cause: `the registry has no model that the pods of ${model} name (${LABELS.source}=${ready[0]?.source ?? ""})`,
        action: "label the served pods model-cluster, model-name and model-version as the registry has them",
      },
    ];
  const { name, sources, aliases: held } = registered;
  const versions = [...new Set(ready.map(({ version }) => version))];
  const unknown = versions.filter((version) => sources[version] === undefined);
  if (unknown.length > 0)
    return [
      {
        cause: `${listed(ready.map((pod) => pod.name))} serves version ${unknown.join(", ") || "(no label)"}, and ${name} has no such version`,
        action: "deploy a registered version, and label its pods model-version with its number",
      },
    ];
  const elsewhere = ready.filter(
    ({ uri, version }) => uri !== undefined && withoutSlash(uri) !== withoutSlash(sources[version] ?? ""),
  );
  if (elsewhere.length > 0)
    return elsewhere.map((pod) => ({
      cause: `${pod.name} loaded ${pod.uri ?? ""}, version ${pod.version} of ${name} lies at ${sources[pod.version] ?? ""}`,
      action: "deploy the registered version anew",
    }));
  const alias = held[aliases.champion] === undefined ? aliases.candidate : aliases.champion;
  const wanted = held[alias];
  if (wanted === undefined || (versions.length === 1 && versions[0] === wanted)) return [];
  return [
    {
      cause: `version ${versions.join(", ")} of ${name} is served, ${alias} is version ${wanted}`,
      action: `deploy version ${wanted}, or move the alias ${alias} (model-sync promote)`,
    },
  ];
}

export function judgeServed(evidence: ServedEvidence): Verdict {
  const { model, pods, registered, answer } = evidence;
  const ready = pods.filter((pod) => pod.ready);
  if (ready.length === 0)
    return judged(
      [],
      [
        {
          cause: `no pod of ${model} is ready (${counted(pods.length, "pod")} with label ${LABELS.model}=${model})`,
          action: "docs/runbook.md, ServingDown",
        },
      ],
    );
  const problems = [
    ...registryProblems(evidence),
    ...(answer === undefined || answer.good
      ? []
      : [
          {
            cause: `${answer.path} answered ${answer.status}: ${answer.said}`,
            action: `look at the log of ${ready[0]?.name ?? ""}; where the made-up request does not fit the model, give one: --request ${model}=FILE`,
          },
        ]),
  ];
  const names = Object.entries(registered?.aliases ?? {})
    .filter(([, version]) => ready.some((pod) => pod.version === version))
    .map(([alias]) => alias);
  return judged(
    [
      `${ready.length} of ${counted(pods.length, "pod")} ready, version ${ready[0]?.version ?? ""} of ${registered?.name ?? "nothing registered"}${names.length === 0 ? "" : ` (${names.join(", ")})`}`,
      ...(answer?.good === true
        ? [
            `${answer.path} answered ${answer.status} in ${Math.round(answer.milliseconds)} ms: ${answer.said}`,
          ]
        : []),
    ],
    problems,
  );
}
