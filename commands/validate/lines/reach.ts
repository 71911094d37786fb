import type { Bucket, Registry } from "../stores";
import type { HubSite, MemberSite } from "../sites";
import type { KubeApi } from "../kube";
import { counted, judged, messageOf } from "../verdict";
import type { Problem, Verdict } from "../verdict";

/** A cluster as its API server answers. */
export interface ClusterEvidence {
  readonly expectedUid: string;
  readonly foundUid: string;
  readonly version: string;
  readonly nodes: readonly { readonly name: string; readonly ready: boolean }[];
}

interface Node {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

export async function gatherCluster(
  kube: KubeApi,
  expectedUid: string,
  signal: AbortSignal,
): Promise<ClusterEvidence> {
  const [namespace, version, nodes] = await Promise.all([
    kube.get<{ metadata: { uid: string } }>("/api/v1/namespaces/kube-system", signal),
    kube.get<{ gitVersion: string }>("/version", signal),
    kube.get<{ items: readonly Node[] }>("/api/v1/nodes", signal),
  ]);
  return {
    expectedUid,
    foundUid: namespace.metadata.uid,
    version: version.gitVersion,
    nodes: nodes.items.map(({ metadata, status }) => ({
      name: metadata.name,
      ready: status.conditions.some((one) => one.type === "Ready" && one.status === "True"),
    })),
  };
}

export function judgeCluster(
  { expectedUid, foundUid, version, nodes }: ClusterEvidence,
  stack: string,
): Verdict {
  const unready = nodes.filter(({ ready }) => !ready).map(({ name }) => name);
  const problems: Problem[] = [];
  if (foundUid !== expectedUid)
    problems.push({
      cause: `the kubeconfig leads to another cluster: UID ${foundUid}, recorded is ${expectedUid}`,
      action: `\`npm run init -- --stack ${stack} --kubeconfig FILE\` with the right cluster's kubeconfig`,
    });
  if (unready.length > 0)
    problems.push({
      cause: `not ready: node ${unready.join(", ")}`,
      action: "`kubectl describe node` tells why",
    });
  const recorded = foundUid === expectedUid ? ", as recorded" : "";
  return judged(
    [`Kubernetes ${version}, ${counted(nodes.length, "node")}, UID ${foundUid}${recorded}`],
    problems,
  );
}

/** A Prometheus as it answers. */
export interface PrometheusEvidence {
  readonly version: string;
  readonly started: string;
  readonly series: number;
}

export async function gatherPrometheus({ prometheus }: HubSite | MemberSite): Promise<PrometheusEvidence> {
  const asked = prometheus();
  const [build, runtime, tsdb] = await Promise.all([
    asked.get<{ version: string }>("status/buildinfo"),
    asked.get<{ startTime: string }>("status/runtimeinfo"),
    asked.get<{ headStats: { numSeries: number } }>("status/tsdb", { limit: "1" }),
  ]);
  return { version: build.version, started: runtime.startTime, series: tsdb.headStats.numSeries };
}

export const judgePrometheus = ({ version, started, series }: PrometheusEvidence): Verdict =>
  judged([`Prometheus ${version}, up since ${started}, ${series} series`], []);

/** Whether a server answers each of its users. */
export interface AnswersEvidence {
  readonly users: readonly { readonly name: string; readonly seen?: string; readonly error?: string }[];
}

async function asked(name: string, ask: () => Promise<string>): Promise<AnswersEvidence["users"][number]> {
  try {
    return { name, seen: await ask() };
  } catch (error) {
    return { name, error: messageOf(error) };
  }
}

/** Asks MinIO as its administrator for what lies in the bucket of models. */
export async function gatherStore(bucket: Bucket): Promise<AnswersEvidence> {
  const ask = async (): Promise<string> => {
    const page = await bucket.calls.xml({
      operation: "ListBuckets",
      method: "GET",
      path: "/",
    });
    const names = page.children.find(({ name }) => name === "Buckets")?.children.length ?? 0;
    return counted(names, "bucket");
  };
  return { users: [await asked("administrator", ask)] };
}

/** Asks MLflow as each stack's own user. */
export async function gatherRegistry(
  registries: readonly { readonly name: string; readonly registry: Registry }[],
): Promise<AnswersEvidence> {
  return {
    users: await Promise.all(
      registries.map(({ name, registry: { exchange, mlflow } }) =>
        asked(name, async () => {
          const models = await mlflow.models();
          const { status, text } = await exchange("GET", "/version");
          const version = status === 200 && /^[\w.]{1,20}$/.test(text) ? `MLflow ${text}, ` : "";
          return `${version}${counted(models.length, "registered model")}`;
        }),
      ),
    ),
  };
}

/** A server is well when it answers every user. */
export function judgeAnswers({ users }: AnswersEvidence, server: string, action: string): Verdict {
  return judged(
    users.flatMap(({ name, seen }) => (seen === undefined ? [] : [`${seen} as ${name}`])),
    users.flatMap(({ name, error }) =>
      error === undefined ? [] : [{ cause: `${server} does not answer ${name}: ${error}`, action }],
    ),
  );
}
