import type { KubeObject } from "../../workloads/benchmark/driver/stopwatch/kubernetes";
import { SimulatedCluster, type Applied, type StartDelays } from "./simulatedCluster";
import type { Behaviour } from "./inferenceServer";

/** How an autoscaler sees load and answers it. */
export interface Autoscaling {
  readonly maxReplicas: number;
  /** Requests per second that a replica is to have at most. */
  readonly ratePerReplica: number;
  /** Age of what the autoscaler sees, milliseconds. */
  readonly metricMs: number;
  /** Milliseconds from the metric above its target to the decision. */
  readonly decisionMs: number;
}

const LOOK_MS = 100;
const atOnce: StartDelays = { created: 0, scheduled: 0, image: 0, model: 0, ready: 0, inRotation: 0 };

/** A simulated cluster whose autoscaler follows the rate at which requests arrive, from one replica up and back. */
export class ScalingCluster extends SimulatedCluster {
  private readonly rates: { readonly atMs: number; readonly rate: number }[] = [];
  /** Ends once the first replica serves. */
  readonly serving: Promise<void>;
  private desired = 1;
  private aboveSinceMs: number | undefined;
  private readonly clock: NodeJS.Timeout;

  constructor(
    private readonly autoscaling: Autoscaling,
    delays: StartDelays,
    behaviour: Behaviour,
    port: number,
  ) {
    super(delays, behaviour, port);
    this.tellAutoscaler(0);
    this.serving = this.startFirst();
    this.clock = setInterval(() => void this.look(), LOOK_MS);
  }

  private async startFirst(): Promise<void> {
    const rotated = new AbortController();
    const told = this.watch("/endpointslices", () => this.ready.size > 0 && rotated.abort(), rotated.signal);
    this.startPod(await this.deployment(), atOnce);
    await told;
    await this.server;
  }

  private async deployment(): Promise<Applied> {
    return (await this.get("/apis/apps/v1/namespaces/models/deployments/model")) as Applied;
  }

  /** What an autoscaler/v2 object says of itself. */
  private tellAutoscaler(rate: number): void {
    const { ratePerReplica } = this.autoscaling;
    const perReplica = rate / Math.max(1, this.ready.size);
    this.put("horizontalpodautoscalers", {
      metadata: { name: "model" },
      spec: { metrics: [{ pods: { target: { averageValue: String(ratePerReplica) } } }] },
      status: {
        desiredReplicas: this.desired,
        currentMetrics: [{ pods: { current: { averageValue: perReplica.toFixed(3) } } }],
      },
    } as KubeObject);
  }

  private async look(): Promise<void> {
    const { ratePerReplica, maxReplicas, metricMs, decisionMs } = this.autoscaling;
    const nowMs = performance.now();
    const server = (await this.server)?.server;
    this.rates.push({ atMs: nowMs, rate: server?.activity.at(nowMs).rate ?? 0 });
    const seen = this.rates.findLast(({ atMs }) => atMs <= nowMs - metricMs)?.rate ?? 0;
    const wanted = Math.min(maxReplicas, Math.max(1, Math.ceil(seen / ratePerReplica)));
    this.aboveSinceMs = wanted > this.desired ? (this.aboveSinceMs ?? nowMs) : undefined;
    const grow = this.aboveSinceMs !== undefined && nowMs - this.aboveSinceMs >= decisionMs;
    if (grow) await this.scaleUp(wanted);
    this.desired = Math.min(this.desired, wanted);
    // the newest go first; one that still starts goes as soon as it serves
    for (const pod of [...this.ready].slice(this.desired).reverse()) await this.endPod(pod);
    this.tellAutoscaler(seen);
  }

  private async scaleUp(replicas: number): Promise<void> {
    const deployment = await this.deployment();
    for (; this.desired < replicas; this.desired++) this.startPod(deployment);
    this.aboveSinceMs = undefined;
  }

  override async close(): Promise<void> {
    clearInterval(this.clock);
    await super.close();
  }
}
