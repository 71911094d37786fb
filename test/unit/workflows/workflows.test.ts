import * as fs from "node:fs";
import * as path from "node:path";
import { validateWorkflow } from "@action-validator/core";
import * as yaml from "yaml";

const folder = path.join(__dirname, "../../../.github/workflows");
const files = fs.readdirSync(folder).sort();
const text = (file: string): string => fs.readFileSync(path.join(folder, file), "utf8");

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly if?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "runs-on": string | readonly string[];
  readonly "timeout-minutes"?: number;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean | string };
  readonly jobs: Readonly<Record<string, Job>>;
}

/** What is wrong with a workflow by our own rules, beyond its schema. */
function problems(source: string): string[] {
  const workflow = yaml.parse(source) as Workflow;
  const found: string[] = [];
  for (const event of ["pull_request_target", "workflow_run", "issue_comment"])
    if (event in workflow.on) found.push(`runs on ${event}: a fork's event with this repository's rights`);
  if (workflow.permissions === undefined) found.push("no permissions at the top level");
  for (const [scope, right] of Object.entries(workflow.permissions ?? {}))
    if (right === "write") found.push(`${scope}: write for every job`);
  for (const [name, job] of Object.entries(workflow.jobs)) {
    if (job["timeout-minutes"] === undefined) found.push(`${name}: no timeout`);
    const selfHosted = Array.isArray(job["runs-on"]);
    const guarded = (job.if ?? "").includes(
      "github.event.pull_request.head.repo.full_name == github.repository",
    );
    const privileged =
      selfHosted || /\bsecrets\.|github\.token/.test(JSON.stringify(job)) || job.permissions !== undefined;
    if (privileged && !guarded)
      found.push(`${name}: a fork's branch reaches secrets, rights or our machines`);
    if (JSON.stringify(job).includes("secrets.") && job.environment === undefined)
      found.push(`${name}: secrets outside a protected environment`);
    for (const step of job.steps) {
      if (step.uses !== undefined && !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/.test(step.uses))
        found.push(`${name}: ${step.uses} is not pinned by commit`);
      if (step.run?.includes("${{") === true) found.push(`${name}: an expression within a script`);
      if (step.uses?.startsWith("actions/checkout@") === true && step.with?.["persist-credentials"] !== false)
        found.push(`${name}: checkout leaves its token behind`);
    }
  }
  return found;
}

it("has the two workflows", () => {
  expect(files).toEqual(["preview.yml", "test.yml"]);
});

