import { isDeepStrictEqual } from "node:util";
import { isTree, listAt, numberAt, stringAt, treeAt, valueAt, type Tree } from "../properties";
import { groupOf, type Kind } from "./objects";

/** Whether an object does what it was made for: yes, not yet (why), or it never will (why). */
export type Readiness =
  | { readonly state: "ready" }
  | { readonly state: "waiting"; readonly reason: string }
  | { readonly state: "failed"; readonly reason: string };

/** What else decides about the kinds whose own status does not say it all. */
export interface Surroundings {
  /** Service: its EndpointSlices. */
  readonly endpointSlices?: readonly Tree[];
  /** Service: milliseconds since its EndpointSlices last changed. */
  readonly settledFor?: number;
  /** PersistentVolumeClaim: `volumeBindingMode` of its class. */
  readonly bindingMode?: string;
}

/** Milliseconds after which a Service that selects no pod at all counts as ready: its pods come later. */
export const endpointsSettle = 3_000;

const ready: Readiness = { state: "ready" };
const waiting = (reason: string): Readiness => ({ state: "waiting", reason });
const failed = (reason: string): Readiness => ({ state: "failed", reason });
const readyWhen = (condition: boolean, reason: string): Readiness => (condition ? ready : waiting(reason));

type Decide = (live: Tree, surroundings: Surroundings) => Readiness;

const deciders: Readonly<Record<string, Decide>> = {
  "apps/DaemonSet": daemonSet,
  "apps/Deployment": deployment,
  "apps/StatefulSet": statefulSet,
  "apiextensions.k8s.io/CustomResourceDefinition": (live) =>
    readyWhen(isTrue(condition(live, "Established")), "the definition is not established"),
  "batch/Job": job,
  "/Namespace": (live) => readyWhen(phase(live) === "Active", `phase ${phase(live)}`),
  "/PersistentVolume": (live) =>
    readyWhen(["Available", "Bound"].includes(phase(live)), `phase ${phase(live)}`),
  "/PersistentVolumeClaim": claim,
  "/Pod": pod,
  "/ResourceQuota": (live) =>
    readyWhen(
      isDeepStrictEqual(valueAt(live, "status", "hard"), valueAt(live, "spec", "hard")),
      "not counted yet",
    ),
  "/Secret": (live) =>
    readyWhen(
      stringAt(live, "type") !== "kubernetes.io/service-account-token" ||
        Object.keys(treeAt(live, "data")).length > 0,
      "no token yet",
    ),
  "/Service": service,
};

/** Kinds that are judged again whenever they are read, as the official provider does. */
const judgedOnRead = [
  "apps/DaemonSet",
  "apps/Deployment",
  "apps/StatefulSet",
  "batch/Job",
  "/Pod",
  "/Service",
];

/** Judges an object; kinds that are ready as soon as they exist always are. */
export function readiness(kind: Kind, live: Tree, surroundings: Surroundings = {}): Readiness {
  return deciders[keyOf(kind)]?.(live, surroundings) ?? ready;
}

/** True for kinds a create or update waits for. */
export function isAwaited(kind: Kind): boolean {
  return keyOf(kind) in deciders;
}

/** True for kinds whose readiness a read reports. */
export function isJudgedOnRead(kind: Kind): boolean {
  return judgedOnRead.includes(keyOf(kind));
}

function deployment(live: Tree): Readiness {
  if (!isObserved(live)) return waiting("the controller has not seen it yet");
  const wanted = wantedReplicas(live);
  const [updated, available, all] = counts(live, "updatedReplicas", "availableReplicas", "replicas");
  const progressing = condition(live, "Progressing");
  if (progressing !== undefined && !isTrue(progressing)) return waiting(explain(progressing));
  if (updated < wanted) return waiting(`${updated} of ${wanted} replicas are of the new revision`);
  if (all > updated) return waiting(`${all - updated} replicas of the old revision are still there`);
  const notAvailable = condition(live, "Available");
  if (available < wanted)
    return waiting(
      `${available} of ${wanted} replicas are available` +
        (notAvailable === undefined || isTrue(notAvailable) ? "" : `: ${explain(notAvailable)}`),
    );
  return ready;
}

