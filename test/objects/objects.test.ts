import type { Manifest } from "../../sandbox/clusters/objects";
import { definitionsOf, operatorReleases, releasesText } from "../../sandbox/setup/crds";
import { edited } from "../unit/settings/samples";
import { define, startApiServer, type ApiServer } from "./support/apiServer";
import { Conformance } from "./support/conformance";
import { baseOf, fieldManagerOf } from "./support/patches";
import { renderSites, siteNames, type RenderedSites } from "./support/sites";

let sites: RenderedSites;
let everything: readonly Manifest[];
beforeAll(async () => {
  sites = await renderSites();
  everything = siteNames.flatMap((name) => sites[name]);
});

/** Groups of the operators' custom resources. */
const OPERATORS = ["keda.sh", "monitoring.coreos.com", "serving.kserve.io"];
const ofOperator = ({ apiVersion }: Manifest): boolean =>
  OPERATORS.some((group) => apiVersion.startsWith(`${group}/`));

const nameOf = ({ kind, metadata: { namespace, name } }: Manifest): string =>
  [kind, namespace, name].filter((part) => part !== undefined).join(" ");

function found(kind: string, name: string): Manifest {
  const object = everything.find((one) => one.kind === kind && one.metadata.name === name);
  if (object === undefined) throw new Error(`no ${kind} ${name}`);
  return object;
}

test("the sites declare objects of every kind that is an operator's", () => {
  const kinds = everything.filter(ofOperator).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
  const counts = [...new Set(kinds)].map((kind) => [kind, kinds.filter((one) => one === kind).length]);
  expect(Object.fromEntries(counts)).toEqual({
    "keda.sh/v1alpha1 ScaledObject": 2,
    "monitoring.coreos.com/v1 PrometheusRule": 2,
    "monitoring.coreos.com/v1alpha1 ScrapeConfig": 12,
    "serving.kserve.io/v1beta1 InferenceService": 5,
  });
});

