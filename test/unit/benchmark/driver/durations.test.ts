import {
  awaitedLoad,
  jobDeadlineSeconds,
  longestRunSeconds,
  type TimedLoad,
} from "../../../../workloads/benchmark/driver/durations";

const calm: TimedLoad = {
  smoke: { seconds: 5 },
  warm: { warmUpSeconds: 10, seconds: 60 },
  timeoutSeconds: 10,
  settleSeconds: 35,
};
/** Its end, smoke, warm. */
const CALM = 20 + (5 + 5 + 10) + (5 + 70 + 10 + 35);

describe("the longest time of a run", () => {
  it("is that of its steps, each with its start, its last request, and the last scrape of its window", () => {
    expect(longestRunSeconds(calm)).toBe(CALM);
  });

  it.each<[string, Partial<TimedLoad>, number]>([
    [
      "saturation goes on with a step that its limit finds",
      { saturation: { startRate: 10, limitSeconds: 600, stepSeconds: 20, warmUpSeconds: 3 } },
      // 690 requests at 10 a second, as the driver asks for them
      600 + (5 + 3 + 69 + 10) + 35,
    ],
    [
      "a soak is all its windows",
      { soak: { windows: 6, windowSeconds: 600, warmUpSeconds: 10 } },
      6 * (5 + 1 + 600 + 10) + 10 + 35,
    ],
    [
      "autoscaling waits for its replicas before and after",
      { autoscaling: { beforeSeconds: 30, holdSeconds: 180, returnSeconds: 600 } },
      5 + 30 + 10 + (5 + 180 + 10) + 2 * 600 + 35,
    ],
  ])("%s", (_, more, seconds) => {
    expect(longestRunSeconds({ ...calm, ...more })).toBe(CALM + seconds);
  });

  it.each([
    [["pod-restart"] as const, 2],
    [["deployment"] as const, 1],
    [["deployment", "pod-restart", "scale-from-zero"] as const, 4],
  ])("of starts %j is the limit of each, %d times", (kinds, times) => {
    const coldStart = { kinds: [...kinds], limitSeconds: 300 };
    expect(longestRunSeconds({ ...calm, coldStart })).toBe(CALM + times * 300);
  });
});

describe("a Job's deadline", () => {
  it("leaves time to repeat a run, and its pods to start", () => {
    expect(jobDeadlineSeconds(calm)).toBe(30 + 2 * CALM);
  });

  it("is of smoke and warm alone where it is awaited", () => {
    const all: TimedLoad = { ...calm, soak: { windows: 6, windowSeconds: 600, warmUpSeconds: 10 } };
    expect(jobDeadlineSeconds(awaitedLoad(all))).toBe(jobDeadlineSeconds(calm));
  });
});
