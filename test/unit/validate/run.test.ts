import { runLines } from "../../../commands/validate/run";
import type { CheckContext, Line, Outcome } from "../../../commands/validate/run";
import { CheckError, judged, notApplicable } from "../../../commands/validate/verdict";
import type { Verdict } from "../../../commands/validate/verdict";

const good = judged(["seen"], []);
const bad = judged([], [{ cause: "broken", action: "mend it" }]);

const line = (
  key: string,
  verdict: Verdict | ((context: CheckContext) => Promise<Verdict>),
  more: Partial<Line> = {},
): Line => ({
  key,
  title: key.toUpperCase(),
  needs: [],
  limitSeconds: 30,
  action: "look at it",
  check: typeof verdict === "function" ? verdict : () => Promise.resolve(verdict),
  ...more,
});

const never = new AbortController().signal;
const run = (lines: readonly Line[], signal = never): Promise<readonly Outcome[]> => runLines(lines, signal);
const statuses = (outcomes: readonly Outcome[]): Record<string, string> =>
  Object.fromEntries(outcomes.map(({ key, status }) => [key, status]));

test("one broken line is red, what depends on it is not checked, all else is as it is", async () => {
  const outcomes = await run([
    line("a", good),
    line("b", bad),
    line("c", good, { needs: ["a", "b"] }),
    line("d", good, { needs: ["c"] }),
    line("e", good, { needs: ["a"] }),
  ]);
  expect(statuses(outcomes)).toEqual({ a: "ok", b: "failed", c: "notChecked", d: "notChecked", e: "ok" });
  expect(outcomes.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  expect(outcomes[2]?.evidence).toEqual(["depends on line 2 (B)"]);
  expect(outcomes[3]?.evidence).toEqual(["depends on line 3 (C)"]);
});

test("what needs a line that does not apply does not apply either", async () => {
  const outcomes = await run([line("a", notApplicable("no such thing")), line("b", bad, { needs: ["a"] })]);
  expect(statuses(outcomes)).toEqual({ a: "notApplicable", b: "notApplicable" });
  expect(outcomes[1]?.evidence).toEqual(["as line 1 (A) does not apply"]);
});

test("a line hears whether another is red, and is asked all the same", async () => {
  const heard: boolean[] = [];
  const hearing = (context: CheckContext): Promise<Verdict> => {
    heard.push(context.isRed("a"), context.isRed("b"), context.isRed("c"));
    return Promise.resolve(good);
  };
  const outcomes = await run([
    line("a", good),
    line("b", bad),
    line("c", good, { needs: ["b"] }),
    line("d", hearing, { hears: ["a", "b", "c"] }),
  ]);
  expect(heard).toEqual([false, true, true]);
  expect(outcomes[3]?.status).toBe("ok");
});

test("an error is a failure with its own advice, else with the line's", async () => {
  const outcomes = await run([
    line("a", () => Promise.reject(new Error("connect ECONNREFUSED"))),
    line("b", () => Promise.reject(new CheckError("no outputs", "bring it up"))),
  ]);
  expect(outcomes.map(({ problems }) => problems)).toEqual([
    [{ cause: "connect ECONNREFUSED", action: "look at it" }],
    [{ cause: "no outputs", action: "bring it up" }],
  ]);
});

test("a line that does not end in time fails; one that cleans up is told, and waited for", async () => {
  let cleaned = false;
  const outcomes = await run([
    line("a", () => new Promise(() => undefined), { limitSeconds: 0.05 }),
    line(
      "b",
      ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener("abort", () =>
            setTimeout(() => {
              cleaned = true;
              resolve(bad);
            }, 50),
          ),
        ),
      { limitSeconds: 0.05, cleansUp: true },
    ),
  ]);
  expect(outcomes[0]).toMatchObject({ status: "failed", problems: [{ cause: "no end within 0.05 s" }] });
  expect(outcomes[1]).toMatchObject({ status: "failed", problems: [{ cause: "broken" }] });
  expect(cleaned).toBe(true);
});

test("an interruption ends what is under way, and nothing new begins", async () => {
  const controller = new AbortController();
  let begun = 0;
  const outcomes = run(
    [
      line("a", () => {
        controller.abort(new Error("interrupted"));
        return new Promise(() => undefined);
      }),
      line("b", good, { hears: ["a"], check: () => Promise.resolve((begun++, good)) }),
    ],
    controller.signal,
  );
  expect(await outcomes).toMatchObject([
    { status: "failed", problems: [{ cause: "interrupted" }] },
    { status: "notChecked", evidence: ["interrupted before it was asked"] },
  ]);
  expect(begun).toBe(0);
});

test("lines that stand in no order are refused", async () => {
  await expect(run([line("a", good, { needs: ["b"] }), line("b", good)])).rejects.toThrow(
    "a: no line b stands before it",
  );
  await expect(run([line("a", good), line("a", good)])).rejects.toThrow("two lines are called a");
});
