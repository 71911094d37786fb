import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { ruleProblems } from "../metrics/promql";
import type { RuleGroup } from "../rules/types";

/** What one Prometheus is about to be given; all of it is known at preview. */
export interface PreflightArgs {
  readonly stack: string;
  /** The cluster label that rules without input series must set. */
  readonly cluster: string;
  /** Text of `prometheus.yml`. */
  readonly prometheusConfig: string;
  /** Text of each rule file by its name. */
  readonly ruleFiles: Readonly<Record<string, string>>;
  /** The groups that the rule files were made of. */
  readonly ruleGroups: readonly RuleGroup[];
}

/** Runs promtool in a folder; undefined where it is not installed. */
export type Promtool = (
  args: readonly string[],
  folder: string,
) => { readonly ok: boolean; readonly output: string } | undefined;

const MAXIMUM_MILLISECONDS = 30_000;

/** The promtool on PATH. */
export const promtoolOnPath: Promtool = (args, folder) => {
  const run = spawnSync("promtool", args, { cwd: folder, encoding: "utf8", timeout: MAXIMUM_MILLISECONDS });
  if (run.error !== undefined && "code" in run.error && run.error.code === "ENOENT") return undefined;
  return { ok: run.status === 0, output: `${run.stdout}\n${run.stderr}\n${run.error?.message ?? ""}` };
};

/** Sentences of a failing promtool: its FAILED lines and what hangs below them. */
function complaints(output: string, folder: string): readonly string[] {
  return output
    .split("\n")
    .map((line) =>
      line
        .trim()
        .replaceAll(`${folder}/`, "")
        .replace(/^FAILED:\s*/, ""),
    )
    .filter((line) => line !== "" && !line.startsWith("Checking ") && !line.includes("SUCCESS"));
}

function duplicates(what: string, names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
    (name) => `${what} ${name} stands twice`,
  );
}

function jobNames(prometheusConfig: string): readonly string[] {
  const config = parse(prometheusConfig) as {
    readonly scrape_configs?: readonly { readonly job_name: string }[];
  };
  return (config.scrape_configs ?? []).map((job) => job.job_name);
}

function ownProblems({ cluster, prometheusConfig, ruleGroups }: PreflightArgs): readonly string[] {
  return [
    ...duplicates("prometheus.yml: job", jobNames(prometheusConfig)),
    ...duplicates(
      "rules: group",
      ruleGroups.map((group) => group.name),
    ),
    ...ruleGroups.flatMap((group) =>
      group.rules.flatMap((rule) =>
        ruleProblems(rule, cluster).map((problem) => `rules: group ${group.name}: ${problem}`),
      ),
    ),
  ];
}

/** What promtool says of the files; undefined where it is not installed. */
function promtoolProblems(args: PreflightArgs, promtool: Promtool): readonly string[] | undefined {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "federation-preflight-"));
  try {
    fs.writeFileSync(path.join(folder, "prometheus.yml"), args.prometheusConfig);
    for (const [name, content] of Object.entries(args.ruleFiles))
      fs.writeFileSync(path.join(folder, name), content);
    const files = Object.keys(args.ruleFiles).sort();
    const runs = [
      promtool(["check", "config", "--syntax-only", "prometheus.yml"], folder),
      ...(files.length === 0 ? [] : [promtool(["check", "rules", ...files], folder)]),
    ];
    if (runs.includes(undefined)) return undefined;
    return runs
      .flatMap((run) => (run === undefined || run.ok ? [] : complaints(run.output, folder)))
      .map((line) => `promtool: ${line}`);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Refuses a configuration or rule that Prometheus would refuse, before anything is registered: rules by this project's
 * own parser always, everything by promtool where it is installed.
 *
 * Throws one error with every problem. Returns whether promtool took part, and says so where it did not.
 */
export function preflight(args: PreflightArgs, promtool: Promtool = promtoolOnPath): boolean {
  const own = ownProblems(args);
  const external = promtoolProblems(args, promtool);
  const problems = [...own, ...(external ?? [])];
  if (problems.length > 0) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    throw new pulumi.RunError(
      `stack "${args.stack}": ${count} in Prometheus's configuration and rules, nothing was touched\n` +
        problems.map((problem) => `  - ${problem}`).join("\n"),
    );
  }
  if (external === undefined)
    void pulumi.log.info(
      "promtool is not on PATH: configuration and rules were checked by the program's own parser alone",
    );
  return external !== undefined;
}
