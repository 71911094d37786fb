import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { CREDENTIALS } from "../../components/monitoring/credentials";
import { prometheusConfig } from "../../components/monitoring/prometheusConfig";
import { CONFIG } from "../../components/monitoring/scrapeJobs";
import { MINIO_JOBS, MLFLOW_JOB, serviceFiles } from "../../components/monitoring/serviceJobs";
import { fedCluster, minio as minioMetrics, mlflow as mlflowMetrics } from "../../metrics/catalogue";
import { select } from "../../metrics/select";
import { clusterRuleGroups, renderRules } from "../../rules";
import { metricsToken } from "../../settings/metricsToken";
import { hubConfig } from "../support/sites";
import { makeBucket } from "./support/registry";
import type { Server } from "./support/servers";
import { dispose, serve, startMinio, startMlflow } from "./support/servers";
import type { TlsServer } from "./support/tls";
import { tlsServer } from "./support/tls";
import { addUser } from "./support/users";

let minio: Server;
let mlflow: Server;
const doors: TlsServer[] = [];

beforeAll(async () => {
  [minio, mlflow] = await Promise.all([
    startMinio(),
    startMlflow((folder) => ["--expose-prometheus", join(folder, "metrics")]),
  ]);
  await makeBucket(minio.url);
});

afterAll(async () => {
  await Promise.all(doors.map((door) => door.close()));
  await dispose(minio, mlflow);
});

/** A TLS server with a CA of its own before a plain one. */
async function door(to: Server): Promise<TlsServer> {
  const forward = (from: IncomingMessage, answer: ServerResponse): void => {
    const { method, headers } = from;
    const asked = request(
      new URL(from.url ?? "/", to.url),
      { ...(method ? { method } : {}), headers },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      },
    );
    asked.on("error", () => answer.destroy());
    from.pipe(asked);
  };
  const opened = await tlsServer(forward);
  doors.push(opened);
  return opened;
}

const tokenOf = ({ accessKeyId, secretAccessKey }: ReturnType<typeof addUser>): string =>
  metricsToken({ accessKey: accessKeyId, secretKey: secretAccessKey });

const ask = (path: string, token?: string): Promise<Response> =>
  fetch(`${minio.url}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

describe("MinIO's metrics", () => {
  it("are told to the user made for that, and to no other", async () => {
    const reader = tokenOf(addUser(minio.url, { kind: "metrics" }));
    const writer = tokenOf(addUser(minio.url, { kind: "writer", member: "hpc" }));
    const statuses = async (token?: string): Promise<readonly number[]> =>
      Promise.all(Object.values(MINIO_JOBS).map(async (path) => (await ask(path, token)).status));
    expect([await statuses(reader), await statuses(writer), await statuses()]).toEqual([
      [200, 200],
      [403, 403],
      [403, 403],
    ]);
  });

  it("are at the paths of the two jobs, every one that the contract names", async () => {
    const token = tokenOf(addUser(minio.url, { kind: "metrics" }));
    const listed = await Promise.all(
      Object.values(MINIO_JOBS).map(async (path) => await (await ask(`${path}?list`, token)).text()),
    );
    const known = new Set(listed.join("\n").match(/\bminio_[a-z0-9_]+/g));
    expect(
      Object.values(minioMetrics)
        .map(({ name }) => name)
        .filter((name) => !known.has(name)),
    ).toEqual([]);
  });
});

describe("MLflow's metrics", () => {
  it("are those of the contract", async () => {
    await fetch(`${mlflow.url}/api/2.0/mlflow/registered-models/search`);
    const text = await (await fetch(`${mlflow.url}/metrics`)).text();
    for (const { name } of Object.values(mlflowMetrics))
      expect(text).toMatch(new RegExp(`^${name}(_count)?\\{`, "m"));
  });
});

/** A Prometheus with the hub's jobs of the two and its rules, each second. */
async function prometheusOf(store: TlsServer, registry: TlsServer, token: string): Promise<Server> {
  const url = ({ port }: TlsServer): string => `https://127.0.0.1:${port}`;
  const args = {
    ...hubConfig,
    scrapeInterval: "1s",
    evaluationInterval: "1s",
    remoteWrite: [],
    targets: {
      ...hubConfig.targets,
      services: {
        minio: { servers: [url(store)], ownCa: true, token: true },
        mlflow: { url: url(registry), ownCa: true, user: false },
      },
    },
  };
  const ca = ({ caFile }: TlsServer): string => readFileSync(caFile, "utf8");
  const files = serviceFiles({ minio: { ca: ca(store), token }, mlflow: { ca: ca(registry) } });
  const jobs = [...Object.keys(MINIO_JOBS), MLFLOW_JOB];
  return serve("prometheus", "/-/ready", (port, folder) => {
    // alerts go nowhere here
    const { scrape_configs, alerting: _, ...rest } = prometheusConfig(args, ["rules.yml"]);
    const text = stringify({
      ...rest,
      scrape_configs: scrape_configs.filter(({ job_name }) => jobs.includes(job_name)),
    });
    const [config, credentials] = [join(folder, "config"), join(folder, "credentials")];
    for (const made of [config, credentials]) mkdirSync(made);
    writeFileSync(
      join(config, "prometheus.yml"),
      text.replaceAll(CONFIG, config).replaceAll(CREDENTIALS, credentials),
    );
    writeFileSync(join(config, "rules.yml"), renderRules(clusterRuleGroups(args)));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(credentials, name), content);
    return {
      name: "prometheus",
      args: [
        `--config.file=${join(config, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      env: {},
    };
  });
}

/** The values of an expression, once there are `least`; at the end of patience what was there, and why not more. */
async function valuesOf(prometheus: Server, query: string, least: number): Promise<readonly string[]> {
  const api = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${prometheus.url}/api/v1/${path}`)).json()) as T;
  for (const deadline = Date.now() + 60_000; ;) {
    const { data } = await api<{ data: { result: { value: [number, string] }[] } }>(
      `query?query=${encodeURIComponent(query)}`,
    );
    if (data.result.length >= least) return data.result.map(({ value }) => value[1]);
    if (Date.now() > deadline)
      throw new Error(`${query}: ${data.result.length} series\n${JSON.stringify(await api("targets"))}`);
    await sleep(200);
  }
}

describe("the hub's Prometheus", () => {
  it("reads both over TLS by the jobs of its configuration, and records what they tell", async () => {
    const token = tokenOf(addUser(minio.url, { kind: "metrics" }));
    const prometheus = await prometheusOf(await door(minio), await door(mlflow), token);
    try {
      const up = `up{job=~"minio|minio-api|mlflow",cluster="${hubConfig.cluster}"} == 1`;
      expect(await valuesOf(prometheus, up, 3)).toEqual(["1", "1", "1"]);
      const online = select(fedCluster.minio.nodes, { state: "online" });
      expect(await valuesOf(prometheus, online, 1)).toEqual(["1"]);
      expect(await valuesOf(prometheus, select(fedCluster.minio.healthy), 1)).toEqual(["1"]);
      expect(await valuesOf(prometheus, select(fedCluster.mlflow.servers), 1)).toEqual(["1"]);
      expect(await valuesOf(prometheus, select(fedCluster.minio.requests), 1)).toHaveLength(1);
    } finally {
      await dispose(prometheus);
    }
  });
});
