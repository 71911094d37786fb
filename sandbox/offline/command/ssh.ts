import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "./connection";
import { execute, failure, type Ended, type Given } from "./processes";

/** Milliseconds before the second attempt to connect, how it grows, and its most: the official provider's. */
const backoff = { first: 100, factor: 1.5, most: 5_000 } as const;

const words = {
  status: (code: number) => `Process exited with status ${code}`,
  signal: (signal: string) => `Process exited with signal ${signal}`,
};

/** A session of OpenSSH's client: key, pinned host key and control socket lie in a folder that goes with it. */
class Session {
  private readonly folder = mkdtempSync(join(tmpdir(), "pulumi-command-"));
  private readonly socket = join(this.folder, "s");
  private readonly log = join(this.folder, "log");
  private master: ChildProcess | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly signal: AbortSignal,
  ) {
    const { privateKey, hostKey } = connection;
    writeFileSync(join(this.folder, "key"), `${privateKey.trimEnd()}\n`, { mode: 0o600 });
    writeFileSync(join(this.folder, "known"), `host ${hostKey}\n`);
  }

  /** Connects once; undefined when that worked, else why not. */
  async dial(): Promise<string | undefined> {
    writeFileSync(this.log, "");
    const args = [...this.options(), "-E", this.log, "-M", "-N", ...this.target()];
    const master = spawn("ssh", args, { stdio: "ignore", env: process.env, signal: this.signal });
    this.master = master;
    let problem: string | undefined;
    master.once("error", (error) => (problem = error.message));
    master.once(
      "close",
      () => (problem ??= readFileSync(this.log, "utf8").trim() || "ssh ended without a word"),
    );
    while (problem === undefined && !existsSync(this.socket)) await sleep(10);
    if (this.signal.aborted) throw new Error("cancelled");
    master.removeAllListeners("close");
    return problem;
  }

  run(command: string, given: Given): Promise<Ended> {
    return execute(["ssh", ...this.options(), ...this.target(), command], given);
  }

  /** Ends the session. Its folder goes last: a client that still ends would take files from under the removal. */
  async close(): Promise<void> {
    const { master } = this;
    if (master?.pid !== undefined && master.exitCode === null && master.signalCode === null) {
      const ended = once(master, "exit");
      master.kill();
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private options(): string[] {
    const { hostKey, perDialTimeout } = this.connection;
    const options = {
      BatchMode: "yes",
      IdentitiesOnly: "yes",
      IdentityAgent: "none",
      IdentityFile: join(this.folder, "key"),
      StrictHostKeyChecking: "yes",
      UserKnownHostsFile: join(this.folder, "known"),
      GlobalKnownHostsFile: "/dev/null",
      HostKeyAlias: "host",
      HostKeyAlgorithms: hostKey.split(" ")[0] ?? "",
      ConnectTimeout: String(perDialTimeout),
      ControlPath: this.socket,
      LogLevel: "ERROR",
    };
    return [
      "-F",
      "/dev/null",
      ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    ];
  }

  private target(): string[] {
    const { host, port, user } = this.connection;
    return ["-p", String(port), "-l", user, "--", host];
  }
}

/**
 * Runs a command on a host by the system's ssh and returns how it ended; an Error in the official provider's words when
 * it did not end well. `status` hears of attempts to connect that failed.
 */
export async function runRemote(
  connection: Connection,
  command: string,
  given: Given,
  status: (message: string) => void,
): Promise<Ended> {
  const session = new Session(connection, given.signal);
  try {
    await connect(session, connection.dialErrorLimit, status, given.signal);
    const ended = await session.run(command, given);
    if (ended.code === 0) return ended;
    throw failure(command, ended, words);
  } finally {
    await session.close();
  }
}

async function connect(
  session: Session,
  limit: number,
  status: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let wait: number = backoff.first;
  for (let failed = 1; ; failed++) {
    const problem = await session.dial();
    if (problem === undefined) return;
    if (limit >= 0 && failed > limit) throw new Error(`after ${failed - 1} failed attempts: ${problem}`);
    status(`Dial ${failed}/${limit < 0 ? "inf" : limit} failed: retrying`);
    await sleep(wait, undefined, { signal });
    wait = Math.min(wait * backoff.factor, backoff.most);
  }
}
