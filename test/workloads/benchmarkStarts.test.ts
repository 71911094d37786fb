import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "../../scripts/build";
import { coldStarts, repair } from "../../workloads/benchmark/driver/stopwatch/coldStart";
import type { Site } from "../../workloads/benchmark/driver/stopwatch/site";
import { coldStartSchema } from "../../workloads/benchmark/result";
import { driverFor, type Observed } from "../support/benchmarkDriver";
import { serveApi } from "../support/simulatedApi";
import { secondsOf, SimulatedCluster, type StartDelays } from "../support/simulatedCluster";
import { benchmark, model, settingsFor, startBenchmark } from "./support/benchmark";
import { freePort } from "./support/servers";
import { tlsServer } from "./support/tls";

jest.setTimeout(30_000);

const delays: StartDelays = {
  created: 40,
  scheduled: 60,
  image: 150,
  model: 300,
  ready: 120,
  inRotation: 50,
};
const serviceMs = 10;
/** What the clock may be off, seconds. */
const OFF = 0.1;

let cluster: SimulatedCluster;
let driver: Observed;
let site: Site;

beforeEach(async () => {
  cluster = new SimulatedCluster(
    delays,
    { model, service: { kind: "constant", ms: serviceMs } },
    await freePort(),
  );
  driver = driverFor(settingsFor("http://unused.invalid", "/tmp"));
  site = {
    kubernetes: cluster,
    settings: {
      caFile: "/ca",
      tokenFile: "/token",
      namespace: "models",
      deployment: "model",
      service: "model",
    },
    urlOf: (_service, port) => `http://127.0.0.1:${port}`,
  };
});
afterEach(() => cluster.close());

it("times each kind of start, phase by phase, on a copy that is removed again", async () => {
  const faults: string[] = [];
  const starts = await coldStarts(
    driver,
    site,
    { kinds: ["deployment", "pod-restart", "scale-from-zero"], limitSeconds: 10 },
    (kind, error) => faults.push(`${kind}: ${String(error)}`),
  );
  expect(faults).toEqual([]);
  expect(starts.map(({ kind, manual }) => [kind, manual])).toEqual([
    ["deployment", false],
    ["pod-restart", false],
    ["scale-from-zero", true],
  ]);
  for (const [at, start] of starts.entries()) {
    const real = cluster.starts[at]!;
    expect(coldStartSchema.parse(start)).toEqual(start);
    expect(start.phases.map(({ phase }) => phase)).toEqual([...real.toldMs.keys(), "first-answer"]);
    expect(Math.abs(start.totalSeconds - (await secondsOf(real)))).toBeLessThan(OFF);
    let lastMs = real.beganMs;
    for (const [phase, toldMs] of real.toldMs) {
      const measured = start.phases.find((one) => one.phase === phase)?.seconds ?? NaN;
      expect(Math.abs(measured - (toldMs - lastMs) / 1000)).toBeLessThan(OFF);
      lastMs = toldMs;
    }
  }
  expect(cluster.calls).toEqual([
    "create services model-bench",
    "create deployments model-bench",
    "remove pods model-bench-1",
    "scale model-bench 0",
    "scale model-bench 1",
    "remove deployments model-bench",
    "remove services model-bench",
  ]);
  expect(cluster.names("deployments")).toEqual(["model"]);
  expect(cluster.names("pods")).toEqual([]);
});

it("removes what a run that was killed left behind, before it begins", async () => {
  await cluster.create("/apis/apps/v1/namespaces/models/deployments", {
    metadata: { name: "model-bench", labels: { "benchmark.federation/shadow": "model-bench" } },
    spec: { replicas: 0, template: { metadata: { labels: {} } } },
  });
  await coldStarts(driver, site, { kinds: ["deployment"], limitSeconds: 10 }, () => undefined);
  expect(cluster.calls.slice(0, 3)).toEqual([
    "create deployments model-bench",
    "remove deployments model-bench",
    "create services model-bench",
  ]);
});

