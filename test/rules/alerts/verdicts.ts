import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { RuleGroup } from "../../../rules";
import { renderRules } from "../../../rules";
import type { Expectation, InputSeries } from "../promtool";

/** An alert as it must fire: every label but `alertname`, every annotation. */
export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What an alert must do at a time; firing nowhere where the list is empty. */
export interface AlertExpectation {
  readonly alert: string;
  readonly at: string;
  readonly firing: readonly FiringAlert[];
}

export interface RuleScenario {
  readonly name: string;
  /** Between samples of the input, and between evaluations. */
  readonly interval: string;
  readonly input: readonly InputSeries[];
  readonly expect?: readonly Expectation[];
  readonly alerts?: readonly AlertExpectation[];
}

/** Rules and what they must do; `name` tells it from the others of a run. */
export interface RuleTest {
  readonly name: string;
  readonly groups: readonly RuleGroup[];
  readonly scenarios: readonly RuleScenario[];
}

/** At most so many files in one run of promtool. */
const BATCH = 200;

/** Runs promtool over many rule files at once; by name, what went wrong, and nothing where all went as expected. */
export function verdicts(tests: readonly RuleTest[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let start = 0; start < tests.length; start += BATCH) {
    for (const [name, verdict] of batch(tests.slice(start, start + BATCH))) found.set(name, verdict);
  }
  return found;
}

function batch(tests: readonly RuleTest[]): readonly (readonly [string, string])[] {
  const folder = mkdtempSync(join(tmpdir(), "rule-tests-"));
  try {
    const files = tests.map(({ groups, scenarios }, index) => {
      writeFileSync(join(folder, `${index}.rules.yml`), renderRules(groups));
      writeFileSync(join(folder, `${index}.yml`), testFile(`${index}.rules.yml`, scenarios));
      return `${index}.yml`;
    });
    // one file for both streams: what failed is told on the other one than the name of what is tested
    const output = join(folder, "output");
    const written = openSync(output, "w");
    const run = spawnSync("promtool", ["test", "rules", ...files], {
      cwd: folder,
      stdio: ["ignore", written, written],
    });
    closeSync(written);
    if (run.error) {
      throw new Error("promtool is not on PATH: these tests need it (`npm run sandbox` builds it)", {
        cause: run.error,
      });
    }
    return sections(readFileSync(output, "utf8"), tests);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function testFile(rules: string, scenarios: readonly RuleScenario[]): string {
  const tests = scenarios.map(({ name, interval, input, expect = [], alerts = [] }) => ({
    name,
    interval,
    input_series: input,
    promql_expr_test: expect.map(({ expr, at, gives }) => ({
      expr,
      eval_time: at,
      exp_samples: Object.entries(gives).map(([labels, value]) => ({ labels, value })),
    })),
    alert_rule_test: alerts.map(({ alert, at, firing }) => ({
      alertname: alert,
      eval_time: at,
      exp_alerts: firing.map(({ labels, annotations }) => ({
        exp_labels: labels,
        exp_annotations: annotations,
      })),
    })),
  }));
  const evaluation_interval = scenarios[0]?.interval ?? "1m";
  return stringify(
    { rule_files: [rules], evaluation_interval, tests },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

/** promtool writes, for each file in turn, its name and then SUCCESS or what failed. */
function sections(output: string, tests: readonly RuleTest[]): readonly (readonly [string, string])[] {
  const parts = output.split(/^Processing test file: /m).slice(1);
  if (parts.length !== tests.length) {
    throw new Error(`promtool spoke of ${parts.length} files, not of ${tests.length}:\n${output}`);
  }
  return tests.map(({ name }, index) => {
    const part = parts[index] ?? "";
    const said = part.slice(part.indexOf("\n")).trim();
    return [name, said === "SUCCESS" ? "" : said];
  });
}
