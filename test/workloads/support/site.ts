import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { run } from "../../../workloads/model-sync/commands/run";
import type { RunReport } from "../../../workloads/model-sync/commands/run";
import { connect } from "../../../workloads/model-sync/connect";
import type { ConsiderOptions } from "../../../workloads/model-sync/publish/consider";
import type { ModelResult } from "../../../workloads/model-sync/publish/outcome";
import type { S3Credentials } from "../../../workloads/s3/http";
import type { SettingsInput } from "../../../workloads/model-sync/settings";
import { parseSettings } from "../../../workloads/model-sync/settings";
import type { Events, Worker } from "../../../workloads/model-sync/worker";
import { minioCredentials } from "./servers";

const mebibyte = 1024 * 1024;

export const silent: Events = {
  step: () => undefined,
  transfer: () => undefined,
  progress: () => undefined,
  retry: () => undefined,
  warn: () => undefined,
};

/** One run in this process: what it said, and each request it sent by the operation's name, in order. */
export interface Ran {
  readonly report: RunReport;
  readonly requests: readonly string[];
  /** Tries that were repeated, as they were told. */
  readonly retries: readonly string[];
}

let members = 0;
/** What the name of every site's member begins with. */
export const memberStem = `m${process.pid}-`;

/** A member's file system and settings; every site is a member of its own, so that sites share a bucket unharmed. */
export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), "site-"));
  readonly root = join(this.folder, "trained");
  readonly member = `${memberStem}${++members}`;
  /** Milliseconds; waiting moves it, nothing else does. */
  clock = Date.now();

  constructor(
    private readonly endpoint: string,
    private readonly overrides: Partial<SettingsInput> = {},
    user: S3Credentials = minioCredentials,
  ) {
    chmodSync(this.folder, 0o755);
    mkdirSync(this.root);
    writeFileSync(join(this.root, ".mounted"), "");
    writeFileSync(join(this.folder, "id"), `${user.accessKeyId}\n`);
    writeFileSync(join(this.folder, "secret"), `${user.secretAccessKey}\n`);
  }

  settings(more: Partial<SettingsInput> = {}): SettingsInput {
    const { s3, ...rest } = { ...this.overrides, ...more };
    return {
      member: this.member,
      root: this.root,
      rootGuard: { kind: "sentinel", file: ".mounted" },
      quiescence: { settleSeconds: 5, maxWaitSeconds: 3600 },
      limits: { partBytes: 5 * mebibyte },
      timeouts: { connectSeconds: 2, idleSeconds: 10 },
      retry: { attempts: 4, baseMilliseconds: 5, capMilliseconds: 20 },
      verify: { readBack: "none" },
      ...rest,
      s3: {
        endpoint: this.endpoint,
        accessKeyIdFile: join(this.folder, "id"),
        secretAccessKeyFile: join(this.folder, "secret"),
        ...s3,
      },
    };
  }

  path(model: string, file = ""): string {
    return join(this.root, model, file);
  }

  /** Writes a file; its time is cut to whole seconds, as BeeGFS keeps it. */
  write(model: string, file: string, content: string | Buffer, atMs = this.clock - 60_000): void {
    const path = this.path(model, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    this.touch(path, atMs);
  }

  append(model: string, file: string, content: string): void {
    appendFileSync(this.path(model, file), content);
    this.touch(this.path(model, file), this.clock);
  }

  private touch(path: string, atMs: number): void {
    const second = Math.floor(atMs / 1000);
    utimesSync(path, second, second);
  }

  worker(
    more: Partial<SettingsInput> = {},
    events: Events = silent,
    onRequest?: (operation: string) => void,
  ): Worker {
    return {
      ...connect(parseSettings(this.settings(more)), events, onRequest ? { onRequest } : {}),
      now: () => this.clock,
      wait: (ms) => {
        this.clock += ms;
        return Promise.resolve();
      },
    };
  }

  /** One run with the site's clock. */
  async sync(
    more: Partial<SettingsInput> = {},
    options: ConsiderOptions = {},
    events: Events = silent,
  ): Promise<Ran> {
    const requests: string[] = [];
    const retries: string[] = [];
    const told: Events = { ...events, retry: (what) => void retries.push(what) };
    const worker = this.worker(more, told, (operation) => void requests.push(operation));
    try {
      return { report: await run(worker, options), requests, retries };
    } finally {
      worker.s3.close();
    }
  }

  /** Runs and returns the one model's result. */
  async syncOne(
    more: Partial<SettingsInput> = {},
    options: ConsiderOptions = {},
  ): Promise<ModelResult & Omit<Ran, "report">> {
    const { report, ...rest } = await this.sync(more, options);
    const [only, ...others] = report.results;
    if (!only || others.length > 0) throw new Error(`${report.results.length} models, not 1`);
    return { ...only, ...rest };
  }

  /** Writes the settings for a process of its own. */
  configFile(more: Partial<SettingsInput> = {}): string {
    const file = join(this.folder, `config-${Math.random().toString(36).slice(2)}.json`);
    writeFileSync(file, JSON.stringify(this.settings(more)));
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How often each operation was sent. */
export function counts(requests: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const operation of requests) sums[operation] = (sums[operation] ?? 0) + 1;
  return sums;
}

let bundle: string | undefined;

/** The worker as one file, as it runs in a pod; built once. */
function workerBundle(): string {
  if (bundle !== undefined) return bundle;
  const folder = mkdtempSync(join(tmpdir(), "worker-"));
  chmodSync(folder, 0o755);
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  bundle = join(folder, "worker.js");
  buildSync({
    entryPoints: [join(__dirname, "../../../workloads/model-sync/main.ts")],
    outfile: bundle,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
  });
  return bundle;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
  /** Highest resident memory seen, bytes. */
  readonly peakBytes: number;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** A script that has Node.js give up root's rights before the worker starts: the user may not reach the binary itself. */
function dropRights(user: { readonly uid: number; readonly gid: number }): string {
  const file = join(dirname(workerBundle()), `as-${user.uid}.js`);
  writeFileSync(file, `process.setgroups([]); process.setgid(${user.gid}); process.setuid(${user.uid});\n`);
  return file;
}

/** Starts the bundled worker as a process of its own, as another user where one is given. */
export function startWorker(
  args: readonly string[],
  user?: { readonly uid: number; readonly gid: number },
): Running {
  const preload = user === undefined ? [] : ["--require", dropRights(user)];
  const child = spawn(process.execPath, [...preload, workerBundle(), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err, peakBytes] = ["", "", 0];
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (err += text.toString()));
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid ?? 0}/status`, "utf8");
      peakBytes = Math.max(peakBytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // Ended meanwhile.
    }
  }, 20);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", (error) => {
      clearInterval(look);
      reject(error);
    });
    child.once("close", (code, signal) => {
      clearInterval(look);
      resolve({ code, signal, out, err, peakBytes });
    });
  });
  return { child, ended };
}

/** The JSON lines of a worker's output with this event. */
export function eventsOf(out: string, event: string): Record<string, unknown>[] {
  const lines = out.split("\n").filter((line) => line.startsWith("{"));
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event === event);
}