it("leaves the copy that another target's run has made", async () => {
  await cluster.create("/apis/apps/v1/namespaces/models/deployments", {
    metadata: { name: "other-bench", labels: { "benchmark.federation/shadow": "other-bench" } },
    spec: { replicas: 0, template: { metadata: { labels: {} } } },
  });
  await coldStarts(driver, site, { kinds: ["deployment"], limitSeconds: 10 }, () => undefined);
  expect(cluster.calls).not.toContain("remove deployments other-bench");
  expect(cluster.names("deployments")).toContain("other-bench");
});

it("says how far a pod came that never served, and removes the copy", async () => {
  await cluster.close();
  cluster = new SimulatedCluster(
    { ...delays, model: 60_000 },
    { model, service: { kind: "constant", ms: serviceMs } },
    await freePort(),
  );
  const faults: string[] = [];
  const starts = await coldStarts(
    driver,
    { ...site, kubernetes: cluster },
    { kinds: ["pod-restart"], limitSeconds: 1 },
    (kind, error) => faults.push(`${kind}: ${error instanceof Error ? error.message : ""}`),
  );
  expect(starts).toEqual([]);
  expect(faults).toEqual(["deployment: no good answer within 1 s; pod model-bench-1 came as far as image"]);
  expect(cluster.names("deployments")).toEqual(["model"]);
});

