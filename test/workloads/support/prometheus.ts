import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serve, type Server } from "./servers";

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** What an instant query finds. */
export async function query({ url }: Pick<Server, "url">, text: string): Promise<readonly Series[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
  const { data } = (await answer.json()) as { data: { result: readonly Series[] } };
  return data.result;
}

/** A Prometheus of its own that scrapes `target` twice a second as of the cluster `cloud`, and takes remote writes. */
export async function startPrometheus(target: string): Promise<Server> {
  const prometheus = await serve("prometheus", "/-/ready", (port, folder) => {
    const file = join(folder, "prometheus.yml");
    const job = {
      job_name: "model",
      scrape_interval: "500ms",
      scrape_timeout: "500ms",
      static_configs: [{ targets: [new URL(target).host], labels: { cluster: "cloud" } }],
    };
    writeFileSync(file, JSON.stringify({ scrape_configs: [job] }));
    const flags = ["--web.enable-remote-write-receiver", `--web.listen-address=127.0.0.1:${port}`];
    const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, "data")}`, ...flags];
    return { name: "prometheus", args, env: {} };
  });
  while ((await query(prometheus, "up == 1")).length === 0) await sleep(100);
  return prometheus;
}
