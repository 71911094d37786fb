import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { until } from "../../sandbox/checks";
import { paths, repository } from "../../sandbox/paths";
import { endpoint, get, queryValue, targets, type Endpoint, type Side } from "../../sandbox/prometheus";
import { pulumiEnvironment } from "../../sandbox/pulumi";

export type Stack = "cloud" | "hpc";
export const stackOf: Readonly<Record<Side, Stack>> = { hub: "cloud", hpc: "hpc" };
export const sideOf: Readonly<Record<Stack, Side>> = { cloud: "hub", hpc: "hpc" };
export const namespace = "federation";
export const prometheusPod = "prometheus-0";

process.env.PATH = pulumiEnvironment().PATH;

/** A Kubernetes object as kubectl prints it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly generation?: number;
    readonly resourceVersion: string;
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
  readonly [field: string]: unknown;
}

export function kubectl(stack: Stack, args: readonly string[], input?: string): string {
  const run = spawnSync("kubectl", ["--kubeconfig", path.join(paths.kubeconfigs, stack), ...args], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
    ...(input === undefined ? {} : { input }),
  });
  if (run.status !== 0) throw new Error(`kubectl ${args.join(" ")} on ${stack}: ${run.stderr}`);
  return run.stdout;
}

export function getObject(stack: Stack, kind: string, name: string, inNamespace = namespace): KubeObject {
  return JSON.parse(
    kubectl(stack, ["get", kind, name, "-n", inNamespace, "-o", "json", "--show-managed-fields"]),
  ) as KubeObject;
}

/**
 * Writes fields of an object as the manager that owns them (Pulumi's), so that a fault planted by a test leaves no
 * second owner behind.
 */
export function applyAsOwner(
  stack: Stack,
  object: KubeObject,
  change: Readonly<Record<string, unknown>>,
): void {
  const owner = object.metadata.managedFields?.find(({ operation }) => operation === "Apply")?.manager;
  if (owner === undefined)
    throw new Error(`${object.kind} ${object.metadata.name} was not applied by anyone`);
  const { status, metadata, ...rest } = object;
  const { managedFields, uid, resourceVersion, generation, ...kept } = metadata;
  const changed = { ...rest, ...change, metadata: kept };
  kubectl(
    stack,
    ["apply", "--server-side", "--force-conflicts", `--field-manager=${owner}`, "-f", "-"],
    JSON.stringify(changed),
  );
}

export const endpoints = (): Record<Side, Endpoint> => ({ hub: endpoint("hub"), hpc: endpoint("hpc") });

export function scalePrometheus(stack: Stack, replicas: 0 | 1): void {
  kubectl(stack, ["scale", "statefulset", "prometheus", "-n", namespace, `--replicas=${replicas}`]);
}

/** The pod is ready, and its node port leads to it: kube-proxy hears of a ready pod a moment later. */
export async function prometheusReady(stack: Stack, seconds = 120): Promise<void> {
  await until(
    `Prometheus of ${stack} ready`,
    seconds,
    async () => {
      const pods = JSON.parse(kubectl(stack, ["get", "pods", "-n", namespace, "-o", "json"])) as {
        items: { metadata: { name: string }; status: { conditions?: { type: string; status: string }[] } }[];
      };
      const pod = pods.items.find(({ metadata }) => metadata.name === prometheusPod);
      const ready =
        pod?.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
      if (!ready) return [`pod ${prometheusPod} is not ready`];
      const { status } = await get(endpoint(sideOf[stack]), "/-/ready");
      return status === 200 ? [] : [`/-/ready answers ${status}`];
    },
    () => Promise.resolve(evidence(stack)),
  );
}

/**
 * Has the kubelet bring changed ConfigMaps and Secrets into Prometheus's pod now: any change of the pod object makes
 * it sync the pod. Else that happens within its period of a minute, which one test of its own waits for.
 */
export function nudge(stack: Stack): void {
  kubectl(stack, [
    "annotate",
    "pod",
    prometheusPod,
    "-n",
    namespace,
    "--overwrite",
    `test/nudge=${Date.now()}`,
  ]);
}

/**
 * The hub hears the member: the last scrape without an error, a fresh heartbeat, and `heartbeats` of them in the last
 * 65 seconds (there is one in 15).
 */
