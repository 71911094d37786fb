import * as fs from "node:fs";
import * as yaml from "yaml";
import { allowedLabels } from "../../../metrics/catalogue/kubeStateMetrics";
import { knative } from "../../../metrics/catalogue/serving";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import type { Manifest } from "../../../sandbox/clusters/objects";
import { exposition } from "../../../sandbox/knative/exposition";
import { port, simulatedKnative } from "../../../sandbox/knative/model";
import { simulatedKnativeObjects } from "../../../sandbox/knative/objects";
import { SimulatedProxy } from "../../../sandbox/knative/proxy";
import { repository } from "../../../sandbox/paths";
import { stackFile, type StackFile } from "../../../sandbox/project/merge";
import { serving } from "../../../sandbox/project/overlay";
import { parsePrometheusText, type TextSample } from "../../support/prometheusText";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const { name: duration } = knative.duration;

function proxyAt(milliseconds: number): SimulatedProxy {
  const proxy = new SimulatedProxy();
  proxy.advance(milliseconds);
  return proxy;
}

const samplesAt = (milliseconds: number): readonly TextSample[] =>
  parsePrometheusText(exposition(proxyAt(milliseconds)));
const keyOf = ({ name, labels }: TextSample): string => `${name} ${JSON.stringify(labels)}`;

describe("the simulated proxy", () => {
  it("is the same at the same moment, however often it was looked at before", () => {
    const often = new SimulatedProxy();
    for (let at = 0; at <= HOUR; at += 977) often.advance(at);
    often.advance(HOUR);
    often.advance(MINUTE);
    expect(exposition(often)).toBe(exposition(proxyAt(HOUR)));
  });

  it("answers a request a second, each within what alerts wait for", () => {
    const { buckets, count, sum } = proxyAt(HOUR).duration;
    expect(count).toBe(3_600);
    expect(sum / count).toBeCloseTo(0.12, 2);
    const within = buckets.find(({ le }) => le === DEFAULT_THRESHOLDS.inferenceP95.warning);
    expect(within?.count).toBe(count);
  });
});

describe("what the simulated Knative tells", () => {
  it("is every metric of the contract under exactly its type and labels, marked as simulated", () => {
    const text = exposition(proxyAt(HOUR));
    const metrics = Object.values(knative);
    expect(text.match(/^# TYPE .*$/gm)).toEqual(metrics.map(({ name, type }) => `# TYPE ${name} ${type}`));
    expect(text.match(/^# HELP \S+ Simulated: /gm)).toHaveLength(metrics.length);
    const samples = parsePrometheusText(text);
    const names = [`${duration}_bucket`, `${duration}_sum`, `${duration}_count`];
    expect([...new Set(samples.map(({ name }) => name))]).toEqual([
      ...names,
      knative.podsDesired.name,
      knative.podsActual.name,
    ]);
    const target = ["cluster", "job", "instance", "namespace", "pod", "node", "service"];
    for (const { name, labels } of samples) {
      const metric = metrics.find((one) => one.name === name) ?? knative.duration;
      const own = (metric.labels as readonly string[]).filter((label) => !target.includes(label));
      const { le, ...others } = labels;
      expect(Object.keys(others).sort()).toEqual([...own].sort());
      expect(le !== undefined).toBe(name.endsWith("_bucket"));
      expect(labels).toMatchObject({ kn_configuration_name: "simulated-knative-predictor" });
    }
  });

  it("only grows, in buckets that hold one another, up to the infinite one that counts all", () => {
    for (let at = 0; at < 10 * MINUTE; at += 30_000) {
      const before = new Map(samplesAt(at).map((one) => [keyOf(one), one.value]));
      const after = samplesAt(at + 30_000);
      expect(after.filter((one) => one.value < before.get(keyOf(one))!)).toEqual([]);
      const counts = after.filter(({ name }) => name === `${duration}_bucket`).map(({ value }) => value);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      const [count] = after.filter(({ name }) => name === `${duration}_count`);
      expect(count?.value).toBe(counts.at(-1));
      expect(count?.value).toBeGreaterThan(
        before.get(keyOf({ name: `${duration}_count`, labels: count!.labels, value: 0 }))!,
      );
    }
  });
});

describe("the simulated Knative's pod", () => {
  const image = `registry.sandbox/node@sha256:${"0".repeat(64)}`;
  const [, deployment] = simulatedKnativeObjects("script", image) as readonly [Manifest, Manifest];

  it("is found as a predictor of KServe is, by the job of annotated pods, and is called simulated", () => {
    expect(deployment).toMatchObject({
      kind: "Deployment",
      metadata: {
        name: "simulated-knative-predictor",
        namespace: "models",
        labels: { [allowedLabels.deployments[0]]: simulatedKnative },
      },
      spec: {
        template: {
          metadata: {
            labels: { "sandbox.federation/simulated": "true" },
            annotations: {
              "prometheus.io/scrape": "true",
              "prometheus.io/port": String(port),
              "prometheus.io/path": "/metrics",
            },
          },
          spec: { containers: [{ ports: [{ name: "http-usermetric", containerPort: port }] }] },
        },
      },
    });
  });

  it("is no model whose absence would be an alert, and none that the stack scales", () => {
    const { config } = yaml.parse(fs.readFileSync(stackFile(repository, "cloud"), "utf8")) as StackFile;
    const { servedModels = [] } = config["federation:hub"] as { servedModels?: string[] };
    expect([...servedModels, ...serving()!.map(({ model }) => model)]).not.toContain(simulatedKnative);
  });
});
