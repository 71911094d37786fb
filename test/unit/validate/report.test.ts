import { validationMarkdown } from "../../../commands/validate/markdown";
import { validationOf, validationSchema } from "../../../commands/validate/report";
import type { Outcome } from "../../../commands/validate/run";

const outcome = (number: number, more: Partial<Outcome>): Outcome => ({
  number,
  key: `line/${number}`,
  title: `Line ${number}`,
  status: "ok",
  evidence: ["3 things"],
  problems: [],
  seconds: 0.5,
  ...more,
});

const times = { started: new Date("2026-03-01T10:00:00Z"), finished: new Date("2026-03-01T10:00:42Z") };

const outcomes = [
  outcome(1, {}),
  outcome(2, {
    status: "failed",
    evidence: ["2 of 3 up"],
    problems: [{ cause: "job a|b is down:\nno route", action: "look at its pod" }],
  }),
  outcome(3, { status: "notChecked", evidence: ["depends on line 2 (Line 2)"] }),
  outcome(4, { status: "notApplicable", evidence: ["there is none"] }),
  outcome(5, {
    timings: [
      { stage: "dropped", seconds: 3.25 },
      { stage: "registered", seconds: 12 },
    ],
  }),
];

test("the JSON has the shape it promises, and counts every status", () => {
  const validation = validationOf("cloud", outcomes, times);
  const read = validationSchema.parse(JSON.parse(JSON.stringify(validation)));
  expect(read).toEqual(validation);
  expect(read.counts).toEqual({ ok: 2, failed: 1, notApplicable: 1, notChecked: 1 });
  expect(read.ok).toBe(false);
});

test.each([
  ["failed", false],
  ["notChecked", false],
  ["notApplicable", true],
  ["ok", true],
] as const)("a line that is %s makes the whole ok: %s", (status, ok) => {
  expect(validationOf("cloud", [outcome(1, { status })], times).ok).toBe(ok);
});

test("the checklist shows evidence, and of what failed the cause and what to do", () => {
  const text = validationMarkdown(validationOf("cloud", outcomes, times));
  expect(text).toContain("2 ok, 1 failed, 1 not checked, 1 not applicable; 2026-03-01T10:00:00.000Z, 42 s");
  expect(text).toContain("| 1 | Line 1 | ok | 3 things |");
  expect(text).toContain("| 2 | Line 2 | **FAILED** | job a\\|b is down: no route |");
  expect(text).toContain("| 3 | Line 3 | **not checked** | depends on line 2 (Line 2) |");
  expect(text).toContain("| 4 | Line 4 | n/a | there is none |");
  expect(text).toContain("- job a|b is down:\nno route\n  - do: look at its pod");
  expect(text).toContain("Besides: 2 of 3 up.");
  expect(text).toContain("| dropped | 3.3 |\n| registered | 12.0 |");
});