export async function federationHealthy(heartbeats = 1, seconds = 240): Promise<void> {
  const at = endpoint("hub");
  const heartbeat = 'fed_cluster:heartbeat:timestamp_seconds{cluster="hpc"}';
  await until(
    "the hub hears the member",
    seconds,
    async () => {
      const count = (await queryValue(at, `count_over_time(${heartbeat}[65s])`)) ?? 0;
      const age = (await queryValue(at, `time() - ${heartbeat}`)) ?? Infinity;
      const stale = await queryValue(at, 'fed_hub:heartbeat:stale{cluster="hpc"}');
      const health = (await targets(at)).find(({ labels }) => labels.job === "federate-health");
      return count >= heartbeats && age < 45 && stale === 0 && health?.lastError === ""
        ? []
        : [
            `${count} heartbeats, age ${age} s, stale ${stale ?? "unknown"}, last error: ${health?.lastError ?? "no target"}`,
          ];
    },
    () => Promise.resolve(evidence("cloud")),
  );
}

/** What a person would look at next: the pods, their recent events, Prometheus's last log lines. */
export function evidence(stack: Stack): string[] {
  const tries = [
    ["get", "pods", "-A", "-o", "wide"],
    ["get", "events", "-n", namespace, "--sort-by=.lastTimestamp"],
    ["logs", "-n", namespace, prometheusPod, "--tail=20"],
  ];
  return tries.flatMap((args) => {
    try {
      return [`--- kubectl ${args.join(" ")} (${stack})`, ...kubectl(stack, args).split("\n").slice(-25)];
    } catch (error) {
      return [String(error)];
    }
  });
}

export interface CliRun {
  readonly status: number | null;
  /** Standard output and error together. */
  readonly output: string;
}

/** The plain CLI in the sandbox's environment, whatever it ends with. */
export function pulumiRun(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input?: string,
): CliRun {
  const run = spawnSync("pulumi", [...args, "--non-interactive", "--color", "never"], {
    encoding: "utf8",
    env: { ...process.env, ...pulumiEnvironment(), ...environment },
    maxBuffer: 256 << 20,
    ...(input === undefined ? {} : { input }),
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

/** `pulumi up` that has to succeed. */
export function pulumiUp(stack: Stack, ...more: string[]): string {
  const { status, output } = pulumiRun(["up", "--yes", "--skip-preview", "--stack", stack, ...more]);
  if (status !== 0) throw new Error(`pulumi up of ${stack} ended with ${status}:\n${output}`);
  return output;
}

/** Runs the repository's own command under the sandbox's environment. */
export function command(script: string, ...args: string[]): CliRun {
  const run = spawnSync("tsx", [path.join(repository, script), ...args], {
    cwd: repository,
    encoding: "utf8",
    env: { ...process.env, ...pulumiEnvironment() },
    maxBuffer: 64 << 20,
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

type Config = Record<string, Record<string, unknown>>;

/** Changes the generated stack file of `stack`; returns what it held before. */
export function editStackFile(stack: Stack, change: (config: Config) => void): string {
  const file = path.join(paths.project, `Pulumi.${stack}.yaml`);
  const before = fs.readFileSync(file, "utf8");
  const parsed = yaml.parse(before) as { config: Config };
  change(parsed.config);
  fs.writeFileSync(file, yaml.stringify(parsed, { lineWidth: 0 }));
  return before;
}

/** Changes the generated stack file of `stack`, runs `work`, and puts the file back as it was. */
export async function withStackFile(
  stack: Stack,
  change: (config: Config) => void,
  work: () => Promise<void> | void,
): Promise<void> {
  const file = path.join(paths.project, `Pulumi.${stack}.yaml`);
  const before = editStackFile(stack, change);
  try {
    await work();
  } finally {
    fs.writeFileSync(file, before);
  }
}

/** UID, generation where the kind has one, and resourceVersion of kinds without status, of every object of ours. */
export function fingerprints(stack: Stack): Record<string, string> {
  const kinds = [
    "namespaces", "configmaps", "secrets", "services", "serviceaccounts", "persistentvolumeclaims", "statefulsets",
    "deployments", "daemonsets", "cronjobs", "horizontalpodautoscalers", "poddisruptionbudgets", "networkpolicies", "clusterroles", "clusterrolebindings", "roles", "rolebindings",
  ]; // prettier-ignore
  const withoutStatus = new Set([
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "NetworkPolicy",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
  ]);
  const list = JSON.parse(
    kubectl(stack, [
      "get",
      kinds.join(","),
      "-A",
      "-l",
      "app.kubernetes.io/part-of=federation",
      "-o",
      "json",
    ]),
  ) as { items: KubeObject[] };
  return Object.fromEntries(
    list.items.map(({ kind, metadata }) => [
      `${kind} ${metadata.namespace ?? ""}/${metadata.name}`,
      [
        metadata.uid,
        ...(metadata.generation === undefined ? [] : [`generation ${metadata.generation}`]),
        ...(withoutStatus.has(kind) ? [`version ${metadata.resourceVersion}`] : []),
      ].join(" "),
    ]),
  );
}
