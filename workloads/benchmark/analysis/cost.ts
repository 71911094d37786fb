import type { Load, Summary, Target } from "../result";
import { gpusHeld, gpuUse, otherTypes } from "./gpus";
import type { Knee } from "./knee";

/** Money for what was served at the knee. Allocated: all GPUs that serving holds; used: the part of them that worked. */
export interface Cost {
  readonly per1000Requests: number;
  readonly usedPer1000Requests?: number;
  /** Per million output tokens; where answers have none, of the prompt. */
  readonly perMillionTokens?: number;
  readonly usedPerMillionTokens?: number;
}

/** A GPU type and what serving costs on it. */
export type CostRow =
  | {
      readonly gpuType: string;
      readonly state: "measured";
      readonly run: string;
      readonly simulated: boolean;
      readonly pricePerGpuHour: number | undefined;
      readonly kneeRatePerGpu: number;
      readonly cost: Cost;
      readonly joulesPer1000Requests?: number;
    }
  | { readonly gpuType: string; readonly state: "not measured"; readonly pricePerGpuHour: number };

/** Tokens of a request that its cost is told by. */
export function tokensPerRequest({ corpus }: Target, { tokens, requests }: Load): number | undefined {
  if (tokens !== undefined && requests > 0) {
    const counted = tokens.output > 0 ? tokens.output : tokens.prompt;
    return counted > 0 ? counted / requests : undefined;
  }
  return [corpus.outputTokens, corpus.promptTokens].find((asked) => (asked ?? 0) > 0);
}

/** What a window cost; undefined without a price, a GPU or a request, and where its GPUs are of another type. */
export function costOf(target: Target, load: Load): Cost | undefined {
  const price = target.gpuType === undefined ? undefined : target.pricePerGpuHour[target.gpuType];
  const gpus = gpusHeld(target, load);
  const served = load.achievedRate;
  if (price === undefined || gpus === 0 || served === 0 || otherTypes(target, load).length > 0)
    return undefined;
  const perRequest = (price * gpus) / 3600 / served;
  const tokens = tokensPerRequest(target, load);
  const { utilisation } = gpuUse(target, load);
  return {
    per1000Requests: perRequest * 1e3,
    ...(utilisation === undefined ? {} : { usedPer1000Requests: perRequest * 1e3 * utilisation }),
    ...(tokens === undefined
      ? {}
      : {
          perMillionTokens: (perRequest / tokens) * 1e6,
          ...(utilisation === undefined
            ? {}
            : { usedPerMillionTokens: (perRequest / tokens) * 1e6 * utilisation }),
        }),
  };
}

/** Energy of 1,000 requests in joules, where every GPU is of the target's type and told its energy. */
export function energyOf(target: Target, load: Load): number | undefined {
  const { energyJoules } = gpuUse(target, load);
  return energyJoules === undefined || load.requests === 0 || otherTypes(target, load).length > 0
    ? undefined
    : (energyJoules / load.requests) * 1e3;
}

function rowOf(summary: Summary, target: Target): CostRow | undefined {
  const { run, simulated, figures, gpuType = "", pricePerGpuHour: then } = summary;
  const { kneeRatePerGpu, costPer1000Requests, costPerMillionTokens } = figures;
  if (kneeRatePerGpu === undefined || costPer1000Requests === undefined) return undefined;
  const { usedCostPer1000Requests, usedCostPerMillionTokens, joulesPer1000Requests } = figures;
  const pricePerGpuHour = target.pricePerGpuHour[gpuType];
  const dearer = pricePerGpuHour === undefined || then === undefined ? 1 : pricePerGpuHour / then;
  const now = (cost: number): number => cost * dearer;
  return {
    gpuType,
    state: "measured",
    run,
    simulated,
    pricePerGpuHour,
    kneeRatePerGpu,
    cost: {
      per1000Requests: now(costPer1000Requests),
      ...(usedCostPer1000Requests === undefined ? {} : { usedPer1000Requests: now(usedCostPer1000Requests) }),
      ...(costPerMillionTokens === undefined ? {} : { perMillionTokens: now(costPerMillionTokens) }),
      ...(usedCostPerMillionTokens === undefined
        ? {}
        : { usedPerMillionTokens: now(usedCostPerMillionTokens) }),
    },
    ...(joulesPer1000Requests === undefined ? {} : { joulesPer1000Requests }),
  };
}

/**
 * Every GPU type with a price or a run: this run's own, and for each other type the last run of this version that asked
 * the same requests.
 */
export function costByGpuType(
  current: Summary,
  history: readonly Summary[],
  target: Target,
): readonly CostRow[] {
  const runs = [
    ...history.filter(
      ({ version, model, requests }) =>
        version === current.version && model === current.model && requests === current.requests,
    ),
    current,
  ];
  const types = [
    ...new Set([
      ...Object.keys(target.pricePerGpuHour),
      ...(target.gpuType === undefined ? [] : [target.gpuType]),
    ]),
  ].sort();
  return types.map((gpuType) => {
    const measured = runs
      .filter((run) => run.gpuType === gpuType)
      .map((run) => rowOf(run, target))
      .findLast((row) => row !== undefined);
    return (
      measured ?? { gpuType, state: "not measured", pricePerGpuHour: target.pricePerGpuHour[gpuType] ?? 0 }
    );
  });
}

/** The window that money and energy are told of: the knee, where it is known. */
export const costWindow = (knee: Knee | undefined): Load | undefined =>
  knee?.problems.length === 0 ? knee.load : undefined;
