import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../workloads/support/servers";
import { run, type Result } from "./project";

/** Who calls. */
export interface Caller {
  readonly user: string;
  readonly secret: string;
}

/** A MinIO of its own on the loopback address, with TLS under an authority of its own. */
export class MinioServer {
  readonly root: Caller = { user: "root", secret: "r00t@sandbox/only" };
  readonly folder = mkdtempSync(join(tmpdir(), "offline-minio-"));
  readonly caFile = join(this.folder, "client", "certs", "CAs", "ca.crt");
  private child: ChildProcess | undefined;
  private port = 0;

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.makeCertificates();
    this.port = await freePort();
    const log = join(this.folder, "log");
    const out = openSync(log, "a");
    const args = [
      "server",
      "--quiet",
      "--address",
      this.address,
      "--certs-dir",
      join(this.folder, "certificates"),
    ];
    const child = spawn("minio", [...args, join(this.folder, "data")], {
      stdio: ["ignore", out, out],
      env: {
        ...process.env,
        MINIO_ROOT_USER: this.root.user,
        MINIO_ROOT_PASSWORD: this.root.secret,
        MINIO_BROWSER: "off",
      },
    });
    this.child = child;
    let failure: Error | undefined;
    child.once("error", (error) => (failure = error));
    process.once("exit", () => child.kill("SIGKILL"));
    for (const deadline = Date.now() + 60_000; !(await this.isReady()); await sleep(50)) {
      if (failure !== undefined) throw failure;
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`MinIO did not start:\n${readFileSync(log, "utf8").slice(-2000)}`);
    }
  }

  /** Ends the server and removes what it kept. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child?.exitCode === null && child.pid !== undefined) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs mc, with JSON answers, as somebody. */
  mc(caller: Caller, ...args: readonly string[]): Promise<Result> {
    const env = {
      ...process.env,
      MC_CONFIG_DIR: join(this.folder, "client"),
      MC_HOST_minio: `https://${caller.user}:${caller.secret}@${this.address}`,
    };
    return run("mc", ["--json", ...args], { cwd: this.folder, env });
  }

  /** The objects mc answers root with; an error when it fails. */
  async must(...args: readonly string[]): Promise<Record<string, unknown>[]> {
    const { code, stdout, output } = await this.mc(this.root, ...args);
    if (code !== 0) throw new Error(`mc ${args.join(" ")} ended with ${code}:\n${output}`);
    const lines = stdout.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  private makeCertificates(): void {
    for (const folder of ["certificates", "client/certs/CAs"])
      mkdirSync(join(this.folder, folder), { recursive: true });
    writeFileSync(join(this.folder, "names"), "subjectAltName=IP:127.0.0.1\n");
    const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    const authority = "-CA client/certs/CAs/ca.crt -CAkey ca.key -CAcreateserial";
    for (const command of [
      `req -x509 ${key} -days 2 -subj /CN=authority -keyout ca.key -out client/certs/CAs/ca.crt`,
      `req ${key} -subj /CN=minio -keyout certificates/private.key -out request`,
      `x509 -req -in request ${authority} -days 2 -extfile names -out certificates/public.crt`,
    ])
      execFileSync("openssl", command.split(" "), { cwd: this.folder, stdio: "pipe" });
  }

  private isReady(): Promise<boolean> {
    const options = { ca: readFileSync(this.caFile), timeout: 5_000 };
    return new Promise((resolve) => {
      const request = get(`https://${this.address}/minio/health/ready`, options, (response) => {
        response.resume().once("end", () => resolve(response.statusCode === 200));
      });
      request.once("timeout", () => request.destroy());
      request.once("error", () => resolve(false));
    });
  }
}