function statefulSet(live: Tree): Readiness {
  if (!isObserved(live)) return waiting("the controller has not seen it yet");
  const wanted = wantedReplicas(live);
  const [all, current, readyReplicas] = counts(live, "replicas", "currentReplicas", "readyReplicas");
  if (all !== wanted || readyReplicas !== wanted)
    return waiting(`${readyReplicas} of ${wanted} replicas are ready`);
  const byHand = stringAt(live, "spec", "updateStrategy", "type") === "OnDelete";
  if (byHand && numberAt(live, "metadata", "generation") > 1) return ready;
  const [from, to] = [
    stringAt(live, "status", "currentRevision"),
    stringAt(live, "status", "updateRevision"),
  ];
  return readyWhen(
    from !== "" && from === to && current === wanted,
    `rolling from revision ${from} to ${to}`,
  );
}

function daemonSet(live: Tree): Readiness {
  if (!isObserved(live)) return waiting("the controller has not seen it yet");
  const [wanted, updated, available, readyPods] = counts(
    live,
    "desiredNumberScheduled",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberReady",
  );
  if (updated < wanted) return waiting(`${updated} of ${wanted} nodes run the new revision`);
  return readyWhen(
    Math.min(available, readyPods) >= wanted,
    `${available} of ${wanted} nodes have it available`,
  );
}

function job(live: Tree): Readiness {
  const failure = condition(live, "Failed");
  if (isTrue(failure)) return failed(explain(failure));
  const [active, succeeded, broken] = counts(live, "active", "succeeded", "failed");
  return readyWhen(
    isTrue(condition(live, "Complete")),
    `active ${active}, succeeded ${succeeded}, failed ${broken}`,
  );
}

function pod(live: Tree): Readiness {
  if (phase(live) === "Failed") return failed(stringAt(live, "status", "message") || "the pod failed");
  const condition_ = condition(live, "Ready");
  return readyWhen(
    phase(live) === "Succeeded" || isTrue(condition_),
    explain(condition_) || `phase ${phase(live)}`,
  );
}

function claim(live: Tree, { bindingMode }: Surroundings): Readiness {
  const pending = phase(live) === "Pending" && bindingMode === "WaitForFirstConsumer";
  return readyWhen(phase(live) === "Bound" || pending, `phase ${phase(live)}`);
}

function service(live: Tree, { endpointSlices = [], settledFor = 0 }: Surroundings): Readiness {
  const type = stringAt(live, "spec", "type");
  if (type === "ExternalName") return ready;
  if (type === "LoadBalancer" && listAt(live, "status", "loadBalancer", "ingress").length === 0)
    return waiting("no address was allocated; does the cluster have load balancers?");
  const selects = Object.keys(treeAt(live, "spec", "selector")).length > 0;
  if (!selects || stringAt(live, "spec", "clusterIP") === "None") return ready;
  const endpoints = endpointSlices.flatMap((slice) => listAt(slice, "endpoints"));
  const pending = endpoints.filter((endpoint) => valueAt(endpoint, "conditions", "ready") === false);
  if (pending.length > 0)
    return waiting(`${pending.length} of ${endpoints.length} selected pods are not ready`);
  if (endpoints.length > 0) return ready;
  return readyWhen(
    endpointSlices.length > 0 && settledFor >= endpointsSettle,
    "it selects no pods: they may be missing, or '.spec.selector' may not match their labels",
  );
}

function keyOf(kind: Kind): string {
  return `${groupOf(kind.apiVersion)}/${kind.kind}`;
}

function isObserved(live: Tree): boolean {
  const generation = numberAt(live, "metadata", "generation");
  return generation > 0 && numberAt(live, "status", "observedGeneration") >= generation;
}

function wantedReplicas(live: Tree): number {
  const replicas = valueAt(live, "spec", "replicas");
  return typeof replicas === "number" ? replicas : 1;
}

function counts<Names extends readonly string[]>(
  live: Tree,
  ...names: Names
): { [Index in keyof Names]: number } {
  return names.map((name) => numberAt(live, "status", name)) as { [Index in keyof Names]: number };
}

function phase(live: Tree): string {
  return stringAt(live, "status", "phase");
}

function condition(live: Tree, type: string): Tree | undefined {
  return listAt(live, "status", "conditions")
    .filter(isTree)
    .find((candidate) => candidate.type === type);
}

function isTrue(condition: Tree | undefined): boolean {
  return condition?.status === "True";
}

function explain(condition: Tree | undefined): string {
  const [reason, message] = [stringAt(condition, "reason"), stringAt(condition, "message")];
  return reason === "" ? message : `[${reason}] ${message}`;
}
