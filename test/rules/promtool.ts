import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

export interface InputSeries {
  readonly series: string;
  /** promtool's notation: `0+15x20`, `1x4`, `_x3` for gaps, `stale`. */
  readonly values: string;
}

export interface Expectation {
  readonly expr: string;
  readonly at: string;
  /** Series in promtool's notation to value; none at all where empty. */
  readonly gives: Readonly<Record<string, number>>;
}

export interface Scenario {
  readonly name: string;
  readonly interval: string;
  readonly input: readonly InputSeries[];
  readonly expect: readonly Expectation[];
}

/** Runs `promtool check rules` over the text of a rule file; returns what it printed, throws when it refused or found a lint problem. */
export function checkRules(text: string): string {
  return withFiles({ "rules.yml": text }, (folder) =>
    promtool(folder, "check", "rules", "--lint=all", "--lint-fatal", "rules.yml"),
  );
}

/** Runs scenarios against a rule file by `promtool test rules`; throws with its report when one differs. */
export function testRules(rules: string, scenarios: readonly Scenario[]): string {
  const tests = scenarios.map(({ name, interval, input, expect }) => ({
    name,
    interval,
    input_series: input,
    promql_expr_test: expect.map(({ expr, at, gives }) => ({
      expr,
      eval_time: at,
      exp_samples: Object.entries(gives).map(([labels, value]) => ({ labels, value })),
    })),
  }));
  const evaluation = scenarios[0]?.interval ?? "15s";
  const text = stringify(
    { rule_files: ["rules.yml"], evaluation_interval: evaluation, tests },
    { lineWidth: 0 },
  );
  return withFiles({ "rules.yml": rules, "test.yml": text }, (folder) =>
    promtool(folder, "--enable-feature=promql-experimental-functions", "test", "rules", "test.yml"),
  );
}

function withFiles<T>(files: Readonly<Record<string, string>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "rules-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function promtool(folder: string, ...args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync("promtool", args, { cwd: folder, encoding: "utf8" });
  if (error) {
    throw new Error("promtool is not on PATH: these tests need it (`npm run sandbox` builds it)", {
      cause: error,
    });
  }
  if (status !== 0) {
    throw new Error(`promtool ${args.join(" ")} exited with ${String(status)}:\n${stdout}${stderr}`);
  }
  return `${stdout}${stderr}`;
}
