import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { randomBytes } from "node:crypto";
import * as path from "node:path";
import { paths, repository } from "./paths";
import type { StackName } from "./project/overlay";

/** The environment in which the plain `pulumi` CLI works on the sandbox's stacks; the same as `.sandbox/env`. */
export function pulumiEnvironment(): Record<string, string> {
  return {
    PULUMI_OPTION_CWD: paths.project,
    PULUMI_OPTION_POLICY_PACK: path.join(repository, "policies"),
    PULUMI_BACKEND_URL: `file://${paths.backend}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: paths.passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    SANDBOX_KUBECONFIG_CLOUD: path.join(paths.kubeconfigs, "cloud"),
    SANDBOX_KUBECONFIG_HPC: path.join(paths.kubeconfigs, "hpc"),
    SANDBOX_HTTP_CONFIG_HUB: path.join(paths.http, "hub.yml"),
    SANDBOX_HTTP_CONFIG_HPC: path.join(paths.http, "hpc.yml"),
    PATH: [paths.standIns, paths.bin, path.dirname(process.execPath), process.env.PATH ?? ""].join(":"),
  };
}

/** Writes `.sandbox/env`, for people: `. .sandbox/env && pulumi preview --stack cloud --diff`. */
export function writeEnvironmentFile(): void {
  const lines = Object.entries(pulumiEnvironment()).map(([name, value]) =>
    name === "PATH"
      ? `export PATH='${[paths.standIns, paths.bin, path.dirname(process.execPath)].join(":")}':"$PATH"`
      : `export ${name}='${value}'`,
  );
  fs.writeFileSync(
    paths.env,
    `# To be sourced: the plain pulumi CLI then works on the sandbox's stacks.\n${lines.join("\n")}\n`,
  );
}

/** Backend folder and passphrase, made once. */
export function prepareBackend(): void {
  fs.mkdirSync(paths.backend, { recursive: true });
  if (!fs.existsSync(paths.passphrase))
    fs.writeFileSync(paths.passphrase, randomBytes(24).toString("base64url"), { mode: 0o600 });
}

/**
 * Runs the CLI and returns what it printed; throws with all of it when it fails.
 *
 * @param environment in place of the sandbox's own; what is undefined is not set
 */
export function pulumi(args: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  const run = spawnSync("pulumi", [...args, "--non-interactive"], {
    encoding: "utf8",
    env: { ...process.env, ...pulumiEnvironment(), ...environment },
    maxBuffer: 256 << 20,
  });
  if (run.error) throw run.error;
  if (run.status !== 0)
    throw new Error(
      `pulumi ${args.join(" ")} ended with ${run.status ?? run.signal}:\n${run.stdout}${run.stderr}`,
    );
  return run.stdout;
}

/** Runs the CLI with its output going to the terminal as it comes. */
export async function pulumiLive(args: readonly string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
      stdio: "inherit",
      env: { ...process.env, ...pulumiEnvironment() },
    });
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`pulumi ${args.join(" ")} ended with ${code ?? signal}`)),
    );
  });
}

/** Makes the stack where the backend does not have it yet. */
export function ensureStack(stack: StackName): void {
  const stacks = JSON.parse(pulumi(["stack", "ls", "--json"])) as { name: string }[];
  if (!stacks.some(({ name }) => name === stack || name.endsWith(`/${stack}`)))
    pulumi(["stack", "init", stack]);
}

/** A stack's outputs; secrets come masked unless asked for. */
export function stackOutputs(
  stack: StackName,
  options: { showSecrets?: boolean } = {},
): Record<string, unknown> {
  const args = ["stack", "output", "--json", "--stack", stack];
  return JSON.parse(pulumi(options.showSecrets ? [...args, "--show-secrets"] : args)) as Record<
    string,
    unknown
  >;
}
