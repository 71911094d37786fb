import type { z } from "zod";
import { DEFAULT_NODE_PORTS } from "./alertingSchema";
import * as fields from "./fields";
import { list } from "./fields";
import { DEFAULTS } from "./schema";
import { type KeyPath, keyOf, type Problem, shown, valueAt } from "./problems";
import { asPrometheusSize, durationMilliseconds, kubernetesBytes, prometheusBytes } from "./quantities";

/** Port of the node exporter on hosts outside Kubernetes. */
const HOST_NODE_EXPORTER_PORT = 9100;

/** Share of a claim that the TSDB's blocks may fill; the rest is for the WAL, the head and compaction. */
const RETENTION_SHARE = 0.8;

/** One object of settings under check: parts that are wrong by themselves read as undefined, so that no error is told twice. */
class Subject {
  public constructor(
    readonly root: string,
    private readonly raw: unknown,
  ) {}

  public read<Schema extends z.ZodType>(schema: Schema, ...path: KeyPath): z.output<Schema> | undefined {
    const parsed = schema.safeParse(valueAt(this.raw, path));
    return parsed.success ? parsed.data : undefined;
  }

  public has(...path: KeyPath): boolean {
    return valueAt(this.raw, path) !== undefined;
  }

  public length(...path: KeyPath): number {
    const value = valueAt(this.raw, path);
    return Array.isArray(value) ? value.length : 0;
  }

  public problem(path: KeyPath, message: string): Problem {
    const value = valueAt(this.raw, path);
    const key = keyOf(this.root, path);
    return value === undefined ? { key, message } : { key, value: shown(value), message };
  }
}

/** Every value of `list[*].field` but the first of each must differ. */
function duplicates(
  subject: Subject,
  list: string,
  field: string | undefined,
  schema: z.ZodType<string>,
): Problem[] {
  const path = list.split(".");
  const first = new Map<string, string>();
  return Array.from({ length: subject.length(...path) }).flatMap((_, index) => {
    const at = [...path, index, ...(field === undefined ? [] : [field])];
    const value = subject.read(schema, ...at);
    if (value === undefined) return [];
    const earlier = first.get(value);
    if (earlier !== undefined) return [subject.problem(at, `must differ from ${earlier}`)];
    first.set(value, keyOf(subject.root, at));
    return [];
  });
}

function retention(subject: Subject): Problem[] {
  const sizePath = ["prometheus", "retention", "size"];
  const size = subject.read(fields.prometheusSize.default(DEFAULTS.retentionSize), ...sizePath);
  const claim = subject.read(
    fields.storageSize.default(DEFAULTS.storageSize),
    "prometheus",
    "storage",
    "size",
  );
  if (size === undefined || claim === undefined) return [];
  const most = (kubernetesBytes(claim) ?? 0) * RETENTION_SHARE;
  if ((prometheusBytes(size) ?? 0) <= most) return [];
  const allowed = `must be at most 80 % of prometheus.storage.size (${claim}), that is ${asPrometheusSize(most)}`;
  const key = subject.problem(sizePath, allowed);
  return [key.value === undefined ? { ...key, value: shown(size) } : key];
}

/** Requests above limits are refused by the API server only after other objects exist. */
function resources(subject: Subject): Problem[] {
  const amounts = [
    { name: "cpu", schema: fields.cpu },
    { name: "memory", schema: fields.memory },
  ] as const;
  return amounts.flatMap(({ name, schema }) => {
    const path = ["prometheus", "resources", "requests", name];
    const request = subject.read<z.ZodType<string>>(schema.prefault(DEFAULTS.requests[name]), ...path);
    const limit = subject.read<z.ZodType<string>>(
      schema.prefault(DEFAULTS.limits[name]),
      "prometheus",
      "resources",
      "limits",
      name,
    );
    if (request === undefined || limit === undefined || amount(request) <= amount(limit)) return [];
    return [subject.problem(path, `must be at most resources.limits.${name} (${limit})`)];
  });
}

function amount(quantity: string): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) / 1000 : (kubernetesBytes(quantity) ?? 0);
}

/** The declared node exporter listens on every node's own network, where a host's exporter may have the port already. */
function nodeExporterPort(subject: Subject): Problem[] {
  const path = ["kubernetes", "nodeExporter", "port"];
  const port = subject.read(fields.port.default(DEFAULTS.nodeExporterPort), ...path);
  if (port !== HOST_NODE_EXPORTER_PORT || subject.has("kubernetes", "nodeExporter", "existing")) return [];
  const nodes = new Set(
    Array.from({ length: subject.length("kubernetes", "nodes") }, (_, index) =>
      subject.read(fields.ipv4, "kubernetes", "nodes", index, "address"),
    ),
  );
  const taken = Array.from({ length: subject.length("hosts") }, (_, index) => index).find((index) => {
    const address = subject.read(fields.ipv4, "hosts", index, "address");
    const roles = subject.read(fields.anyList, "hosts", index, "roles");
    return address !== undefined && nodes.has(address) && roles?.includes("node") === true;
  });
  if (taken === undefined) return [];
  const host = keyOf(subject.root, ["hosts", taken]);
  return [
    subject.problem(path, `must be another port: ${host} has a node exporter there on the same machine`),
  ];
}