describe("the live model", () => {
  const note = "annotate model benchmark.federation/replicas";
  const asked = { kinds: ["pod-restart", "scale-from-zero"], limitSeconds: 10, live: true } as const;

  /** A Deployment of two replicas that serve, or will soon. */
  beforeEach(async () => {
    await cluster.close();
    cluster = new SimulatedCluster(
      delays,
      { model, service: { kind: "constant", ms: serviceMs } },
      await freePort(),
    );
    await cluster.patch("/apis/apps/v1/namespaces/models/deployments/model/scale", { spec: { replicas: 2 } });
    cluster.calls.length = 0;
    site = { ...site, kubernetes: cluster };
    driver = driverFor(settingsFor(`http://127.0.0.1:${cluster.port}`, "/tmp"));
  });
  const replicas = async (): Promise<unknown> => {
    const found = await cluster.get("/apis/apps/v1/namespaces/models/deployments/model");
    const { metadata, spec } = found as { metadata: { annotations?: object }; spec: { replicas: number } };
    return { replicas: spec.replicas, annotations: metadata.annotations };
  };

  it("is timed itself where that is named, and has its replicas back in rotation afterwards", async () => {
    const faults: string[] = [];
    const starts = await coldStarts(driver, site, { ...asked, kinds: [...asked.kinds] }, (kind, error) =>
      faults.push(`${kind}: ${String(error)}`),
    );
    expect(faults).toEqual([]);
    expect(starts.map(({ kind, manual }) => [kind, manual])).toEqual([
      ["scale-from-zero", true],
      ["pod-restart", false],
    ]);
    for (const start of starts) expect(coldStartSchema.parse(start)).toEqual(start);
    expect(cluster.calls).toEqual([
      `${note} 2`,
      "scale model 0",
      "scale model 1",
      "scale model 1",
      "remove pods model-3",
      "scale model 2",
      `${note} (removed)`,
    ]);
    expect(await replicas()).toEqual({ replicas: 2, annotations: {} });
    expect(cluster.names("pods")).toEqual(["model-4", "model-5"]);
  });

  it("is asked over TLS by the authority that the settings name", async () => {
    const tls = await tlsServer((request, response) => {
      const asked = http.request(
        { port: cluster.port, method: request.method, path: request.url },
        (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 0)),
      );
      request.pipe(asked.once("error", () => response.destroy()));
    });
    try {
      const secured = { ...settingsFor(`https://127.0.0.1:${tls.port}`, "/tmp"), caFile: tls.caFile };
      const faults: string[] = [];
      const kinds = ["pod-restart" as const];
      const starts = await coldStarts(driverFor(secured), site, { ...asked, kinds }, (kind, error) =>
        faults.push(`${kind}: ${String(error)}`),
      );
      expect([starts.map(({ kind }) => kind), faults]).toEqual([kinds, []]);
    } finally {
      await tls.close();
      rmSync(tls.folder, { recursive: true });
    }
  });

  it("has its replicas back when the run is ended on the way", async () => {
    const ended = new AbortController();
    const faults: string[] = [];
    const patch = cluster.patch.bind(cluster);
    cluster.patch = async (path, body) => {
      await patch(path, body);
      if (cluster.calls.at(-1) === "scale model 1") ended.abort();
    };
    const aborted = { ...driver, signal: ended.signal };
    const starts = await coldStarts(aborted, site, { ...asked, kinds: [...asked.kinds] }, (kind, error) =>
      faults.push(`${kind}: ${error instanceof Error ? error.message : ""}`),
    );
    expect(starts).toEqual([]);
    expect(faults).toEqual([
      expect.stringMatching(/^scale-from-zero: no good answer/),
      "pod-restart: the run was ended before this start",
    ]);
    expect(cluster.calls).toEqual([
      `${note} 2`,
      "scale model 0",
      "scale model 1",
      "scale model 2",
      `${note} (removed)`,
    ]);
  });

  it("has its replicas back after a run that was killed, by the next one", async () => {
    buildWorker("benchmark");
    buildWorker("benchmark-load");
    const folder = mkdtempSync(join(tmpdir(), "killed-"));
    const file = join(folder, "file");
    writeFileSync(file, "x");
    const api = await serveApi(cluster);
    try {
      const kubernetes = { ...site.settings, url: api.url, caFile: file, tokenFile: file };
      const said = {
        asked: ["coldStart"],
        disruptive: true,
        coldStart: { ...asked, kinds: [...asked.kinds] },
        kubernetes,
      } satisfies Parameters<typeof benchmark>[1];
      const running = startBenchmark(`http://127.0.0.1:${cluster.port}`, said);
      const patch = cluster.patch.bind(cluster);
      cluster.patch = async (path, body) => {
        await patch(path, body);
        if (cluster.calls.at(-1) === "scale model 0") running.child.kill("SIGKILL");
      };
      expect(await running.ended).toMatchObject({ code: null, result: undefined });
      cluster.patch = patch;
      const noted = { replicas: 0, annotations: { "benchmark.federation/replicas": "2" } };
      expect(await replicas()).toEqual(noted);

      const calm = await benchmark(`http://127.0.0.1:${cluster.port}`, { kubernetes });
      expect(calm).toMatchObject({ code: 3, result: undefined });
      expect(calm.output).toContain(
        "models/model: a run that was killed has left it scaled; it had 2 replicas: set disruptive for one run",
      );
      expect(await replicas()).toEqual(noted);

      cluster.calls.length = 0;
      const next = await benchmark(`http://127.0.0.1:${cluster.port}`, {
        ...said,
        coldStart: { kinds: ["pod-restart"], live: true, limitSeconds: 10 },
      });
      expect(next.output).toContain("models/model: has its 2 replicas back, which a killed run had taken");
      expect(next.result?.errors).toEqual([]);
      expect(next.result?.evidence.coldStart?.map(({ kind }) => kind)).toEqual(["pod-restart"]);
      expect(cluster.calls).toEqual([
        "scale model 2",
        `${note} (removed)`,
        `${note} 2`,
        "scale model 1",
        expect.stringMatching(/^remove pods model-/),
        "scale model 2",
        `${note} (removed)`,
      ]);
    } finally {
      await api.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("is not touched by repair where nothing is left", async () => {
    const lines: string[] = [];
    await repair(site, true, (line) => lines.push(line));
    await repair(site, false, (line) => lines.push(line));
    expect([lines, cluster.calls]).toEqual([[], []]);
  });
});
