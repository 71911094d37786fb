import { setTimeout as sleep } from "node:timers/promises";
import { listAt, stringAt, type Tree } from "../properties";
import { ApiError, UnreachableError, type Cluster } from "./cluster";
import type { Discovery } from "./discovery";
import { explainTrouble } from "./explain";
import { annotationOf, annotations, describe, isAnnotated, nameOf, namespaceOf, type Kind } from "./objects";
import { isAwaited, readiness, type Readiness, type Surroundings } from "./readiness";

/** Everything a wait needs. */
export interface Wait {
  readonly cluster: Cluster;
  readonly discovery: Discovery;
  readonly kind: Kind;
  /** The object as the last answer of the server had it. */
  readonly live: Tree;
  /** Inputs of the program: its annotations steer the wait. */
  readonly inputs: Tree;
  /** Seconds from `customTimeouts`; 0: none given. */
  readonly timeout: number;
  /** Tells what is waited for. */
  readonly report: (status: string) => void;
  readonly signal: AbortSignal;
}

/** How a wait ended: the object as it is now and, when it did not become ready, why. */
export interface Outcome {
  readonly live: Tree;
  readonly problems: readonly string[];
}

const defaultTimeout = 600;
const firstPause = 150;
const longestPause = 1_000;

/** Seconds to wait: `customTimeouts`, else the annotation, else ten minutes. */
export function timeoutSeconds(given: number, inputs: Tree): number {
  if (given > 0) return given;
  const annotated = Number.parseInt(annotationOf(inputs, annotations.timeoutSeconds), 10);
  return Number.isNaN(annotated) ? defaultTimeout : annotated;
}

/** Waits until an object is ready, has failed for good, or its time is over. */
export async function awaitReady(wait: Wait): Promise<Outcome> {
  if (!isAwaited(wait.kind) || isAnnotated(wait.inputs, annotations.skipAwait))
    return { live: wait.live, problems: [] };
  const seconds = timeoutSeconds(wait.timeout, wait.inputs);
  const deadline = Date.now() + seconds * 1_000;
  const watch = surroundingsOf(wait);
  let live = wait.live;
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    const judged = await watch(live).catch(transient);
    if (judged.state === "ready") return { live, problems: [] };
    if (judged.state === "failed") return { live, problems: await problems(wait, live, judged.reason) };
    wait.report(judged.reason);
    if (wait.signal.aborted) return { live, problems: ["the operation was cancelled", judged.reason] };
    if (Date.now() >= deadline) {
      const reason = `not ready after ${seconds} s: ${judged.reason}`;
      return { live, problems: await problems(wait, live, reason) };
    }
    await sleep(pause);
    const now = await readAgain(wait).catch(() => live);
    if (now === undefined) return { live, problems: ["it was deleted while it was waited for"] };
    live = now;
  }
}

/** Judges an object as it stands, without waiting. */
export async function judge(wait: Wait): Promise<Outcome> {
  const judged = await surroundingsOf(wait)(wait.live, Number.POSITIVE_INFINITY);
  if (judged.state === "ready") return { live: wait.live, problems: [] };
  return { live: wait.live, problems: await problems(wait, wait.live, judged.reason) };
}

/** Waits until an object is gone; throws an Error that tells what holds it when it stays. */
export async function awaitGone(wait: Wait): Promise<void> {
  const uid = stringAt(wait.live, "metadata", "uid");
  const seconds = timeoutSeconds(wait.timeout, wait.inputs);
  const deadline = Date.now() + seconds * 1_000;
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    const now = await readAgain(wait).catch(() => wait.live);
    if (now === undefined || (uid !== "" && stringAt(now, "metadata", "uid") !== uid)) return;
    const holders = listAt(now, "metadata", "finalizers").join(", ") || "none";
    wait.report(`waiting for deletion, finalizers ${holders}`);
    if (wait.signal.aborted || Date.now() >= deadline)
      throw new Error(`${describe(now)} is still there after ${seconds} s; finalizers: ${holders}`);
    await sleep(pause);
  }
}

/** A judge of one object that remembers since when the endpoints of a Service are what they are. */
function surroundingsOf(wait: Wait): (live: Tree, settledFor?: number) => Promise<Readiness> {
  let seen = "";
  let since = Date.now();
  return async (live, settledFor) => {
    const found = await surroundings(wait, live);
    const now = JSON.stringify(found.endpointSlices ?? []);
    if (now !== seen) [seen, since] = [now, Date.now()];
    return readiness(wait.kind, live, { ...found, settledFor: settledFor ?? Date.now() - since });
  };
}

async function surroundings({ cluster, discovery, kind }: Wait, live: Tree): Promise<Surroundings> {
  if (kind.kind === "Service" && kind.apiVersion === "v1") {
    const slices = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" };
    const path = await discovery.path(slices, namespaceOf(live));
    const labelSelector = `kubernetes.io/service-name=${nameOf(live)}`;
    return { endpointSlices: await cluster.list(path, { labelSelector }) };
  }
  const className = stringAt(live, "spec", "storageClassName");
  if (kind.kind !== "PersistentVolumeClaim" || className === "") return {};
  const path = await discovery.path({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass" }, "", className);
  const storageClass = await cluster.json({ method: "GET", path }).catch(() => ({}));
  return { bindingMode: stringAt(storageClass, "volumeBindingMode") };
}

/** A server that does not answer for a moment ends no wait. */
function transient(error: unknown): Readiness {
  if (error instanceof UnreachableError || error instanceof ApiError)
    return { state: "waiting", reason: error.message };
  throw error;
}

async function readAgain({ cluster, discovery, kind, live }: Wait): Promise<Tree | undefined> {
  try {
    return await cluster.json({
      method: "GET",
      path: await discovery.path(kind, namespaceOf(live), nameOf(live)),
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

async function problems({ cluster, discovery }: Wait, live: Tree, reason: string): Promise<string[]> {
  return [reason, ...(await explainTrouble(cluster, discovery, live))];
}