/** Where GPUs are measured, how many there must be is not to be guessed: fewer are an alert. */
function gpuCount(subject: Subject): Problem[] {
  const measured =
    subject.has("kubernetes", "dcgmExporter") ||
    Array.from({ length: subject.length("hosts") }, (_, index) =>
      subject.read(fields.anyList, "hosts", index, "roles"),
    ).some((roles) => roles?.includes("dcgm") === true);
  if (!measured || subject.has("inventory", "gpus")) return [];
  return [
    subject.problem(
      ["inventory", "gpus"],
      "is missing: DCGM measures GPUs here, so say how many there are; fewer are an alert",
    ),
  ];
}

/** A node port leads to one Service. */
function alertmanagerPorts(subject: Subject): Problem[] {
  const port = subject.read(fields.nodePort, "prometheus", "expose", "nodePort");
  const path = ["alerting", "expose", "nodePorts"];
  const usual = subject.has("alerting", "expose") ? [] : DEFAULT_NODE_PORTS;
  const ports = subject.read(list(fields.nodePort, "node ports").default(usual), ...path) ?? [];
  if (port === undefined || !ports.includes(port)) return [];
  const problem = subject.problem(path, "must differ from prometheus.expose.nodePort");
  return [problem.value === undefined ? { ...problem, value: shown(ports) } : problem];
}

function remoteWrites(subject: Subject): Problem[] {
  if (subject.has("prometheus", "existingSecrets")) return [];
  return Array.from({ length: subject.length("prometheus", "remoteWrite") }).flatMap((_, index) => {
    const path = ["prometheus", "remoteWrite", index, "credentials"];
    const message = "must be absent: such files come from prometheus.existingSecrets, which is not set";
    return subject.has(...path) ? [subject.problem(path, message)] : [];
  });
}

function namespaces(subject: Subject): Problem[] {
  const main = subject.read(fields.namespaceName.default(DEFAULTS.namespace), "namespace");
  const agents = subject.read(fields.namespaceName.default(DEFAULTS.agentsNamespace), "agentsNamespace");
  if (main === undefined || main !== agents) return [];
  return [
    subject.problem(["agentsNamespace"], `must differ from namespace (${main}): node agents need host paths`),
  ];
}

/** What one value alone can not tell, for both roles' objects. `raw` is what the stack file says, checked or not. */
export function siteProblems(root: string, raw: unknown): readonly Problem[] {
  const subject = new Subject(root, raw);
  return [
    ...retention(subject),
    ...resources(subject),
    ...duplicates(subject, "prometheus.remoteWrite", "name", fields.clusterName),
    ...duplicates(subject, "prometheus.existingSecrets", undefined, fields.kubernetesName),
    ...remoteWrites(subject),
    ...namespaces(subject),
    ...duplicates(subject, "kubernetes.nodes", "name", fields.kubernetesName),
    ...duplicates(subject, "kubernetes.nodes", "address", fields.ipv4),
    ...duplicates(subject, "kubernetes.apiServer.addresses", undefined, fields.ipv4),
    ...nodeExporterPort(subject),
    ...duplicates(subject, "hosts", "name", fields.kubernetesName),
    ...duplicates(subject, "hosts", "address", fields.ipv4),
    ...gpuCount(subject),
    ...duplicates(subject, "alerting.receivers", "name", fields.receiverName),
    ...duplicates(subject, "alerting.hubAlertmanagers", undefined, fields.hostPort),
  ];
}

/** The same for what only a hub has; `cluster` is its own name. */
export function hubProblems(root: string, raw: unknown, cluster: string | undefined): readonly Problem[] {
  const subject = new Subject(root, raw);
  return [
    ...alertmanagerPorts(subject),
    ...duplicates(subject, "members", "cluster", fields.clusterName),
    ...duplicates(subject, "members", "url", fields.httpsUrl),
    ...Array.from({ length: subject.length("members") }).flatMap((_, index) => {
      const own = ["members", index, "cluster"];
      const name = subject.read(fields.memberName, ...own);
      return [
        ...(name !== undefined && name === cluster
          ? [subject.problem(own, "must be another cluster than the hub's own (federation:cluster)")]
          : []),
        ...intervals(subject, ["members", index, "intervals"]),
      ];
    }),
  ];
}

function intervals(subject: Subject, path: KeyPath): Problem[] {
  const health = subject.read(fields.duration.default(DEFAULTS.intervals.health), ...path, "health");
  const detail = subject.read(fields.duration.default(DEFAULTS.intervals.detail), ...path, "detail");
  if (health === undefined || detail === undefined) return [];
  if ((durationMilliseconds(health) ?? 0) <= (durationMilliseconds(detail) ?? 0)) return [];
  const problem = subject.problem([...path, "health"], `must be at most intervals.detail (${detail})`);
  return [problem.value === undefined ? { ...problem, value: shown(health) } : problem];
}
