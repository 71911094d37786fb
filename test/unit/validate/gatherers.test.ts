import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { KubeApi } from "../../../commands/validate/kube";
import type { KubeAnswer } from "../../../commands/validate/kube";
import { gatherGrafana, grafanaAccess, judgeGrafana } from "../../../commands/validate/lines/grafana";
import { gatherServed, judgeServed } from "../../../commands/validate/lines/served";
import { gatherSource, judgeSource } from "../../../commands/validate/lines/source";
import { benchmarkUser } from "../../../commands/validate/lines/remoteWrite";
import type { HubSite, MemberSite } from "../../../commands/validate/sites";
import type { Registry } from "../../../commands/validate/stores";
import { addresses } from "../../../dashboards/addresses";
import type { HubSecrets } from "../../../settings/credentials";

const never = new AbortController().signal;

/** A cluster that answers by method and path. */
function clusterOf(answers: Readonly<Record<string, unknown>>): { kube: KubeApi; asked: string[] } {
  const asked: string[] = [];
  const kube = new KubeApi({ server: "https://127.0.0.1:1", authorize: () => Promise.resolve() });
  kube.send = (method, path): Promise<KubeAnswer> => {
    asked.push(`${method} ${path}`);
    const key = Object.keys(answers).find((one) => new RegExp(`^${one}$`).test(`${method} ${path}`));
    const answer = key === undefined ? undefined : answers[key];
    return Promise.resolve(
      answer === undefined
        ? { status: 404, text: '{"message":"not found"}' }
        : { status: 200, text: typeof answer === "string" ? answer : JSON.stringify(answer) },
    );
  };
  return { kube, asked };
}

describe("a served model's pods", () => {
  const pod = (more: object = {}): object => ({
    metadata: {
      name: "m-1",
      namespace: "models",
      labels: { "model-name": "m", "model-cluster": "hpc", "model-version": "2" },
      annotations: {
        "internal.serving.kserve.io/storage-initializer-sourceuri": "s3://models/models/hpc/m/0f",
      },
      ...more,
    },
    spec: {
      containers: [
        {
          name: "queue-proxy",
          ports: [{ name: "metrics", containerPort: 9090 }],
        },
        {
          name: "kserve-container",
          ports: [{ name: "http1", containerPort: 8080 }],
          resources: { limits: { cpu: "1", "nvidia.com/gpu": "2" } },
        },
      ],
    },
    status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-03-01T09:00:00Z" }] },
  });
  const registry = {
    mlflow: {
      model: (name: string) => Promise.resolve({ name, tags: {}, aliases: { candidate: "2" } }),
      version: (_: string, version: string) =>
        Promise.resolve(version === "2" ? { source: "s3://models/models/hpc/m/0f" } : undefined),
    },
  } as unknown as Registry;

  it("are found by label, asked through the API server and compared with the registry", async () => {
    const { kube, asked } = clusterOf({
      "GET /api/v1/pods\\?labelSelector=model-name%3Dm": {
        items: [pod(), pod({ deletionTimestamp: "now" })],
      },
      "POST .*/proxy/v1/models/m:predict": { predictions: [1] },
    });
    const evidence = await gatherServed(kube, registry, "m", () => "{member}-{model}", undefined, never);
    expect(evidence.pods).toEqual([
      {
        namespace: "models",
        name: "m-1",
        ready: true,
        readySince: "2026-03-01T09:00:00Z",
        source: "hpc",
        version: "2",
        uri: "s3://models/models/hpc/m/0f",
        port: 8080,
        gpus: 2,
      },
    ]);
    expect(asked.at(-1)).toBe("POST /api/v1/namespaces/models/pods/m-1:8080/proxy/v1/models/m:predict");
    expect(judgeServed(evidence)).toMatchObject({ status: "ok", problems: [] });
  });

  it("are told to be none where there is none", async () => {
    const { kube } = clusterOf({ "GET /api/v1/pods.*": { items: [] } });
    const evidence = await gatherServed(kube, registry, "m", () => "{member}-{model}", undefined, never);
    expect(judgeServed(evidence).status).toBe("failed");
  });
});

