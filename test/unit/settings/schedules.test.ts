import { longestGapSeconds, shortestGapSeconds } from "../../../settings/schedules";

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

describe("the longest time between two starts of a schedule", () => {
  it.each([
    ["* * * * *", MINUTE],
    ["*/15 * * * *", 15 * MINUTE],
    ["*/25 * * * *", 25 * MINUTE],
    ["5/20 * * * *", 20 * MINUTE],
    ["0,10 * * * *", 50 * MINUTE],
    ["15 2 * * *", DAY],
    ["0 8-18 * * *", 14 * HOUR],
    ["*/30 8-17/3 * * *", 15 * HOUR - 30 * MINUTE],
    ["0 9 * * 1-5", 3 * DAY],
    ["30 3 * * 0", 7 * DAY],
    ["0 0 1 * *", 31 * DAY],
    ["0 0 31 * *", 61 * DAY],
    // either day where both are restricted
    ["0 0 1 * 0", 7 * DAY],
    // the step of a star restricts nothing
    ["0 0 */1 * 3", 7 * DAY],
    ["0 0 1 1 *", 366 * DAY],
    ["0 0 30 2 *", Infinity],
  ])("is for %s %d s", (schedule, seconds) => {
    expect(longestGapSeconds(schedule)).toBe(seconds);
  });

  it("is that of the starts themselves, minute by minute", () => {
    const starts = Array.from({ length: 3 * 1440 }, (_, minute) => minute).filter(
      (minute) => minute % 60 === 7 && [1, 5, 6].includes(Math.floor(minute / 60) % 24),
    );
    const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
    expect(longestGapSeconds("7 1,5,6 * * *")).toBe(Math.max(...gaps) * MINUTE);
  });
});

describe("the shortest time between two starts of a schedule", () => {
  it.each([
    ["*/15 * * * *", 15 * MINUTE],
    // the last hour's rest is shorter than the step
    ["*/25 * * * *", 10 * MINUTE],
    ["0,10 * * * *", 10 * MINUTE],
    ["0 4 * * *", DAY],
    ["0 9 * * 1-5", DAY],
    ["0 4 * * 0", 7 * DAY],
    ["0 0 1 * *", 28 * DAY],
    ["0 0 30 2 *", Infinity],
  ])("is for %s %d s", (schedule, seconds) => {
    expect(shortestGapSeconds(schedule)).toBe(seconds);
  });
});
