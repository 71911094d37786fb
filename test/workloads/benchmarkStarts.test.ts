import { coldStarts, type Site } from "../../workloads/benchmark/driver/stopwatch/coldStart";
import { coldStartSchema } from "../../workloads/benchmark/result";
import { driverFor, type Observed } from "../support/benchmarkDriver";
import { secondsOf, SimulatedCluster, type StartDelays } from "../support/simulatedCluster";
import { model, settingsFor } from "./support/benchmark";
import { freePort } from "./support/servers";

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
    metadata: { name: "old", labels: { "benchmark.federation/shadow": "old" } },
    spec: { replicas: 0, template: { metadata: { labels: {} } } },
  });
  await coldStarts(driver, site, { kinds: ["deployment"], limitSeconds: 10 }, () => undefined);
  expect(cluster.calls.slice(0, 3)).toEqual([
    "create deployments old",
    "remove deployments old",
    "create services model-bench",
  ]);
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
