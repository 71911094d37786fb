import { deviation, worstOf } from "../../../bench/instrument/rows";

const pair = (measured: number, truth: number) => ({ measured, truth });

describe("rows of the instrument's bench", () => {
  it("are met by the middle round where a figure scatters", () => {
    const pairs = [pair(10, 10), pair(10.1, 10), pair(13, 10)];
    expect(deviation("P95", "ms", ["driver", "log"], pairs, () => 2)).toMatchObject({ met: true });
  });

  it("are not met by a single wrong round where each has to be right", () => {
    const verdicts = [pair(1, 1), pair(0, 1), pair(1, 1)];
    expect(worstOf(verdicts)).toEqual([pair(0, 1)]);
    expect(deviation("verdict", "", ["driver", "vegeta"], worstOf(verdicts), () => 0.5)).toMatchObject({
      met: false,
    });
    const right = [pair(1, 1), pair(0, 0)];
    expect(worstOf(right)).toEqual(right);
    expect(worstOf([pair(1, NaN)])).toEqual([pair(1, NaN)]);
  });
});