describe.each(operatorReleases)("an API server with the %s definitions", (release) => {
  let server: ApiServer;
  let conformance: Conformance;

  beforeAll(async () => {
    server = await startApiServer();
    await define(server.api, definitionsOf(release));
    conformance = new Conformance(server.api);
    const namespaces = new Set(everything.flatMap(({ metadata }) => metadata.namespace ?? []));
    await conformance.create(
      [...namespaces].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    );
    await conformance.create(everything.filter((one) => fieldManagerOf(one) !== undefined).map(baseOf));
  });
  afterAll(async () => server.stop());

  const refusals = (object: Manifest): Promise<readonly string[]> => {
    // a namespace must be there before what lies in it
    const manager = fieldManagerOf(object) ?? (object.kind === "Namespace" ? "test" : undefined);
    return manager === undefined
      ? conformance.refusals(object)
      : conformance.refusalsOfFields(object, manager);
  };

  /** What is refused of objects, each with its name. */
  const refused = async (objects: readonly Manifest[]): Promise<readonly string[]> => {
    const all: string[] = [];
    for (const object of objects)
      all.push(...(await refusals(object)).map((why) => `${nameOf(object)}: ${why}`));
    return all;
  };

  test(`accepts every object that is an operator's: ${releasesText(release)}`, async () => {
    expect(await refused(everything.filter(ofOperator))).toEqual([]);
  });

  if (release === "recent")
    test.each(siteNames)("accepts every object of the %s that is Kubernetes' own", async (name) => {
      expect(await refused(sites[name].filter((one) => !ofOperator(one)))).toEqual([]);
    });

  /** Answers to a field that is not there: to a create, to an apply. */
  const unknown = (path: string, applied = path): readonly string[] => [
    `unknown field "${path}"`,
    `.${applied}: field not declared in schema`,
  ];
  /** The same answer to both. */
  const both = (answer: string): readonly string[] => [answer, answer];

  const scaled = ["ScaledObject", "keda-all"] as const;
  const scrape = ["ScrapeConfig", "federation-dcgm-exporter"] as const;
  const rules = ["PrometheusRule", "federation-rules-cluster"] as const;
  const service = ["InferenceService", "kserve-standard"] as const;
  const deployment = ["Deployment", "hpa-cpu"] as const;

  test.each<
    readonly [
      what: string,
      object: readonly [kind: string, name: string],
      path: string,
      to: unknown,
      answers: readonly string[],
    ]
  >([
    ["a misspelt field of a ScaledObject", scaled, "spec.pollInterval", 30, unknown("spec.pollInterval")],
    [
      "one of its HPA",
      scaled,
      "spec.advanced.horizontalPodAutoscalerConfig.behaviour",
      {},
      unknown("spec.advanced.horizontalPodAutoscalerConfig.behaviour"),
    ],
    [
      "a number where a trigger has texts",
      scaled,
      "spec.triggers.0.metadata.threshold",
      5,
      [
        "spec.triggers[0].metadata.threshold in body must be of type string",
        ".spec.triggers[0].metadata.threshold: expected string",
      ],
    ],
    [
      "a misspelt field of a ScrapeConfig",
      scrape,
      "spec.relabelings.0.sourceLabel",
      "job",
      unknown("spec.relabelings[0].sourceLabel"),
    ],
    [
      "an action that no relabelling has",
      scrape,
      "spec.relabelings.0.action",
      "kep",
      both('spec.relabelings[0].action: Unsupported value: "kep"'),
    ],
    [
      "an interval with a space",
      scrape,
      "spec.scrapeInterval",
      "30 s",
      both('spec.scrapeInterval: Invalid value: "30 s"'),
    ],
    [
      "a misspelt field of a PrometheusRule",
      rules,
      "spec.groups.0.rule",
      [],
      unknown("spec.groups[0].rule", 'spec.groups[name="cluster-heartbeat"].rule'),
    ],
    [
      "two groups of one name",
      rules,
      "spec.groups.1.name",
      "cluster-heartbeat",
      ["spec.groups[1]: Duplicate value", 'duplicate entries for key [name="cluster-heartbeat"]'],
    ],
    [
      "an interval without a unit",
      rules,
      "spec.groups.0.interval",
      "30",
      both('spec.groups[0].interval: Invalid value: "30"'),
    ],
    [
      "a misspelt field of an InferenceService",
      service,
      "spec.predictor.minReplica",
      1,
      [".spec.predictor.minReplica: field not declared in schema"],
    ],
    [
      "a metric that KServe does not have",
      service,
      "spec.predictor.scaleMetric",
      "gpu",
      ['spec.predictor.scaleMetric: Unsupported value: "gpu"'],
    ],
    [
      "a misspelt field of a Deployment",
      deployment,
      "spec.template.spec.nodeSelectors",
      {},
      [".spec.template.spec.nodeSelectors: field not declared in schema"],
    ],
    [
      "a limit that is no quantity",
      deployment,
      "spec.template.spec.containers.0.resources.limits.cpu",
      "1 core",
      ["quantities must match the regular expression"],
    ],
    [
      "an HPA from zero",
      ["HorizontalPodAutoscaler", "hpa-cpu"],
      "spec.minReplicas",
      0,
      both("spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"),
    ],
    [
      "a budget of both kinds",
      ["PodDisruptionBudget", "hpa-cpu"],
      "spec.maxUnavailable",
      1,
      both("minAvailable and maxUnavailable cannot be both set"),
    ],
  ])("refuses %s", async (_, [kind, name], path, to, answers) => {
    const changed = edited(found(kind, name), path, to) as Manifest;
    expect(await refusals(changed)).toEqual(answers.map((text) => expect.stringContaining(text) as string));
  });

  if (release === "recent")
    test("refuses what a rule of the definition forbids: more replicas at least than at most", async () => {
      const changed = edited(found(...scaled), "spec.minReplicaCount", 1001) as Manifest;
      const answer = "minReplicaCount must be less than or equal to maxReplicaCount";
      expect(await refusals(changed)).toEqual(
        both(answer).map((text) => expect.stringContaining(text) as string),
      );
    });
});
