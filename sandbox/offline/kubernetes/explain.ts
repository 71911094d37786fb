import { isTree, listAt, numberAt, stringAt, treeAt, valueAt, type Tree } from "../properties";
import type { Cluster } from "./cluster";
import type { Discovery } from "./discovery";
import { namespaceOf, nameOf } from "./objects";

/** Log lines quoted of each container that does not run. */
const logLines = 10;
/** Pods and events quoted at most, so that a broken rollout does not fill the screen. */
const mostPods = 3;
const mostEvents = 5;

/** What a person would look at next when an object is not ready: its pods, their containers' last words, warnings. */
export async function explainTrouble(cluster: Cluster, discovery: Discovery, live: Tree): Promise<string[]> {
  try {
    const pods = (await podsOf(cluster, discovery, live)).filter((pod) => troublesOf(pod).length > 0);
    const shown = pods.slice(0, mostPods);
    const logs = await Promise.all(shown.map((pod) => lastWords(cluster, discovery, pod)));
    const told = shown.flatMap((pod, index) => [...troublesOf(pod), ...(logs[index] ?? [])]);
    const more = pods.length > shown.length ? [`and ${pods.length - shown.length} more pods`] : [];
    return [...told, ...more, ...(await warnings(cluster, discovery, [live, ...shown]))];
  } catch (error) {
    return [
      `its pods and events could not be read: ${error instanceof Error ? error.message : String(error)}`,
    ];
  }
}

/** What the status of one pod shows to be wrong: conditions that do not hold, containers that wait or ended badly. */
export function troublesOf(pod: Tree): string[] {
  if (["Succeeded"].includes(stringAt(pod, "status", "phase"))) return [];
  const name = `Pod ${namespaceOf(pod)}/${nameOf(pod)}`;
  const conditions = listAt(pod, "status", "conditions")
    .filter((condition) => stringAt(condition, "status") === "False" && stringAt(condition, "message") !== "")
    .map((condition) => `${name}: [${stringAt(condition, "reason")}] ${stringAt(condition, "message")}`);
  const containers = containersOf(pod).flatMap((status) =>
    containerTroubles(status).map((trouble) => `${name}: container ${stringAt(status, "name")}: ${trouble}`),
  );
  return [...new Set([...conditions, ...containers])];
}

function containerTroubles(status: Tree): string[] {
  const wait = treeAt(status, "state", "waiting");
  const waits = stringAt(wait, "reason");
  const ended = [treeAt(status, "state", "terminated"), treeAt(status, "lastState", "terminated")].filter(
    (state) => numberAt(state, "exitCode") !== 0,
  );
  return [
    ...(waits === "" || waits === "ContainerCreating" || waits === "PodInitializing"
      ? []
      : [`[${waits}] ${stringAt(wait, "message")}`]),
    ...ended.map((state) =>
      `[${stringAt(state, "reason")}] exit code ${numberAt(state, "exitCode")} ${stringAt(state, "message")}`.trim(),
    ),
  ];
}

function containersOf(pod: Tree): Tree[] {
  return [
    ...listAt(pod, "status", "initContainerStatuses"),
    ...listAt(pod, "status", "containerStatuses"),
  ].filter(isTree);
}

async function podsOf(cluster: Cluster, discovery: Discovery, live: Tree): Promise<readonly Tree[]> {
  if (live.kind === "Pod") return [live];
  const labels =
    live.kind === "Service"
      ? treeAt(live, "spec", "selector")
      : treeAt(live, "spec", "selector", "matchLabels");
  if (Object.keys(labels).length === 0) return [];
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(",");
  const path = await discovery.path({ apiVersion: "v1", kind: "Pod" }, namespaceOf(live));
  return cluster.list(path, { labelSelector });
}

async function lastWords(cluster: Cluster, discovery: Discovery, pod: Tree): Promise<string[]> {
  const path = await discovery.path({ apiVersion: "v1", kind: "Pod" }, namespaceOf(pod), nameOf(pod));
  const bad = containersOf(pod).filter((status) => containerTroubles(status).length > 0);
  const quoted = await Promise.all(
    bad.map(async (status) => {
      const container = stringAt(status, "name");
      const previous = valueAt(status, "state", "terminated") === undefined;
      const query = { container, tailLines: String(logLines), ...(previous ? { previous: "true" } : {}) };
      const text = await cluster.text({ method: "GET", path: `${path}/log`, query }).catch(() => "");
      return text.trim() === "" ? [] : [`last log lines of ${nameOf(pod)} (${container}):\n${text.trim()}`];
    }),
  );
  return quoted.flat();
}

async function warnings(cluster: Cluster, discovery: Discovery, objects: readonly Tree[]): Promise<string[]> {
  const [first] = objects;
  if (first === undefined || namespaceOf(first) === "") return [];
  const path = await discovery.path({ apiVersion: "v1", kind: "Event" }, namespaceOf(first));
  const uids = objects.map((object) => stringAt(object, "metadata", "uid"));
  const events = (await cluster.list(path, { fieldSelector: "type=Warning" })).filter((event) =>
    uids.includes(stringAt(event, "involvedObject", "uid")),
  );
  return events
    .slice(-mostEvents)
    .map(
      (event) =>
        `event on ${stringAt(event, "involvedObject", "kind")} ${stringAt(event, "involvedObject", "name")}: ` +
        `[${stringAt(event, "reason")}] ${stringAt(event, "message")}`,
    );
}
