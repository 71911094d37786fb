/**
 * `npm test`: every level of the ladder, cheapest first, output as it comes, one count at the end.
 * `npm test -- unit rules` runs the named levels only; those in `onlyByName` run no other way.
 */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { repository, paths } from "../sandbox/paths";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

interface Level {
  readonly name: string;
  readonly run: () => Count;
}

/** Runs a command with its output on the terminal; true when it ended with 0. */
function command(program: string, ...args: string[]): boolean {
  console.log(`$ ${[program, ...args].join(" ")}`);
  const run = spawnSync(program, args, { cwd: repository, stdio: "inherit", env: environment });
  if (run.error) console.error(run.error.message);
  return run.status === 0;
}

/** A level that is one check: passed or failed. */
const check = (name: string, program: string, ...args: string[]): Level => ({
  name,
  run: () =>
    command(program, ...args) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 },
});

/** A jest project, counted by jest's own report; a suite that could not even start counts as one failure. */
const jest = (project: string, ...args: string[]): Level => ({
  name: project,
  run: () => {
    const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "federation-test-")), "jest.json");
    // --forceExit: a handle that a failed test left open must not hold up the levels after it
    const flags = ["--selectProjects", project, "--json", `--outputFile=${report}`, "--forceExit"];
    const good = command("jest", ...flags, ...args);
    if (!fs.existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
    const said = JSON.parse(fs.readFileSync(report, "utf8")) as Record<string, number>;
    const broken = (said.numRuntimeErrorTestSuites ?? 0) + (said.numFailedTests ?? 0);
    return {
      passed: said.numPassedTests ?? 0,
      failed: good ? broken : Math.max(1, broken),
      skipped: (said.numPendingTests ?? 0) + (said.numTodoTests ?? 0),
    };
  },
});

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  FEDERATION_LIVE_TESTS: "1",
  PATH: [paths.bin, path.dirname(process.execPath), process.env.PATH ?? ""].join(":"),
};

/** What git sees of the work tree: status, and the content of every change. */
function workTree(): string {
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: repository, encoding: "utf8" });
  return git("status", "--porcelain") + git("diff", "HEAD");
}

let before = "";
const remember: Level = {
  name: "work tree before",
  run: () => {
    before = workTree();
    return { passed: 0, failed: 0, skipped: 0 };
  },
};
const untouched: Level = {
  name: "work tree untouched",
  run: () => {
    const now = workTree();
    if (now === before) return { passed: 1, failed: 0, skipped: 0 };
    console.log(`before:\n${before}\nafter:\n${now}`);
    return { passed: 0, failed: 1, skipped: 0 };
  },
};

/** The sandbox end to end: from clean to clean, with everything that is proven on live clusters between. */
const sandbox: readonly Level[] = [
  remember,
  check("sandbox:down (start clean)", "tsx", "sandbox/cli.ts", "down"),
  check("sandbox (up)", "tsx", "sandbox/cli.ts", "up"),
  jest("sandbox", "--runInBand"),
  check("sandbox:down", "tsx", "sandbox/cli.ts", "down"),
  untouched,
];

const levels: Readonly<Record<string, readonly Level[]>> = {
  format: [check("format", "prettier", "--check", "--log-level", "warn", ".")],
  lint: [check("lint", "eslint", ".", "--max-warnings", "0")],
  types: [check("types", "tsc", "-p", ".")],
  unit: [jest("unit")],
  rules: [jest("rules")],
  dashboards: [jest("dashboards", "--runInBand")],
  policies: [jest("policies")],
  objects: [jest("objects")],
  workloads: [jest("workloads", "--runInBand")],
  faults: [jest("faults", "--runInBand")],
  sandbox,
  alerts: [check("sandbox (up)", "tsx", "sandbox/cli.ts", "up"), jest("alerts", "--runInBand")],
  improvement: [check("sandbox (up)", "tsx", "sandbox/cli.ts", "up"), jest("improvement", "--runInBand")],
  regression: [jest("regression", "--runInBand")],
};

/** What waits for alerts, or measures, as long as people would: too much to add to every run. */
const onlyByName: readonly string[] = ["alerts", "improvement", "regression"];

function main(wanted: readonly string[]): void {
  const unknown = wanted.filter((name) => !(name in levels));
  if (unknown.length > 0)
    throw new Error(`no level ${unknown.join(", ")}; there are ${Object.keys(levels).join(", ")}`);
  const usual = Object.keys(levels).filter((name) => !onlyByName.includes(name));
  const chosen = wanted.length === 0 ? usual : wanted;
  // promtool and its like are needed by every level after types
  const needsTools = chosen.some((name) => !["format", "lint", "types"].includes(name));
  if (needsTools && !command("tsx", "sandbox/cli.ts", "tools")) process.exit(1);
  const total: Count = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  for (const level of chosen.flatMap((name) => levels[name] ?? [])) {
    console.log(`\n== ${level.name}`);
    const start = performance.now();
    const count = level.run();
    console.log(`== ${level.name}: ${Math.round((performance.now() - start) / 1000)} s`);
    if (count.failed > 0) failures.push(level.name);
    for (const key of ["passed", "failed", "skipped"] as const) total[key] += count[key];
  }
  if (failures.length > 0) console.log(`\nfailed: ${failures.join(", ")}`);
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

main(process.argv.slice(2));
