import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { paths } from "../../../sandbox/paths";
import { syntheticSeries, valueAt } from "./syntheticSite";

const HISTORY_SECONDS = 6 * 3600 + 600;
const STEP_SECONDS = 60;

const tool = (name: string): string => {
  const own = path.join(paths.bin, name);
  return fs.existsSync(own) ? own : name;
};

/** The history of the recorded series up to a moment (seconds), in OpenMetrics. */
function openMetrics(now: number, wanted: (name: string) => boolean): string {
  const lines: string[] = [];
  let family = "";
  for (const one of syntheticSeries(wanted)) {
    // a name's series follow each other
    if (one.name !== family) lines.push(`# TYPE ${one.name} gauge`);
    family = one.name;
    const labels = Object.entries(one.labels)
      .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
      .join(",");
    for (let time = now - HISTORY_SECONDS; time <= now; time += STEP_SECONDS) {
      const value = valueAt(one, time, now);
      if (!Number.isNaN(value)) lines.push(`${one.name}{${labels}} ${value} ${time}`);
    }
  }
  return `${lines.join("\n")}\n# EOF\n`;
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function ready(url: string, child: ChildProcess, log: string): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(
        `prometheus ended with ${child.exitCode}:\n${fs.readFileSync(log, "utf8").slice(-2000)}`,
      );
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > until)
      throw new Error(`prometheus is not ready after 60 s:\n${fs.readFileSync(log, "utf8").slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A Prometheus with a history of synthetic series, on loopback. */
export interface SeededPrometheus {
  readonly url: string;
  /** The end of its history, ms. */
  readonly now: number;
  stop(): Promise<void>;
}

/** Starts a real Prometheus on the history of the recorded series that are wanted, which scrapes nothing. */
export async function seededPrometheus(
  wanted: (name: string) => boolean = () => true,
): Promise<SeededPrometheus> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "federation-dashboards-"));
  const now = Math.floor(Date.now() / 1000 / STEP_SECONDS) * STEP_SECONDS;
  const history = path.join(folder, "history.txt");
  const data = path.join(folder, "data");
  fs.writeFileSync(history, openMetrics(now, wanted));
  const seeded = spawnSync(
    tool("promtool"),
    ["tsdb", "create-blocks-from", "openmetrics", "--quiet", history, data],
    {
      encoding: "utf8",
    },
  );
  fs.rmSync(history);
  if (seeded.status !== 0) {
    fs.rmSync(folder, { recursive: true });
    throw new Error(
      `promtool tsdb create-blocks-from openmetrics failed: ${seeded.error?.message ?? seeded.stderr}`,
    );
  }
  fs.writeFileSync(path.join(folder, "prometheus.yml"), "scrape_configs: []\n");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = path.join(folder, "log.txt");
  const child = spawn(
    tool("prometheus"),
    [
      `--config.file=${path.join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ["ignore", fs.openSync(log, "w"), fs.openSync(log, "a")] },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await ready(url, child, log);
  return {
    url,
    now: now * 1000,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}
