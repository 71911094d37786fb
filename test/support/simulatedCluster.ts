import type {
  KubeObject,
  Kubernetes,
  WatchEvent,
} from "../../workloads/benchmark/driver/stopwatch/kubernetes";
import type { Phase } from "../../workloads/benchmark/result";
import { startInferenceServer, type Behaviour, type RunningServer } from "./inferenceServer";

/** Milliseconds from one phase of a pod's start to the next. */
export interface StartDelays {
  readonly created: number;
  readonly scheduled: number;
  readonly image: number;
  readonly model: number;
  readonly ready: number;
  readonly inRotation: number;
}

/** A start as it really was: timers of a busy machine are late. */
export interface RealStart {
  /** When it was asked for, on the clock of `performance.now`. */
  readonly beganMs: number;
  /** When each phase was told. */
  readonly toldMs: Map<Phase, number>;
  /** What serves from the moment of rotation on. */
  server?: Promise<RunningServer>;
}

/** Seconds from the wish for a start to the end of the first answer that its server gave. */
export async function secondsOf({ beganMs, server }: RealStart): Promise<number> {
  const first = (await server)?.server.log[0];
  return ((first?.endedMs ?? NaN) - beganMs) / 1000;
}

type Labels = Readonly<Record<string, string>>;
interface Template {
  readonly metadata: { readonly labels: Labels };
}
export interface Applied extends KubeObject {
  readonly spec: { readonly replicas: number; readonly template: Template };
}
interface Patch {
  readonly spec?: { readonly replicas: number };
  readonly metadata?: { readonly annotations: Readonly<Record<string, string | null>> };
}

interface Watcher {
  readonly kind: string;
  readonly wants: (object: KubeObject) => boolean;
  readonly seen: (event: WatchEvent) => void;
}

/** Label of an EndpointSlice that names its Service. */
const SERVICE = "kubernetes.io/service-name";

/** Whether an object is one of those that a list or a watch asks for by its labels or its name. */
function selected(path: string): (object: KubeObject) => boolean {
  const asked = new URLSearchParams(path.split("?")[1]);
  const labels = (asked.get("labelSelector") ?? "").split(",").filter((one) => one !== "");
  const name = /^metadata\.name=(.+)$/.exec(asked.get("fieldSelector") ?? "")?.[1];
  return ({ metadata }) =>
    (name === undefined || metadata.name === name) &&
    labels.every((one) => {
      const [label = "", value] = one.split("=");
      const own = metadata.labels?.[label];
      return value === undefined ? own !== undefined : own === value;
    });
}

const kindOf = (path: string): string =>
  /\/(pods|deployments|services|endpointslices|horizontalpodautoscalers)\b/.exec(path)?.[1] ?? path;
const nameIn = (path: string): string => /\/[a-z]+\/([^/?]+)(?:\/scale)?$/.exec(path)?.[1] ?? "";

/**
 * A cluster of one Deployment that starts pods with known delays, and a Service on a port of 127.0.0.1 that answers as
 * long as a pod is in rotation and refuses connections otherwise.
 */
export class SimulatedCluster implements Kubernetes {
  /** What the driver asked to change, in order. */
  readonly calls: string[] = [];
  readonly starts: RealStart[] = [];
  private readonly objects = new Map<string, Map<string, KubeObject>>();
  private readonly watchers = new Set<Watcher>();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** What answers for all pods in rotation together. */
  protected server: Promise<RunningServer> | undefined;
  private pods = 0;
  /** Deployment of each pod that was asked for, and the pods in rotation. */
  private readonly owners = new Map<string, string>();
  protected readonly ready = new Set<string>();

