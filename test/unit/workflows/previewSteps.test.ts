import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as yaml from "yaml";

/** The steps of the preview job, run as the runner runs them; only `pulumi` and `gh` are stand-ins that record. */

const root = path.join(__dirname, "../../..");
const commit = "0123456789abcdef0123456789abcdef01234567";

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const workflow = yaml.parse(fs.readFileSync(path.join(root, ".github/workflows/preview.yml"), "utf8")) as {
  defaults: { run: { shell: string } };
  jobs: { preview: { steps: readonly Step[] } };
};

const standIns: Readonly<Record<string, string>> = {
  pulumi: `#!/bin/bash
echo "pulumi $*" >>"$RECORD/calls"
if [ "$1" = config ]; then cat >"$RECORD/kubeconfig"; exit "\${CONFIG_CODE:-0}"; fi
cat "$RECORD/output"
exit "$(cat "$RECORD/code")"
`,
  gh: `#!/bin/bash
echo "gh $*" >>"$RECORD/calls"
echo "$PULUMI_CONFIG_PASSPHRASE$PREVIEW_KUBECONFIG" >>"$RECORD/seen-by-gh"
case "$*" in
  *--paginate*) cat "$RECORD/comments"; exit 0 ;;
esac
for argument; do
  case "$argument" in body=@*) cp "\${argument#body=@}" "$RECORD/body" ;; esac
done
`,
};

let folder: string;
const recorded = (name: string): string => fs.readFileSync(path.join(folder, name), "utf8");

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "preview-steps-"));
  for (const [name, script] of Object.entries(standIns))
    fs.writeFileSync(path.join(folder, name), script, { mode: 0o755 });
  for (const name of ["calls", "comments", "seen-by-gh", "outputs", "step-summary"])
    fs.writeFileSync(path.join(folder, name), "");
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** Fills in the expressions of a step's environment. */
function environmentOf(step: Step, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(step.env ?? {}).map(([name, text]) => [
      name,
      text.replace(/\$\{\{ (\S+) \}\}/g, (_, key: string) => values[key] ?? ""),
    ]),
  );
}

/** Runs the steps to the first that fails; the names of those that ran, with their exit codes. */
function runSteps(
  output: string,
  code: number,
  extra: Readonly<Record<string, string>> = {},
): [string, number | null][] {
  fs.writeFileSync(path.join(folder, "output"), output);
  fs.writeFileSync(path.join(folder, "code"), String(code));
  expect(workflow.defaults.run.shell).toBe("bash");
  const ran: [string, number | null][] = [];
  for (const step of workflow.jobs.preview.steps.filter(
    ({ name, run }) => name !== undefined && run !== undefined,
  )) {
    const values = {
      "secrets.PULUMI_BACKEND_URL": "file:///x",
      "secrets.PULUMI_CONFIG_PASSPHRASE": "open sesame",
      "secrets.PREVIEW_KUBECONFIG": "",
      "github.token": "t0ken",
      "github.event.pull_request.number": "7",
      "steps.preview.outputs.code": /^code=(\d+)$/m.exec(recorded("outputs"))?.[1] ?? "",
      ...extra,
    };
    const { status } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step.run ?? ""], {
      cwd: root,
      env: {
        PATH: [folder, path.dirname(process.execPath), process.env.PATH ?? ""].join(":"),
        RECORD: folder,
        RUNNER_TEMP: folder,
        GITHUB_OUTPUT: path.join(folder, "outputs"),
        GITHUB_STEP_SUMMARY: path.join(folder, "step-summary"),
        GITHUB_REPOSITORY: "example/federation",
        STACK: "cloud",
        COMMIT: commit,
        CONFIG_CODE: extra.CONFIG_CODE ?? "",
        ...environmentOf(step, values),
      },
    });
    ran.push([step.name ?? "", status]);
    if (status !== 0) break;
  }
  return ran;
}

const previewCall =
  "pulumi preview --stack cloud --diff --non-interactive --color never --policy-pack policies";
const listCall = "gh api --paginate repos/example/federation/issues/7/comments?per_page=100 --jq ";

it("previews, comments with the scrubbed output, and passes", () => {
  expect(runSteps("password: hunter2 open sesame\nResources:\n    + 1 to create\n", 0)).toEqual([
    ["Preview", 0],
    ["Comment", 0],
    ["Fail when the preview failed", 0],
  ]);
  const calls = recorded("calls").trim().split("\n");
  expect([calls[0], calls[1]?.slice(0, listCall.length), calls[2]]).toEqual([
    previewCall,
    listCall,
    `gh api --silent --method POST repos/example/federation/issues/7/comments --field body=@${folder}/comment.md`,
  ]);
  expect(recorded("body")).toContain("### Preview of `cloud` at `0123456789ab`: succeeded\n");
  expect(recorded("body")).toContain("\npassword: [scrubbed]\nResources:\n");
  expect(recorded("step-summary")).toBe(recorded("body"));
  expect(recorded("seen-by-gh").trim()).toBe("");
  expect(fs.existsSync(path.join(folder, "preview.txt"))).toBe(false);
});

it("updates the comment it finds", () => {
  fs.writeFileSync(path.join(folder, "comments"), "41\n42\n");
  runSteps("Resources:\n    3 unchanged\n", 0);
  expect(recorded("calls").trim().split("\n").at(-1)).toBe(
    `gh api --silent --method PATCH repos/example/federation/issues/comments/42 --field body=@${folder}/comment.md`,
  );
  expect(recorded("body")).toContain(": no changes\n");
});

it("comments first and then fails with the preview's code when the preview failed", () => {
  expect(runSteps("error: preview failed\n", 255)).toEqual([
    ["Preview", 0],
    ["Comment", 0],
    ["Fail when the preview failed", 255],
  ]);
  expect(recorded("body")).toContain(": failed (exit code 255)\n\n```text\nerror: preview failed\n```\n");
});

it("hands the kubeconfig over by standard input, never as an argument", () => {
  runSteps("Resources:\n    3 unchanged\n", 0, {
    "secrets.PREVIEW_KUBECONFIG": "apiVersion: v1\nusers: []\n",
  });
  expect(recorded("calls").split("\n").slice(0, 2)).toEqual([
    "pulumi config set --secret federation:kubeconfig --stack cloud --non-interactive",
    previewCall,
  ]);
  expect(recorded("kubeconfig")).toBe("apiVersion: v1\nusers: []\n");
});

it("does not preview with another kubeconfig when the given one could not be set", () => {
  const ran = runSteps("", 0, { "secrets.PREVIEW_KUBECONFIG": "x", CONFIG_CODE: "3" });
  expect(ran.at(-1)).toEqual(["Fail when the preview failed", 3]);
  expect(recorded("calls")).not.toContain("pulumi preview");
});
