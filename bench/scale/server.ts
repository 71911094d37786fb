import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Prometheus } from "../../commands/preview/prometheus";
import type { Endpoint } from "../../commands/preview/prometheus";
import { freePort } from "../../test/workloads/support/servers";
import { peakOf } from "../sync/process";

const READY_WITHIN = 300_000;
/** Raw questions over a whole site take minutes. */
const ANSWER_WITHIN = 3_600_000;
/** What Go's runtime of one server keeps to: two of them, and what lies outside it, stay within the cap. */
const MEMORY_LIMIT = "5GiB";

export interface ServerArgs {
  /** The program. */
  readonly prometheus: string;
  /** Folder of its configuration, log and, unless `data` is given, its TSDB. */
  readonly folder: string;
  /** Its TSDB. */
  readonly data: string;
  /** Text of `prometheus.yml`. */
  readonly config: string;
  /** Files beside it, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** File of `files` that is its web configuration: it then serves https. */
  readonly webConfig?: string;
  /** How it is asked then, beside the URL. */
  readonly client?: Omit<Endpoint, "url">;
}

/** A Prometheus of its own on loopback, which ends with this process at the latest. */
export class PrometheusServer {
  readonly #args: ServerArgs;
  #port = 0;
  #child: ChildProcess | undefined;
  #client: Prometheus | undefined;
  #peakMiB = 0;

  private constructor(args: ServerArgs) {
    this.#args = args;
  }

  /** Writes its files and starts it. */
  public static async start(args: ServerArgs): Promise<PrometheusServer> {
    const server = new PrometheusServer(args);
    fs.mkdirSync(args.folder, { recursive: true });
    const files = { "prometheus.yml": args.config, ...args.files };
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(args.folder, name), text);
    await server.start();
    return server;
  }

  /** Where it listens; another port after each start, as one that is left may be taken by then. */
  public get url(): string {
    return `${this.#args.webConfig === undefined ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  /** Asks it. */
  public get client(): Prometheus {
    if (this.#client === undefined) throw new Error(`the Prometheus of ${this.#args.folder} does not run`);
    return this.#client;
  }

  /** Highest resident memory up to now, over all its starts. */
  public get peakMiB(): number {
    this.#look();
    return this.#peakMiB;
  }

  public async start(): Promise<void> {
    const { prometheus, folder, data, webConfig, client } = this.#args;
    this.#port = await freePort();
    const log = path.join(folder, "log.txt");
    const out = fs.openSync(log, "a");
    const child = spawn(
      "setpriv",
      [
        ...["--pdeathsig", "KILL", prometheus],
        `--config.file=${path.join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${data}`,
        // as seeded, without compaction while queries are timed
        "--storage.tsdb.min-block-duration=2h",
        "--storage.tsdb.max-block-duration=2h",
        "--query.max-samples=1000000000",
        `--query.timeout=${ANSWER_WITHIN / 1000}s`,
        `--web.listen-address=127.0.0.1:${this.#port}`,
        ...(webConfig === undefined ? [] : [`--web.config.file=${path.join(folder, webConfig)}`]),
      ],
      { stdio: ["ignore", out, out], env: { ...process.env, GOMEMLIMIT: MEMORY_LIMIT } },
    );
    fs.closeSync(out);
    this.#child = child;
    this.#client = new Prometheus({ ...client, url: this.url, timeoutMs: ANSWER_WITHIN });
    let failure: Error | undefined;
    child.once("error", (error) => (failure = error));
    for (const deadline = Date.now() + READY_WITHIN; ;) {
      const [answer] = await this.#client.instant("vector(1)", Date.now()).catch(() => []);
      if (answer !== undefined) return;
      if (failure !== undefined) throw failure;
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`prometheus did not start:\n${fs.readFileSync(log, "utf8").slice(-2000)}`);
      await sleep(20);
    }
  }

  public async stop(): Promise<void> {
    this.#look();
    this.#client?.close();
    this.#client = undefined;
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  }

  /** Stops it, lets the kernel forget what it read, and starts it. */
  public async restartCold(): Promise<void> {
    await this.stop();
    dropCaches();
    await this.start();
  }

  #look(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      this.#peakMiB = Math.max(this.#peakMiB, peakOf(fs.readFileSync(`/proc/${pid}/status`, "utf8")) ?? 0);
    } catch {
      // it has ended
    }
  }
}

/** Everything that is cached of files is forgotten; needs root. */
export function dropCaches(): void {
  const synced = spawnSync("sync");
  if (synced.error !== undefined) throw synced.error;
  fs.writeFileSync("/proc/sys/vm/drop_caches", "3");
}
