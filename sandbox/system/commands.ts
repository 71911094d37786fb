import { spawn } from "node:child_process";

/** The environment of every command and daemon of the sandbox: nothing of the caller's leaks in. */
export const cleanEnvironment: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
};

/** A command that ended with an exit code other than 0; the message carries its stderr. */
export class CommandError extends Error {
  constructor(
    readonly argv: readonly string[],
    readonly exitCode: number | null,
    readonly stderr: string,
  ) {
    super(`${argv.join(" ")}: exit code ${exitCode ?? "none (killed)"}\n${stderr.trim()}`);
    this.name = "CommandError";
  }
}

export interface RunOptions {
  /** Written to the command's standard input, which is closed after it. */
  readonly input?: string;
  /** Added to `cleanEnvironment`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until the command is killed and the call fails; default 60,000. */
  readonly timeout?: number;
}

/** Runs a command and answers its standard output. Fails with a `CommandError`, never quietly. */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<string> {
  const [file, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { ...cleanEnvironment, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeout ?? 60_000,
      killSignal: "SIGKILL",
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    // A command that does not read its input closes the pipe early: its exit code tells, not the pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString("utf8"));
      else reject(new CommandError(argv, code, Buffer.concat(err).toString("utf8")));
    });
  });
}

/**
 * The same command inside a named network namespace. Not by `ip netns exec`: that mounts a new /sys, and a
 * kubelet started so sees no cgroups.
 */
export function inNamespace(
  namespace: string,
  argv: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  return ["nsenter", `--net=/run/netns/${namespace}`, "--", ...argv];
}
