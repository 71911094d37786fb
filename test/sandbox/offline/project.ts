import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { installStandIns } from "../../../sandbox/offline/install";

/** What a command printed and how it ended. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  /** All it printed. */
  readonly output: string;
}

/** One resource as an exported state has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly initErrors?: readonly string[];
}

/** One step of `pulumi preview --json`. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly replaceReasons?: readonly string[];
}

const repository = resolve(__dirname, "../../..");

/** Runs a command to its end, whatever its exit code; both of its outputs as one text. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly input?: string },
): Promise<Result> {
  return new Promise((done, fail) => {
    const child = execFile(command, args, { ...options, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") done({ code, stdout, output: stdout + stderr });
      else fail(new Error(`${command} could not run`, { cause: error }));
    });
    child.stdin?.end(options.input);
  });
}

/** A Pulumi project in a folder of its own, with the stand-ins, a local backend and a passphrase. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "offline-project-"));
  readonly env: NodeJS.ProcessEnv;
  /** Where the project's commands keep what is to be gone when they end. */
  readonly temporary = join(this.folder, "tmp");
  private readonly bin = join(this.folder, "bin");

  /** `environment` is what the project's commands see beside the test's own. */
  constructor(environment: Readonly<Record<string, string>> = {}) {
    this.env = {
      ...process.env,
      PATH: [this.bin, process.env.PATH].join(delimiter),
      PULUMI_BACKEND_URL: `file://${this.folder}/state`,
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_CONFIG_PASSPHRASE: "of these tests alone",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      TMPDIR: this.temporary,
      ...environment,
    };
  }

  /**
   * Makes the folder and the stack. `main` is the program's file in the folder `program`, `nodeArguments` are node's
   * own for running it.
   */
  async start(main = "index.js", nodeArguments = ""): Promise<void> {
    for (const folder of ["state", "home", "program", "pack", "tmp"]) mkdirSync(join(this.folder, folder));
    symlinkSync(join(repository, "node_modules"), join(this.folder, "node_modules"));
    await installStandIns(this.bin, { node: process.execPath });
    const options = { typescript: false, ...(nodeArguments === "" ? {} : { nodeargs: nodeArguments }) };
    const project = { name: "offline", main: "program/", runtime: { name: "nodejs", options } };
    this.write("Pulumi.yaml", JSON.stringify(project));
    this.write("program/package.json", JSON.stringify({ name: "program", main }));
    await this.must("stack", "init", "test");
  }

  /** Removes the folder; what the stack made is gone by then or goes with what it was made in. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  write(path: string, content: string): void {
    writeFileSync(join(this.folder, path), content);
  }

  /** Sets a secret of the stack's configuration. */
  async setSecret(key: string, value: string): Promise<void> {
    const args = ["config", "set", "--secret", key];
    const { code, output } = await run("pulumi", args, { cwd: this.folder, env: this.env, input: value });
    if (code !== 0) throw new Error(output);
  }

  pulumi(...args: readonly string[]): Promise<Result> {
    return run("pulumi", [...args, "--non-interactive"], { cwd: this.folder, env: this.env });
  }

  /** As `pulumi`, and an error with everything it printed when it fails; its standard output otherwise. */
  async must(...args: readonly string[]): Promise<string> {
    const { code, stdout, output } = await this.pulumi(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
    return stdout;
  }

  up(...args: readonly string[]): Promise<Result> {
    return this.pulumi("up", "--yes", "--skip-preview", ...args);
  }

  mustUp(...args: readonly string[]): Promise<string> {
    return this.must("up", "--yes", "--skip-preview", ...args);
  }

  /** The steps a preview shows, by the resource's logical name, without those that change nothing. */
  async preview(): Promise<Record<string, Step>> {
    const { steps } = JSON.parse(await this.must("preview", "--json")) as { steps: readonly Step[] };
    return Object.fromEntries(
      steps
        .filter(({ op }) => op !== "same")
        .map((step) => [step.urn.slice(step.urn.lastIndexOf("::") + 2), step]),
    );
  }

  /** The exported state, whole. */
  async exported(): Promise<string> {
    return this.must("stack", "export");
  }

  /** The state of every resource but the stack itself, by logical name. */
  async state(): Promise<Record<string, StateResource>> {
    const { deployment } = JSON.parse(await this.exported()) as {
      deployment: { resources?: readonly StateResource[] };
    };
    return Object.fromEntries(
      (deployment.resources ?? []).map((resource) => [
        resource.urn.slice(resource.urn.lastIndexOf("::") + 2),
        resource,
      ]),
    );
  }
}