describe("the models' file system", () => {
  const sync = {
    source: {
      volume: { kind: "hostPath", path: "/mnt/beegfs" },
      root: "models",
      guard: { kind: "fsType", fsType: "beegfs" },
      runAs: { user: 65534, group: 65534 },
    },
  } as unknown as Parameters<typeof gatherSource>[1];
  const template = {
    containers: [{ name: "w", image: "node", volumeMounts: [{ name: "models", mountPath: "/mnt/beegfs" }] }],
    volumes: [{ name: "models", hostPath: { path: "/mnt/beegfs" } }],
  };
  const site = (kube: KubeApi): MemberSite =>
    ({
      kube,
      stack: "hpc",
      settings: { member: { transferNamespace: "transfer" } },
    }) as unknown as MemberSite;
  const found = {
    root: "/mnt/beegfs/models",
    fsType: "beegfs",
    models: 1,
    filesRead: 1,
    bytesRead: 1,
    unreadable: [],
  };
  const cronJob = {
    metadata: { name: "model-sync" },
    spec: { jobTemplate: { spec: { template: { spec: template } } } },
  };
  const answers = {
    "GET /apis/batch/v1/namespaces/transfer/cronjobs/model-sync": cronJob,
    "POST /api/v1/namespaces/transfer/pods": {},
    "GET /api/v1/namespaces/transfer/pods/validate-source-[a-z0-9]+": { status: { phase: "Succeeded" } },
    "GET /api/v1/namespaces/transfer/pods/validate-source-[a-z0-9]+/log": `a warning\n${JSON.stringify(found)}\n`,
  };

  it("is looked at by a pod that is gone afterwards", async () => {
    const { kube, asked } = clusterOf(answers);
    const evidence = await gatherSource(site(kube), sync, never);
    expect(evidence).toEqual(found);
    expect(judgeSource(evidence, sync).status).toBe("ok");
    expect(asked.at(-1)).toMatch(/^DELETE \/api\/v1\/namespaces\/transfer\/pods\/validate-source-/);
  });

  it("names a pod that failed by its log, and removes it too", async () => {
    const { kube, asked } = clusterOf({
      ...answers,
      "GET /api/v1/namespaces/transfer/pods/validate-source-[a-z0-9]+": { status: { phase: "Failed" } },
      "GET /api/v1/namespaces/transfer/pods/validate-source-[a-z0-9]+/log": "node: not found",
    });
    await expect(gatherSource(site(kube), sync, never)).rejects.toThrow(
      "a pod that looks at the models failed: node: not found",
    );
    expect(asked.at(-1)).toMatch(/^DELETE /);
  });

  it("says why a pod does not start, when its time is over", async () => {
    const waiting = {
      phase: "Pending",
      containerStatuses: [{ state: { waiting: { reason: "ImagePullBackOff" } } }],
    };
    const { kube, asked } = clusterOf({
      ...answers,
      "GET /api/v1/namespaces/transfer/pods/validate-source-[a-z0-9]+": { status: waiting },
    });
    await expect(gatherSource(site(kube), sync, AbortSignal.timeout(400))).rejects.toThrow(
      "a pod that looks at the models did not end: Pending: ImagePullBackOff",
    );
    expect(asked.at(-1)).toMatch(/^DELETE /);
  });

  it("says what to do where the transfer was never deployed", async () => {
    await expect(gatherSource(site(clusterOf({}).kube), sync, never)).rejects.toThrow(
      /cronjobs\/model-sync: 404/,
    );
  });
});

