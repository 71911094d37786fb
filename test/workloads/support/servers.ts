import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A real server of a test, on 127.0.0.1, with a folder of its own that goes with it. */
export interface Server {
  readonly url: string;
  readonly folder: string;
  stop(): Promise<void>;
  /** Starts it again on the same port and the same data. */
  start(): Promise<void>;
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Kills the server's whole process group, whatever it has started, and waits until its leader is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const ended = child.exitCode !== null || child.signalCode !== null;
  const gone = ended ? undefined : new Promise((resolve) => child.once("exit", resolve));
  try {
    // a leader that ended by itself has left the group behind
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  await gone;
}

/**
 * Starts `command` and waits until `url + health` answers 200, or until `health` says so of the port. The server is ended
 * with the test process at the latest.
 */
export async function serve(
  label: string,
  health: string | ((port: number, folder: string) => Promise<boolean>),
  commandFor: (port: number, folder: string) => Command,
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), `${label}-`));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, "log");
  const healthy = (): Promise<boolean> =>
    typeof health === "string"
      ? fetch(`${url}${health}`).then(({ status }) => status === 200)
      : health(port, folder);
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const { name, args, env } = commandFor(port, folder);
    const out = openSync(log, "a");
    // When this process ends, however it does, so does the pipe, and with it the server's whole group.
    const script = '(read -r _ <&3; kill -9 0) & exec "$@" 3<&-';
    const started = spawn("sh", ["-c", script, "sh", name, ...args], {
      detached: true,
      stdio: ["ignore", out, out, "pipe"],
      env: { ...process.env, ...env },
    });
    child = started;
    let failure: Error | undefined;
    started.once("error", (error) => (failure = error));
    for (const deadline = Date.now() + 90_000; ;) {
      if (await healthy().catch(() => false)) return;
      if (failure !== undefined || started.exitCode !== null || Date.now() > deadline) break;
      await sleep(100);
    }
    if (failure === undefined) await end(started);
    throw failure ?? new Error(`${label} did not start:\n${readFileSync(log, "utf8").slice(-2000)}`);
  };
  const stop = async (): Promise<void> => {
    if (child !== undefined) await end(child);
    child = undefined;
  };
  await start();
  return { url, folder, start, stop };
}

/** Stops servers and removes their folders. */
export async function dispose(...servers: readonly (Server | undefined)[]): Promise<void> {
  for (const server of servers) {
    if (server === undefined) continue;
    await server.stop();
    rmSync(server.folder, { recursive: true, force: true });
  }
}

export const minioCredentials = { accessKeyId: "sandbox-root", secretAccessKey: "sandbox-root-secret" };

/** A MinIO of its own. */
export function startMinio(): Promise<Server> {
  return serve("minio", "/minio/health/ready", (port, folder) => ({
    name: "minio",
    args: ["server", "--quiet", "--address", `127.0.0.1:${port}`, join(folder, "data")],
    env: {
      MINIO_ROOT_USER: minioCredentials.accessKeyId,
      MINIO_ROOT_PASSWORD: minioCredentials.secretAccessKey,
      MINIO_BROWSER: "off",
    },
  }));
}

/** Flips a bit of an object where MinIO keeps it, below all of its interfaces; it must be large enough for a file of its own. */
export function rot(minio: Server, bucket: string, key: string): void {
  const folder = join(minio.folder, "data", bucket, key);
  const name = readdirSync(folder, { recursive: true }).find((found) => String(found).endsWith("part.1"));
  if (name === undefined) throw new Error(`${folder}: no part of its own`);
  const file = join(folder, String(name));
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
}

/** The Python that MLflow runs on; KServe's storage package is installed beside it. */
export function mlflowPython(): string {
  const program = (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "mlflow"))
    .find(existsSync);
  if (program === undefined)
    throw new Error("mlflow is not on the PATH: `npm run test:workloads` installs it");
  return join(dirname(realpathSync(program)), "python");
}

/**
 * An MLflow of its own on SQLite; it never sees the bytes that its versions name.
 *
 * @param flags more of its arguments, by the folder that goes with it
 */
export function startMlflow(flags: (folder: string) => readonly string[] = () => []): Promise<Server> {
  return serve("mlflow", "/health", (port, folder) => ({
    name: "mlflow",
    args: [
      "server",
      ...["--backend-store-uri", `sqlite:///${folder}/mlflow.db`],
      ...["--artifacts-destination", join(folder, "artifacts")],
      ...flags(folder),
      ...["--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
    ],
    env: { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", MLFLOW_DISABLE_TELEMETRY: "true" },
  }));
}
