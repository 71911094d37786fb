import * as fc from "fast-check";
import { bucketOf } from "../../../../workloads/benchmark/buckets";
import { nextStep, outcomeOf, type Judged, type KneeStep } from "../../../../workloads/benchmark/driver/knee";
import { slosSchema } from "../../../../workloads/benchmark/result";

const slos = slosSchema.parse({});

const loadOf = (said: Partial<Judged> = {}): Judged => ({
  targetRate: 100,
  achievedRate: 100,
  requests: 1000,
  failures: {},
  wrongAnswers: 0,
  droppedIterations: 0,
  latencies: { counts: [[bucketOf(400), 1000]], sumSeconds: 400 },
  client: { cpuCores: 0.5, limitCores: 2 },
  ...said,
});

describe("what a load says of its rate", () => {
  it.each<[string, Partial<Judged>]>([
    ["holds", {}],
    ["holds", { failures: { "http-5xx": 10 } }],
    ["fails", { failures: { "http-5xx": 11 } }],
    ["fails", { wrongAnswers: 1 }],
    ["fails", { latencies: { counts: [[bucketOf(499), 1000]], sumSeconds: 499 } }],
    // 40 of 1,000 above: the 95th percentile is below, the end of its interval is not
    [
      "fails",
      {
        latencies: {
          counts: [
            [bucketOf(400), 960],
            [bucketOf(600), 40],
          ],
          sumSeconds: 408,
        },
      },
    ],
    ["fails", { latencies: { counts: [[bucketOf(400), 599]], sumSeconds: 240 } }],
    ["fails", { droppedIterations: 5, latencies: { counts: [[bucketOf(900), 1000]], sumSeconds: 900 } }],
    ["broken", { failures: { refused: 501 } }],
    ["broken", { wrongAnswers: 501 }],
    ["client-limited", { droppedIterations: 1 }],
    ["client-limited", { achievedRate: 97 }],
    ["client-limited", { client: { cpuCores: 1.9, limitCores: 2 } }],
    ["client-limited", { client: { cpuCores: 0.5, limitCores: 2, throttled: 0.06 } }],
    [
      "client-limited",
      { client: { cpuCores: 0.5, limitCores: 2, late: { seconds: 0.05, limitSeconds: 0.04 } } },
    ],
    // its times are no evidence either way
    [
      "client-limited",
      {
        droppedIterations: 5,
        latencies: { counts: [[bucketOf(900), 1000]], sumSeconds: 900 },
        client: { cpuCores: 0.5, limitCores: 2, late: { seconds: 0.1, limitSeconds: 0.09 } },
      },
    ],
  ])("%s: %j", (outcome, said) => {
    expect(outcomeOf(loadOf(said), slos)).toBe(outcome);
  });
});

/** Every step of a search on a server whose rate holds up to `knee`. */
function search(knee: number, startRate: number, maxRate: number): { steps: KneeStep[]; stopped: string } {
  const steps: KneeStep[] = [];
  for (;;) {
    const next = nextStep(steps, { startRate, maxRate });
    if ("stopped" in next) return { steps, stopped: next.stopped };
    steps.push({ ...next, outcome: next.rate <= knee ? "holds" : "fails" });
    if (steps.length > 100) throw new Error("the search does not end");
  }
}

describe("the search for the knee", () => {
  it("climbs by a quarter, halves the gap to 3 %, and confirms twice", () => {
    const { steps, stopped } = search(200, 100, 1000);
    expect(stopped).toBe("knee-confirmed");
    expect(steps.map(({ purpose, rate }) => `${purpose} ${rate}`)).toEqual([
      "climb 100",
      "climb 125",
      "climb 156.25",
      "climb 195.313",
      "climb 244.141",
      "bisect 218.366",
      "bisect 206.518",
      "bisect 200.837",
      "confirm 195.313",
      "confirm 195.313",
    ]);
  });

  it("finds any knee to 3 % in at most 60 steps, from above or below", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 6, max: 900, noNaN: true }),
        fc.integer({ min: 5, max: 150 }),
        (knee, start) => {
          const { steps, stopped } = search(knee, start, 1000);
          const found = steps.at(-1)?.rate ?? 0;
          expect(stopped).toBe("knee-confirmed");
          expect(steps.slice(-2).map(({ purpose }) => purpose)).toEqual(["confirm", "confirm"]);
          expect(found).toBeLessThanOrEqual(knee);
          expect(found).toBeGreaterThan(knee / 1.031);
          return steps.length <= 60;
        },
      ),
    );
  });

  it("goes on below a rate that is not confirmed", () => {
    const steps: KneeStep[] = [
      { purpose: "climb", rate: 100, outcome: "holds" },
      { purpose: "climb", rate: 125, outcome: "fails" },
      { purpose: "bisect", rate: 123, outcome: "holds" },
      { purpose: "confirm", rate: 123, outcome: "fails" },
    ];
    expect(nextStep(steps, { startRate: 100, maxRate: 1000 })).toEqual({ purpose: "bisect", rate: 110.905 });
  });

  it("stops at the highest rate that is allowed, confirmed", () => {
    const { steps, stopped } = search(500, 100, 120);
    expect(stopped).toBe("rate-limit");
    expect(steps.map(({ rate }) => rate)).toEqual([100, 120, 120, 120]);
  });

  it("stops where the server does not serve at all", () => {
    const steps: KneeStep[] = [{ purpose: "climb", rate: 100, outcome: "broken" }];
    expect(nextStep(steps, { startRate: 100, maxRate: 1000 })).toEqual({ stopped: "errors" });
  });

  it("runs a step again whose client was the limit, and stops at the third time", () => {
    const limited: KneeStep = { purpose: "confirm", rate: 100, outcome: "client-limited" };
    const after = (...steps: KneeStep[]) => nextStep(steps, { startRate: 100, maxRate: 100 });
    expect(after(limited)).toEqual({ purpose: "confirm", rate: 100 });
    expect(after(limited, limited)).toEqual({ purpose: "confirm", rate: 100 });
    expect(after(limited, limited, limited)).toEqual({ stopped: "errors" });
    // neither for nor against the rate
    expect(after(limited, { ...limited, outcome: "holds" })).toEqual({ purpose: "confirm", rate: 100 });
  });
});
