import {
  costByGpuType,
  costOf,
  energyOf,
  tokensPerRequest,
} from "../../../workloads/benchmark/analysis/cost";
import { judge } from "../../../workloads/benchmark/analysis/judge";
import { targetSchema } from "../../../workloads/benchmark/result";
import type { Load, Summary } from "../../../workloads/benchmark/result";
import { GOOD, load, random, runAgainst, targetInput } from "../../support/benchmark";

const target = targetSchema.parse(targetInput);
/** 100 req/s on two GPUs, half busy. */
const window: Load = load({ ...GOOD, replicas: 2, gpu: () => 0.5 }, 100, 30, random(1));

describe("cost at a window", () => {
  it("is the price of all GPUs held, divided by what they served", () => {
    // 2 x 0.8 an hour, 360,000 requests an hour, 32 output tokens each
    const cost = costOf(target, window)!;
    expect(cost.per1000Requests).toBeCloseTo(1.6 / 360, 9);
    expect(cost.usedPer1000Requests).toBeCloseTo(0.8 / 360, 9);
    expect(cost.perMillionTokens).toBeCloseTo(1.6 / (0.36 * 32), 9);
    expect(cost.usedPerMillionTokens).toBeCloseTo(0.8 / (0.36 * 32), 9);
  });

  it("takes tokens as they were counted, output before prompt", () => {
    expect(tokensPerRequest(target, { ...window, tokens: { prompt: 10, output: 30_000 } })).toBe(10);
    expect(tokensPerRequest(target, { ...window, tokens: { prompt: 6_000, output: 0 } })).toBe(2);
    expect(
      tokensPerRequest({ ...target, corpus: { name: "x", distinctRequests: 9 } }, window),
    ).toBeUndefined();
  });

  it("does not exist without a price, a GPU, or a request", () => {
    expect(costOf({ ...target, pricePerGpuHour: {} }, window)).toBeUndefined();
    expect(costOf({ ...target, gpusPerReplica: 0 }, window)).toBeUndefined();
    expect(costOf(target, { ...window, achievedRate: 0 })).toBeUndefined();
  });

  it("has no used part where the GPU window is invalid", () => {
    const short = { ...window, gpus: window.gpus!.map((gpu) => ({ ...gpu, utilisation: [0.5, 0.5, 0.5] })) };
    expect(Object.keys(costOf(target, short)!)).toEqual(["per1000Requests", "perMillionTokens"]);
  });

  it("has an energy only where every GPU told its own", () => {
    expect(energyOf(target, window)).toBeCloseTo((2 * 200 * 30 * 1e3) / 3000, 9);
    const [first, second] = window.gpus!;
    const { energyJoules: _, ...silent } = second!;
    expect(energyOf(target, { ...window, gpus: [first!, silent] })).toBeUndefined();
  });
});

describe("cost by GPU type", () => {
  const result = runAgainst();
  const { summary } = judge(result);
  const onT4: Summary = {
    ...summary,
    run: "run-t4",
    gpuType: "tesla-t4",
    pricePerGpuHour: 0.35,
    figures: { kneeRatePerGpu: 80, costPer1000Requests: 0.35 / 288 },
  };

  it("has 'not measured' for a type without a run of its own", () => {
    expect(costByGpuType(summary, [], target)).toEqual([
      expect.objectContaining({
        gpuType: "rtx-a6000",
        state: "measured",
        run: "run-1",
        pricePerGpuHour: 0.8,
      }),
      { gpuType: "tesla-t4", state: "not measured", pricePerGpuHour: 0.35 },
    ]);
  });

  it("takes the last run of this version on the other type, never one of another version", () => {
    const older = { ...onT4, run: "run-t4-old", version: "6" };
    const rows = costByGpuType(summary, [onT4, older], target);
    expect(rows[1]).toMatchObject({
      gpuType: "tesla-t4",
      state: "measured",
      run: "run-t4",
      kneeRatePerGpu: 80,
    });
  });

  it("advises the cheaper type, with its measured cost as the gain", () => {
    const { recommendations, costs } = judge({ ...result, history: [onT4] });
    const own = costs[0]?.state === "measured" ? costs[0].cost.per1000Requests : NaN;
    const [first] = recommendations;
    expect(first).toMatchObject({
      id: "gpu-type",
      change: { knob: "gpuType", from: "rtx-a6000", to: "tesla-t4" },
      gain: { figure: "costPer1000Requests", now: own },
    });
    expect(first?.gain.low).toBeCloseTo((0.35 / 288) * 0.9, 9);
    expect(first?.gain.high).toBeCloseTo((0.35 / 288) * 1.1, 9);
  });

  it("tells an earlier run at the price of today", () => {
    const [, row] = costByGpuType(summary, [{ ...onT4, pricePerGpuHour: 0.7 }], target);
    expect(row).toMatchObject({
      pricePerGpuHour: 0.35,
      cost: { per1000Requests: expect.closeTo(0.35 / 288 / 2, 12) as number },
    });
  });

  it.each([
    ["other requests", { requests: "kserve-v2 long (4096 to 512), P95 below 500 ms" }],
    ["another model", { model: "hpc-other" }],
  ])("compares with no run of %s", (_, other) => {
    const { costs, recommendations } = judge({ ...result, history: [{ ...onT4, ...other }] });
    expect(costs[1]).toMatchObject({ gpuType: "tesla-t4", state: "not measured" });
    expect(recommendations).toEqual([]);
  });

  it("advises no real site by a simulated run", () => {
    const { costs, recommendations } = judge({ ...result, history: [{ ...onT4, simulated: true }] });
    expect(costs[1]).toMatchObject({ gpuType: "tesla-t4", state: "measured", simulated: true });
    expect(recommendations).toEqual([]);
  });

  it("advises no type that is cheaper and too slow", () => {
    const slow = { ...onT4, figures: { ...onT4.figures, kneeRatePerGpu: 20 } };
    expect(judge({ ...result, history: [slow] }).recommendations).toEqual([]);
  });

  it("tells none of GPUs that are of another type than the target says, and says so", () => {
    const { costs, notes, verdict } = judge({ ...result, target: { ...result.target, gpuType: "tesla-t4" } });
    expect(verdict).toBe("pass");
    expect(costs.map(({ gpuType, state }) => [gpuType, state])).toEqual([
      ["rtx-a6000", "not measured"],
      ["tesla-t4", "not measured"],
    ]);
    expect(notes).toEqual(["The target says tesla-t4, and GPUs are rtx-a6000: no cost is told."]);
  });

  it("tells nothing of a knee that is not known", () => {
    const { costs, summary: told } = judge(runAgainst({ asked: ["warm"] }));
    expect(costs.map(({ state }) => state)).toEqual(["not measured", "not measured"]);
    expect(told.figures.costPer1000Requests).toBeUndefined();
  });
});
