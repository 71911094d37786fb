import { parseResult, targetSchema } from "../../../workloads/benchmark/result";
import type { ResultInput } from "../../../workloads/benchmark/result";
import { runAgainst, targetInput } from "../../support/benchmark";

const good = runAgainst({ asked: ["warm", "coldStart", "autoscaling"] });
const warm = good.evidence.warm!;
const [start] = good.evidence.coldStart!;
const evidence = (more: object): unknown => ({ ...good, evidence: { ...good.evidence, ...more } });
const withLoad = (more: object): unknown => evidence({ warm: { load: { ...warm.load, ...more } } });

describe("a result", () => {
  it("survives being written and read", () => {
    expect(parseResult(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });

  it("has the defaults of its targets", () => {
    const { slos } = targetSchema.parse(targetInput);
    expect(slos).toEqual({
      coldStartSeconds: 10,
      warmP95Seconds: 0.5,
      requestsPerSecondPerGpu: 50,
      gpuUtilisation: 0.7,
      autoscalingSeconds: 120,
      errorRatio: 0.01,
    });
  });

  it.each<[string, unknown, string]>([
    [
      "another schema",
      { ...good, schema: 2 },
      "schema: 2 is not known; this version reads results of schema 1",
    ],
    ["no result", null, "schema: undefined is not known"],
    [
      "an unknown field",
      { ...good, extra: 1 } satisfies ResultInput & { extra: number },
      'result: Unrecognized key: "extra"',
    ],
    [
      "requests that are not the sum of their outcomes",
      withLoad({ requests: 3599 }),
      "evidence.warm.load.requests: must be the sum of good answers (latencies), wrong answers and failures",
    ],
    [
      "buckets in disorder",
      withLoad({
        requests: 2,
        latencies: {
          counts: [
            [9, 1],
            [8, 1],
          ],
          sumSeconds: 1,
        },
      }),
      "evidence.warm.load.latencies.counts: buckets must ascend, each once",
    ],
    [
      "a stopwatch whose phases are not the total",
      evidence({ coldStart: [{ ...start!, totalSeconds: start!.totalSeconds + 0.1 }] }),
      "evidence.coldStart.0.totalSeconds: phases must sum to the total",
    ],
    [
      "phases in disorder",
      evidence({ coldStart: [{ ...start!, phases: [...start!.phases].reverse() }] }),
      "evidence.coldStart.0.phases: phases must stand in their order, each once",
    ],
    [
      "a utilisation in percent",
      withLoad({ gpus: [{ id: "0", type: "t", simulated: false, utilisation: [85] }] }),
      "evidence.warm.load.gpus.0.utilisation.0: Too big",
    ],
  ])("with %s is refused", (_, value, says) => {
    expect(() => parseResult(value)).toThrow(says);
  });
});