  constructor(
    private readonly delays: StartDelays,
    private readonly behaviour: Behaviour,
    /** Where the Service listens. */
    readonly port: number,
  ) {
    const labels = { app: "model" };
    this.put("deployments", {
      metadata: { name: "model", labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { initContainers: [{ name: "fetch" }], containers: [] } },
      },
    } as KubeObject);
    this.put("services", { metadata: { name: "model" }, spec: { ports: [{ port }] } } as KubeObject);
  }

  private of(kind: string): Map<string, KubeObject> {
    const known = this.objects.get(kind) ?? new Map<string, KubeObject>();
    this.objects.set(kind, known);
    return known;
  }

  private tell(kind: string, type: WatchEvent["type"], object: KubeObject): void {
    for (const { kind: wanted, wants, seen } of this.watchers)
      if (wanted === kind && wants(object)) seen({ type, object });
  }

  protected put(kind: string, object: KubeObject): void {
    const { name } = object.metadata;
    const type = this.of(kind).has(name) ? "MODIFIED" : "ADDED";
    this.of(kind).set(name, object);
    this.tell(kind, type, object);
  }

  private after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
  }

  /** Names of all objects of a kind. */
  names(kind: string): readonly string[] {
    return [...this.of(kind).keys()];
  }

  get(path: string): Promise<unknown> {
    const found = this.of(kindOf(path));
    if (path.includes("?"))
      return Promise.resolve({
        metadata: { resourceVersion: "1" },
        items: [...found.values()].filter(selected(path)),
      });
    const object = found.get(nameIn(path));
    return object === undefined
      ? Promise.reject(new Error(`GET ${path} answered 404`))
      : Promise.resolve(object);
  }

  create(path: string, body: object): Promise<void> {
    const object = body as Applied;
    this.calls.push(`create ${kindOf(path)} ${object.metadata.name}`);
    this.put(kindOf(path), object);
    if (kindOf(path) === "deployments" && object.spec.replicas > 0) this.startPod(object);
    return Promise.resolve();
  }

  patch(path: string, body: object): Promise<void> {
    const deployment = this.of("deployments").get(nameIn(path)) as Applied;
    const { spec, metadata } = body as Patch;
    if (metadata !== undefined) this.annotate(deployment, metadata.annotations);
    if (spec !== undefined) this.scale(deployment, spec.replicas);
    return Promise.resolve();
  }

  private annotate(deployment: Applied, changed: Readonly<Record<string, string | null>>): void {
    const { name } = deployment.metadata;
    this.calls.push(
      ...Object.entries(changed).map(([key, value]) => `annotate ${name} ${key} ${value ?? "(removed)"}`),
    );
    const annotations = Object.fromEntries(
      Object.entries({ ...deployment.metadata.annotations, ...changed }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      ),
    );
    const annotated = { ...deployment, metadata: { ...deployment.metadata, annotations } };
    this.put("deployments", annotated);
  }

  private scale(deployment: Applied, replicas: number): void {
    const { name } = deployment.metadata;
    this.calls.push(`scale ${name} ${replicas}`);
    const scaled = { ...deployment, spec: { ...deployment.spec, replicas } };
    this.put("deployments", scaled);
    const own = [...this.owners].filter(([, owner]) => owner === name).map(([pod]) => pod);
    for (const pod of own.slice(replicas)) void this.endPod(pod);
    for (let missing = replicas - own.length; missing > 0; missing--) this.startPod(scaled);
  }

  async remove(path: string): Promise<void> {
    const [kind, name] = [kindOf(path), nameIn(path)];
    this.calls.push(`remove ${kind} ${name}`);
    if (kind !== "pods") {
      this.of(kind).delete(name);
      if (kind === "deployments") {
        this.timers.forEach(clearTimeout);
        for (const pod of this.names("pods")) await this.endPod(pod);
      }
      return;
    }
    // a Deployment makes up for a lost pod at once
    const owner = this.of("deployments").get(this.owners.get(name) ?? "");
    if (owner !== undefined) this.startPod(owner as Applied);
    await this.endPod(name);
  }

  watch(path: string, seen: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
    const watcher = { kind: kindOf(path), wants: selected(path), seen };
    for (const object of this.of(watcher.kind).values())
      if (watcher.wants(object)) seen({ type: "ADDED", object });
    this.watchers.add(watcher);
    return new Promise((resolve) =>
      signal.addEventListener("abort", () => {
        this.watchers.delete(watcher);
        resolve();
      }),
    );
  }

  /** Starts one more pod of a Deployment; each phase takes as long as `delays` say. */
  protected startPod(deployment: Applied, delays = this.delays): void {
    const name = `${deployment.metadata.name}-${++this.pods}`;
    this.owners.set(name, deployment.metadata.name);
    const metadata = { name, uid: name, labels: deployment.spec.template.metadata.labels };
    const start: RealStart = { beganMs: performance.now(), toldMs: new Map() };
    this.starts.push(start);
    const pod = (phase: Phase, status: object): void => {
      if (!this.owners.has(name)) return;
      start.toldMs.set(phase, performance.now());
      this.put("pods", { metadata, spec: { initContainers: [{ name: "fetch" }] }, status } as KubeObject);
    };
    const scheduled = [{ type: "PodScheduled", status: "True" }];
    const done = [{ state: { terminated: {} } }];
    const running = [{ state: { running: {} } }];
    const steps: [number, () => void][] = [
      [delays.created, () => pod("pod-created", {})],
      [delays.scheduled, () => pod("scheduled", { conditions: scheduled })],
      [delays.image, () => pod("image", { conditions: scheduled, initContainerStatuses: running })],
      [
        delays.model,
        () =>
          pod("model", {
            conditions: scheduled,
            initContainerStatuses: done,
            containerStatuses: running,
          }),
      ],
      [
        delays.ready,
        () =>
          pod("ready", {
            conditions: [...scheduled, { type: "Ready", status: "True" }],
            initContainerStatuses: done,
            containerStatuses: running,
          }),
      ],
      [delays.inRotation, () => this.rotate(name, start)],
    ];
    let at = 0;
    for (const [delay, act] of steps) this.after((at += delay), act);
  }

  private rotate(pod: string, start: RealStart): void {
    if (!this.owners.has(pod)) return;
    start.toldMs.set("in-rotation", performance.now());
    start.server = this.server ??= startInferenceServer(this.behaviour, this.port);
    this.ready.add(pod);
    this.endpoints();
  }

  /** Tells who is in rotation, a slice for each Deployment that ever had a pod there; its Service has the same name. */
  private endpoints(): void {
    const told = [...this.of("endpointslices").values()].map(
      ({ metadata }) => metadata.labels?.[SERVICE] ?? "",
    );
    for (const owner of new Set([...told, ...[...this.ready].map((name) => this.owners.get(name) ?? "")])) {
      const endpoints = [...this.ready]
        .filter((name) => this.owners.get(name) === owner)
        .map((name) => ({ conditions: { ready: true }, targetRef: { name } }));
      const metadata = { name: `${owner}-slice`, labels: { [SERVICE]: owner } };
      this.put("endpointslices", { metadata, endpoints } as KubeObject);
    }
  }

  protected async endPod(name: string): Promise<void> {
    this.owners.delete(name);
    const pod = this.of("pods").get(name);
    if (pod === undefined) return;
    this.ready.delete(name);
    this.endpoints();
    if (this.ready.size === 0) {
      const server = this.server;
      this.server = undefined;
      await (await server)?.close();
    }
    this.of("pods").delete(name);
    this.tell("pods", "DELETED", pod);
  }

  async close(): Promise<void> {
    this.timers.forEach(clearTimeout);
    await (await this.server)?.close();
  }
}
