import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { repository } from "../../sandbox/paths";
import { pulumiEnvironment } from "../../sandbox/pulumi";

/** A project of its own, with a backend of its own, on the cluster `cloud`: the real stacks stay out of this. */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "policies-"));
const kubeconfig = process.env.SANDBOX_KUBECONFIG_CLOUD ?? pulumiEnvironment().SANDBOX_KUBECONFIG_CLOUD ?? "";
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  ...pulumiEnvironment(),
  PULUMI_OPTION_CWD: folder,
  PULUMI_BACKEND_URL: `file://${folder}`,
  PULUMI_CONFIG_PASSPHRASE: "policies",
};
delete environment.PULUMI_CONFIG_PASSPHRASE_FILE;

interface Run {
  readonly status: number | null;
  readonly output: string;
}

function run(command: string, args: readonly string[], input?: string): Run {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    env: environment,
    ...(input !== undefined && { input }),
  });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

function succeed(command: string, args: readonly string[], input?: string): string {
  const { status, output } = run(command, args, input);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${String(status)}:\n${output}`);
  return output;
}

const flags = ["--non-interactive", "--color", "never", "--stack", "test"];
const objects = () =>
  succeed("kubectl", [
    "--kubeconfig",
    kubeconfig,
    "-n",
    "default",
    "get",
    "configmaps,deployments",
    "-o",
    "name",
  ])
    .split("\n")
    .filter((name) => name.includes("policy-test"));

jest.setTimeout(120_000);

beforeAll(() => {
  if (!fs.existsSync(kubeconfig)) {
    throw new Error(
      `no kubeconfig at "${kubeconfig}": run \`npm run sandbox\` first, or set SANDBOX_KUBECONFIG_CLOUD`,
    );
  }
  fs.writeFileSync(
    path.join(folder, "Pulumi.yaml"),
    stringify({
      name: "violations",
      runtime: { name: "nodejs", options: { typescript: false, nodeargs: "--import tsx" } },
      main: path.relative(folder, path.join(repository, "test/sandbox/programs/violations.ts")),
    }),
  );
  succeed("pulumi", ["stack", "init", "test", "--non-interactive"]);
  succeed(
    "pulumi",
    ["config", "set", "--secret", "violations:kubeconfig", "--stack", "test"],
    fs.readFileSync(kubeconfig, "utf8"),
  );
});

afterAll(() => {
  run("pulumi", ["destroy", "--yes", "--skip-preview", ...flags]);
  fs.rmSync(folder, { recursive: true });
});

describe("pulumi up with the policy pack", () => {
  it.each([
    [
      "require-cluster-label",
      'ConfigMap "rules", data["rules-test.yml"], group "test", fed_hub:test:up: the label cluster is lost: sum() has no "by (cluster, ...)"',
    ],
    [
      "disallow-plain-secrets",
      'ConfigMap "rules", data["app.yml"] line 1: a password or token; put it in a Secret and mount that as a file',
    ],
    [
      "require-pinned-images",
      'Deployment "app", container "app", spec.template.spec.containers[0].image: "nginx:1.27" is not pinned; write name:tag@sha256:<64 hex digits>',
    ],
    [
      "require-requests-and-limits",
      'Deployment "app", container "app", spec.template.spec.containers[0].resources: set limits.cpu',
    ],
    [
      "require-pod-security",
      'Deployment "app", container "app", spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation: must be false',
    ],
  ])("stops what breaks %s", (policy, message) => {
    succeed("pulumi", ["config", "set", "violations:breaks", policy, "--stack", "test"]);
    const subject = message.startsWith("ConfigMap") ? "core/v1:ConfigMap: rules" : "apps/v1:Deployment: app";
    const { status, output } = run("pulumi", ["up", "--yes", ...flags]);
    const lines = output.split("\n").map((line) => line.trim());
    expect(status).not.toBe(0);
    expect(lines.filter((line) => /\[(mandatory|advisory)\]/.test(line))).toEqual([
      `- [mandatory]  ${policy}  (kubernetes:${subject})`,
    ]);
    expect(lines).toContain(message);
    expect(output).not.toContain("hunter2");
    expect(objects()).toEqual([]);
  });

  it("stops it without a preview too", () => {
    succeed("pulumi", ["config", "set", "violations:breaks", "require-pinned-images", "--stack", "test"]);
    const { status, output } = run("pulumi", ["up", "--yes", "--skip-preview", ...flags]);
    expect(status).not.toBe(0);
    expect(output).toContain("- [mandatory]  require-pinned-images  (kubernetes:apps/v1:Deployment: app)");
    expect(objects()).not.toContain("deployment.apps/policy-test-app");
  });

  it("lets through what breaks none", () => {
    succeed("pulumi", ["config", "set", "violations:breaks", "none", "--stack", "test"]);
    const output = succeed("pulumi", ["up", "--yes", "--skip-preview", ...flags]);
    expect(output).not.toMatch(/mandatory|advisory/);
    expect(objects()).toEqual(["configmap/policy-test-rules", "deployment.apps/policy-test-app"]);
  });
});