describe("Grafana", () => {
  const hub = (grafana: object | undefined, outputs: object = {}): HubSite =>
    ({ settings: { hub: { grafana }, grafanaToken: { token: "t" } }, outputs }) as unknown as HubSite;

  it("is not asked where there is none, or none that is reached", () => {
    expect(grafanaAccess(hub(undefined), String)).toMatch(/hub\.grafana is not set/);
    expect(grafanaAccess(hub({ mode: "deploy" }), String)).toMatch(/from inside its cluster only/);
    const outputs = {
      grafanaUrl: "https://g",
      grafanaAdmin: { username: "admin", password: "p" },
      caCertificate: "PEM",
    };
    expect(grafanaAccess(hub({ mode: "deploy" }, outputs), String)).toEqual({
      url: "https://g",
      authorization: "Basic YWRtaW46cA==",
      ca: "PEM",
    });
    const existing = { mode: "existing", url: "https://g", caFile: "ca.crt" };
    expect(grafanaAccess(hub(existing), (file) => `content of ${file}`)).toEqual({
      url: "https://g",
      authorization: "Bearer t",
      ca: "content of ca.crt",
    });
  });

  /**
   * As Grafana's HTTP API is documented: `/api/health` for anyone, 503 without its database; 401 for a token that it does not know, 403 without
   * the right; a data source's health 200 with `OK`, or 400 with `ERROR`; 404 for a dashboard that is not there.
   */
  const answerOf = (path: string, token: string | undefined, played: Played): [number, object | string] => {
    const { page, health = {}, source = [200, "OK", "Successfully queried the Prometheus API."] } = played;
    if (page !== undefined) return [200, page];
    if (path === "/api/health")
      return ["database" in health ? 503 : 200, { database: "ok", version: "12.3.1", ...health }];
    if (token !== "Bearer t") return [401, { message: "Invalid API key" }];
    const [, uid = ""] = /^\/api\/dashboards\/uid\/(.+)$/.exec(path) ?? [];
    const asked = played.dashboards?.[uid];
    if (uid !== "" && asked === 404) return [404, { message: "Dashboard not found" }];
    if (uid !== "" && asked === 403)
      return [403, { message: "You'll need additional permissions to perform this action." }];
    if (uid !== "") return [200, { meta: {}, dashboard: { uid, title: uid } }];
    const [status, word, message] = source;
    return [status, word === undefined ? { message } : { status: word, message }];
  };
  interface Played {
    /** A page that a proxy answers to everything. */
    readonly page?: string;
    readonly health?: object;
    readonly source?: readonly [number, string | undefined, string];
    readonly dashboards?: Readonly<Record<string, number>>;
  }

  async function verdictOf(played: Played, authorization = "Bearer t") {
    const server = http.createServer(({ url = "", headers }, response) => {
      const [status, body] = answerOf(url, headers.authorization, played);
      response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      return judgeGrafana(await gatherGrafana({ url, authorization }));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const { clusterOverview, federationHealth } = addresses;

  it("is well with its data source and every dashboard, and says which it is", async () => {
    const { status, evidence } = await verdictOf({});
    const count = Object.keys(addresses).length;
    expect(status).toBe("ok");
    expect(evidence).toEqual([
      "Grafana 12.3.1, data source federation-prometheus: Successfully queried the Prometheus API.",
      `${count} of ${count} dashboards`,
    ]);
    const hidden = await verdictOf({ health: { version: undefined } });
    expect(hidden.evidence[0]).toMatch(/^Grafana, data source federation-prometheus: /);
  });

  it.each<[string, Played, readonly string[]]>([
    [
      "its data source gets no answer",
      { source: [400, "ERROR", "Post: dial tcp: connection refused"] },
      ["data source federation-prometheus: 400 Post: dial tcp: connection refused"],
    ],
    [
      "it has no such data source",
      { source: [500, undefined, "Unable to load datasource metadata"] },
      ["data source federation-prometheus: 500 Unable to load datasource metadata"],
    ],
    [
      "dashboards are missing or hidden",
      { dashboards: { [clusterOverview.uid]: 404, [federationHealth.uid]: 403 } },
      [
        `dashboards not there: ${clusterOverview.uid}`,
        `dashboards that can not be read: ${federationHealth.uid} (403)`,
      ],
    ],
    [
      "its database fails",
      { health: { database: "failing" } },
      ["Grafana says that its database is failing (503)"],
    ],
    [
      "a proxy answers everything with its login page",
      { page: "<html>Log in</html>" },
      ["what answers is no Grafana: /api/health says 200 <html>Log in</html>"],
    ],
  ])("is red when %s", async (_, played, causes) => {
    const { problems } = await verdictOf(played);
    expect(problems.map(({ cause }) => cause)).toEqual(causes);
    for (const { action } of problems) expect(action).not.toBe("");
  });

  it("that does not know the token is red once", async () => {
    const { problems } = await verdictOf({}, "Bearer other");
    expect(problems.map(({ cause }) => cause)).toEqual([
      "Grafana does not let the stack in: 401 Invalid API key",
    ]);
  });
});

test("the benchmarks' user is the one of the hub's own credentials, where there is one", () => {
  const user = { username: "benchmark-1", password: "p" };
  const secrets = (cloud: object): HubSecrets =>
    ({ generations: [{ id: 1, clusters: { cloud } }] }) as unknown as HubSecrets;
  expect(benchmarkUser(undefined, "cloud")).toBeUndefined();
  expect(benchmarkUser(secrets({}), "cloud")).toBeUndefined();
  expect(benchmarkUser(secrets({ benchmark: user }), "cloud")).toEqual(user);
});