describe.each(files)("%s", (file) => {
  it("fits the schema of workflow files", () => {
    expect(validateWorkflow(text(file)).errors).toEqual([]);
  });

  it("keeps our rules", () => {
    expect(problems(text(file))).toEqual([]);
  });

  it("says the version of every action it pins, the same commit everywhere", () => {
    const pins = files.flatMap((other) => [
      ...text(other).matchAll(/uses: (\S+)@(\S+)( # v\d+\.\d+\.\d+)?$/gm),
    ]);
    const commits = new Map(pins.map(([, action = "", commit = ""]) => [action, commit]));
    for (const [whole, action = "", commit, version] of pins) {
      expect({ whole, version }).toEqual({ whole, version: expect.stringMatching(/^ # v\d/) as string });
      expect(commit).toBe(commits.get(action));
    }
  });
});

describe("the checks themselves", () => {
  const preview = text("preview.yml");
  const broken = (from: string | RegExp, to: string): string => {
    const result = preview.replace(from, to);
    expect(result).not.toBe(preview);
    return result;
  };

  it.each<[string, string | RegExp, string, string]>([
    ["a misspelt key of a step", "        run: |", "        runs: |", "/jobs/preview"],
    ["a job without a runner", /^ {4}runs-on: ubuntu-24.04\n/m, "", "/jobs/render"],
    ["an unknown event", "\n  pull_request:\n", "\n  pull_requests:\n", "/on"],
    ["an unknown right", "pull-requests: write", "pull-requests: all", "/jobs/preview"],
    [
      "permissions of an unknown scope",
      "permissions:\n  contents: read",
      "permissions:\n  content: read",
      "/permissions",
    ],
  ])("the schema refuses %s", (_what, from, to, at) => {
    const { errors } = validateWorkflow(broken(from, to));
    expect(errors).not.toEqual([]);
    expect(JSON.stringify(errors)).toContain(`"path":"${at}`);
  });

  it.each<[string, string | RegExp, string, string]>([
    [
      "pull_request_target",
      "  pull_request:",
      "  pull_request_target:",
      "runs on pull_request_target: a fork's event with this repository's rights",
    ],
    ["no permissions", /^permissions:\n {2}contents: read\n/m, "", "no permissions at the top level"],
    [
      "an action by tag",
      /actions\/checkout@\w+/,
      "actions/checkout@v7",
      "preview: actions/checkout@v7 is not pinned by commit",
    ],
    ["no environment", /^ {4}environment: .*\n/m, "", "preview: secrets outside a protected environment"],
    [
      "no fork condition",
      /^ {4}if: .* == .*\n/m,
      "",
      "preview: a fork's branch reaches secrets, rights or our machines",
    ],
    [
      "secrets in the fork's job",
      "  render:\n",
      "  render:\n    environment: x\n    env2: {A: '${{ secrets.A }}'}\n",
      "render: a fork's branch reaches secrets, rights or our machines",
    ],
    [
      "an expression in a script",
      'exit "$CODE"',
      "exit ${{ steps.preview.outputs.code }}",
      "preview: an expression within a script",
    ],
    [
      "a token left behind",
      "persist-credentials: false",
      "persist-credentials: true",
      "preview: checkout leaves its token behind",
    ],
  ])("our rules refuse %s", (_what, from, to, problem) => {
    expect(problems(broken(from, to))).toEqual([problem]);
  });
});

describe("preview.yml", () => {
  const workflow = yaml.parse(text("preview.yml")) as Workflow;
  const { preview, render } = workflow.jobs as { preview: Job; render: Job };

  it("runs on pull requests only, one run each", () => {
    expect(workflow.on).toEqual({ pull_request: null });
    expect(workflow.permissions).toEqual({ contents: "read" });
    expect(workflow.concurrency).toEqual({
      group: "preview-${{ github.event.pull_request.number }}",
      "cancel-in-progress": true,
    });
  });

  it("previews each stack on its own runner, in its own environment, for branches of this repository", () => {
    expect(preview.strategy?.matrix).toEqual({ stack: ["cloud", "hpc"] });
    expect(preview["runs-on"]).toEqual(["self-hosted", "federation-${{ matrix.stack }}"]);
    expect(preview.environment).toBe("federation-${{ matrix.stack }}-preview");
    expect(preview.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
    expect(preview.permissions).toEqual({ contents: "read", "pull-requests": "write" });
  });

  it("gives the stack's secrets to the preview alone, and the token to the comment alone", () => {
    const holders = (mark: string): string[] =>
      preview.steps
        .filter((step) => JSON.stringify(step).includes(mark))
        .map((step) => step.name ?? step.uses ?? "");
    expect(holders("secrets.")).toEqual(["Preview"]);
    expect(holders("github.token")).toEqual(["Comment"]);
    expect(preview.steps.slice(-3).map((step) => step.name)).toEqual([
      "Preview",
      "Comment",
      "Fail when the preview failed",
    ]);
  });

  it("renders a fork's branch on a hosted runner without environment, secrets or rights", () => {
    expect(render.if).toBe("github.event.pull_request.head.repo.full_name != github.repository");
    expect(render["runs-on"]).toBe("ubuntu-24.04");
    expect([render.environment, render.permissions]).toEqual([undefined, undefined]);
    expect(JSON.stringify(render)).not.toMatch(/secrets|token/);
    expect(render.strategy?.matrix).toEqual({ stack: ["cloud", "hpc"] });
    expect(render.steps.map((step) => step.run ?? "").join("\n")).toContain(
      'npm run --silent render -- --stack "$STACK"',
    );
  });
});
