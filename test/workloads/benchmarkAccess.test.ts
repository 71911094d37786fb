import { benchmarkRules } from "../../components/performance/benchmarkAccess";
import { coldStarts } from "../../workloads/benchmark/driver/stopwatch/coldStart";
import { driverFor } from "../support/benchmarkDriver";
import { accessOf, allowing, GuardedKubernetes } from "../support/kubernetesAccess";
import { SimulatedCluster } from "../support/simulatedCluster";
import { target } from "../unit/components/performance/samples";
import { model, settingsFor } from "./support/benchmark";
import { freePort } from "./support/servers";

jest.setTimeout(30_000);

const kinds = ["deployment", "pod-restart", "scale-from-zero"] as const;
const served = {
  ...target,
  workload: { ...target.workload, deployment: "model", service: "model" },
  scenarios: { ...target.scenarios, coldStart: { kinds: [...kinds], limitSeconds: 10 } },
};
const rules = benchmarkRules(served);
const writes = (rule: (typeof rules)[number]): boolean =>
  Array.isArray(rule.verbs) && rule.verbs.some((verb) => !["get", "list", "watch"].includes(verb as string));

let cluster: SimulatedCluster;
beforeEach(async () => {
  cluster = new SimulatedCluster(
    { created: 20, scheduled: 20, image: 20, model: 20, ready: 20, inRotation: 20 },
    { model, service: { kind: "constant", ms: 5 } },
    await freePort(),
  );
});
afterEach(() => cluster.close());

async function timedBy(kubernetes: GuardedKubernetes): Promise<readonly string[]> {
  const faults: string[] = [];
  const site = {
    kubernetes,
    settings: {
      caFile: "/ca",
      tokenFile: "/token",
      namespace: "models",
      deployment: "model",
      service: "model",
    },
    urlOf: (_service: string, port: number) => `http://127.0.0.1:${port}`,
  };
  await coldStarts(
    driverFor(settingsFor("http://unused.invalid", "/tmp")),
    site,
    served.scenarios.coldStart,
    (kind, error) => faults.push(`${kind}: ${String(error)}`),
  );
  return faults;
}

it("a run may do all that timing starts takes, and has no right to write that this does not use but for repairs", async () => {
  const guarded = new GuardedKubernetes(cluster, rules);
  expect(await timedBy(guarded)).toEqual([]);
  expect(guarded.refused).toEqual([]);
  expect(rules.filter((rule) => writes(rule) && !guarded.used.has(rule))).toEqual([
    // replicas of the model itself, that a run before has noted and not given back
    { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["model"], verbs: ["patch"] },
    { apiGroups: ["apps"], resources: ["deployments/scale"], resourceNames: ["model"], verbs: ["patch"] },
  ]);
});

it.each([
  ["delete", "/apis/apps/v1/namespaces/models/deployments/model"],
  ["delete", "/api/v1/namespaces/models/services/model"],
  ["patch", "/api/v1/namespaces/models/services/model"],
  ["patch", "/apis/apps/v1/namespaces/models/deployments/other"],
  ["patch", "/apis/apps/v1/namespaces/models/deployments/other/scale"],
  ["get", "/api/v1/namespaces/models/secrets/token"],
  ["create", "/api/v1/namespaces/models/pods"],
  ["patch", "/apis/autoscaling/v2/namespaces/models/horizontalpodautoscalers/model"],
])("a run may never %s %s", (verb, path) => {
  expect(allowing(rules, accessOf(verb, path))).toEqual([]);
});

it("a run that is not disruptive can write nothing: it is refused before anything is made", async () => {
  const guarded = new GuardedKubernetes(cluster, benchmarkRules({ ...served, disruptive: false }));
  await expect(timedBy(guarded)).rejects.toThrow("403");
  expect(cluster.calls).toEqual([]);
});
