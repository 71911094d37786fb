import { assign, coresBetween, demandsOf, usageOf, usagesOf } from "./holders";
import type { Demand, PodObject, Usage } from "./holders";
import type { GpuModel } from "./inventory";
import { wattsOf, type GpuState } from "./readings";

/** What one look at a node tells. */
export interface Look {
  /** Milliseconds. */
  readonly at: number;
  /** Its running pods. */
  readonly pods: readonly PodObject[];
  /** The kubelet's `/metrics/resource`. */
  readonly usage: string;
}

/** What is known of the container that holds a GPU. */
interface Held {
  readonly demand: Demand;
  readonly usage: Usage | undefined;
  readonly cores: number;
}

/** The simulated GPUs of one node: each is as busy as the container that holds it. */
export class SimulatedNode {
  private held: readonly (Held | undefined)[] = [];
  private states: readonly GpuState[] = [];
  private at = 0;

  constructor(private readonly models: readonly GpuModel[]) {}

  /** The GPUs after a look; energy is that of the load until then. */
  update({ at, pods, usage }: Look): readonly GpuState[] {
    const usages = usagesOf(usage);
    const before = this.held;
    const demands = assign(
      before.map((one) => one?.demand),
      demandsOf(pods),
      this.models.length,
    );
    this.held = demands.map((demand, gpu) => {
      if (demand === undefined) return undefined;
      const last = before[gpu]?.demand.id === demand.id ? before[gpu] : undefined;
      const now = usageOf(usages, demand.holder);
      return { demand, usage: now ?? last?.usage, cores: coresBetween(last?.usage, now) ?? last?.cores ?? 0 };
    });
    const seconds = this.at === 0 ? 0 : (at - this.at) / 1_000;
    this.at = at;
    this.states = this.models.map((model, index) => {
      const held = this.held[index];
      const earlier = this.states[index];
      const joules = earlier === undefined ? 0 : earlier.joules + seconds * wattsOf(earlier);
      const idle = { index, model, load: 0, usedMiB: 0, joules };
      return held === undefined
        ? idle
        : {
            ...idle,
            holder: held.demand.holder,
            load: Math.min(1, held.cores / held.demand.cores),
            usedMiB: held.usage?.memoryMiB ?? 0,
          };
    });
    return this.states;
  }
}
