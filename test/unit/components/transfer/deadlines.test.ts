import fc from "fast-check";
import {
  runDeadlineSeconds,
  slowestBytesPerSecond,
  verifyDeadlineSeconds,
} from "../../../../components/transfer/deadlines";
import type { RunSize } from "../../../../components/transfer/deadlines";
import { isTimeZone, scheduleProblem } from "../../../../components/transfer/schedule";

const MiB = 1024 ** 2;
const size: RunSize = {
  largestModelBytes: 6_000 * MiB,
  bandwidth: { timetable: [], expectedBytesPerSecond: 10 * MiB },
  readBack: "none",
  settleSeconds: 60,
};

describe("a run's deadline", () => {
  it("is the settle window, a quarter of an hour, and twice the time of the largest model", () => {
    expect(runDeadlineSeconds(size)).toBe(60 + 900 + 2 * 600);
  });

  it.each<[string, Partial<RunSize>, number]>([
    ["reads everything back", { readBack: "all" }, 60 + 900 + 4 * 600],
    ["reads a share back, in whole minutes", { readBack: { sample: 0.01 } }, 60 + 900 + 1_200 + 60],
    ["waits longer for models to settle", { settleSeconds: 600 }, 600 + 900 + 1_200],
  ])("grows where it %s", (_, change, seconds) => {
    expect(runDeadlineSeconds({ ...size, ...change })).toBe(seconds);
  });

  it("is reckoned at the slowest hour", () => {
    const window = { from: "08:00", to: "18:00", bytesPerSecond: 2 * MiB };
    const { bandwidth } = size;
    expect(slowestBytesPerSecond(bandwidth)).toBe(10 * MiB);
    expect(slowestBytesPerSecond({ ...bandwidth, bytesPerSecond: 5 * MiB })).toBe(5 * MiB);
    expect(slowestBytesPerSecond({ ...bandwidth, bytesPerSecond: 5 * MiB, timetable: [window] })).toBe(
      2 * MiB,
    );
    expect(runDeadlineSeconds({ ...size, bandwidth: { ...bandwidth, timetable: [window] } })).toBe(
      60 + 900 + 2 * 3_000,
    );
  });

  it("always leaves room for the settle window and for the bytes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 50 }),
        fc.integer({ min: 1024, max: 2 ** 34 }),
        fc.integer({ min: 0, max: 86_400 }),
        (largestModelBytes, expectedBytesPerSecond, settleSeconds) => {
          const seconds = runDeadlineSeconds({
            largestModelBytes,
            bandwidth: { timetable: [], expectedBytesPerSecond },
            readBack: "all",
            settleSeconds,
          });
          expect(seconds % 60).toBe(0);
          expect(seconds).toBeGreaterThan(settleSeconds + (2 * largestModelBytes) / expectedBytesPerSecond);
        },
      ),
    );
  });
});

describe("a verification's deadline", () => {
  it("is for heads alone where nothing is read back", () => {
    expect(verifyDeadlineSeconds({ ...size, readBack: "none" })).toBe(900);
  });

  it("is for a share of twenty of the largest models", () => {
    expect(verifyDeadlineSeconds({ ...size, readBack: "all" })).toBe(900 + 2 * 20 * 600);
    expect(verifyDeadlineSeconds({ ...size, readBack: { sample: 0.05 } })).toBe(900 + 2 * 600);
  });
});

describe("a schedule", () => {
  it.each(["* * * * *", "*/15 * * * *", "0,30 8-18/2 1 1-12 0-6", "59 23 31 12 6", "5/10 * * * *"])(
    "%s is one",
    (schedule) => {
      expect(scheduleProblem(schedule)).toBeUndefined();
    },
  );

  it.each([
    ["", '"" has 1 fields; write five, such as */15 * * * *'],
    ["@hourly", '"@hourly" has 1 fields; write five, such as */15 * * * *'],
    ["0  * * * *", '"0  * * * *" has 6 fields; write five, such as */15 * * * *'],
    ["60 * * * *", '"60 * * * *": the minute is "60"; write *, numbers from 0 to 59'],
    ["0 5-2 * * *", '"0 5-2 * * *": the hour is "5-2"; write *, numbers from 0 to 23'],
    ["0 0 0 * *", '"0 0 0 * *": the day of the month is "0"; write *, numbers from 1 to 31'],
    ["0 0 * 13 *", '"0 0 * 13 *": the month is "13"; write *, numbers from 1 to 12'],
    ["0 0 * * 7", '"0 0 * * 7": the day of the week is "7"; write *, numbers from 0 to 6'],
    ["*/0 * * * *", '"*/0 * * * *": the minute is "*/0"; write *, numbers from 0 to 59'],
    ["1,, * * * *", '"1,, * * * *": the minute is "1,,"; write *, numbers from 0 to 59'],
  ])("%j is none, and says which part", (schedule, problem) => {
    expect(scheduleProblem(schedule)).toContain(problem);
  });
});

test.each([
  ["UTC", true],
  ["Etc/UTC", true],
  ["Europe/Berlin", true],
  ["Local", false],
  ["Mars/Olympus", false],
  ["", false],
])("%j as a time zone: %s", (name, good) => {
  expect(isTimeZone(name)).toBe(good);
});
