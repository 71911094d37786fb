import { counted } from "../format";
import type { Load, Target } from "../result";
import type { Problem } from "./validity";

/** Scrapes of each GPU that a mean over a window takes. */
export const GPU_SCRAPES = 4;

/** GPUs over a load window. */
export interface GpuUse {
  /** Mean over the GPUs of each one's mean; undefined where there is a problem. */
  readonly utilisation?: number;
  /** The same of the graphics engine's activity, where every GPU has it. */
  readonly engineActive?: number;
  /** All GPUs together over the window, where each one has it. */
  readonly energyJoules?: number;
  readonly gpus: number;
  readonly simulated: boolean;
  readonly problems: readonly Problem[];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** All of it where nothing is missing. */
const complete = <T>(values: readonly (T | undefined)[]): readonly T[] | undefined =>
  values.every((value) => value !== undefined) ? values : undefined;

/** GPUs that a window's replicas hold. */
export const gpusHeld = ({ gpusPerReplica }: Target, { replicas }: Load): number => replicas * gpusPerReplica;

/** GPUs of a window that are not of the type whose cost is told. */
export const otherTypes = ({ gpuType }: Target, { gpus = [] }: Load): readonly string[] =>
  gpuType === undefined ? [] : [...new Set(gpus.map(({ type }) => type))].filter((type) => type !== gpuType);

/** How busy the target's GPUs were in exactly this window. */
export function gpuUse(target: Target, load: Load): GpuUse {
  const { gpus = [] } = load;
  const expected = Math.round(gpusHeld(target, load));
  const simulated = target.simulated || gpus.some((gpu) => gpu.simulated);
  const base = { gpus: gpus.length, simulated };
  const problem = (text: string): GpuUse => ({ ...base, problems: [{ kind: "gpu-window", text }] });
  if (expected === 0) return problem("the target holds no GPU");
  if (gpus.length < expected)
    return problem(
      `figures of ${counted(gpus.length, "GPU")} for ${counted(load.replicas, "replica")} with ${expected} together`,
    );
  const short = gpus.find(({ utilisation }) => utilisation.length < GPU_SCRAPES);
  if (short !== undefined)
    return problem(
      `${short.id} has ${counted(short.utilisation.length, "scrape")} in the window of ${load.seconds} s, ${GPU_SCRAPES} are needed: load for longer or scrape more often`,
    );
  const engine = complete(
    gpus.map(({ engineActive }) => (engineActive?.length ? mean(engineActive) : undefined)),
  );
  const energy = complete(gpus.map(({ energyJoules }) => energyJoules));
  return {
    ...base,
    utilisation: mean(gpus.map(({ utilisation }) => mean(utilisation))),
    ...(engine === undefined ? {} : { engineActive: mean(engine) }),
    ...(energy === undefined ? {} : { energyJoules: energy.reduce((sum, joules) => sum + joules, 0) }),
    problems: [],
  };
}
