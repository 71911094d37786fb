import * as fs from "node:fs";
import * as yaml from "yaml";
import type { z } from "zod";
import { allowedLabels } from "../../../metrics/catalogue/kubeStateMetrics";
import { isRolledOut, pathOf, type Manifest, type Workload } from "../../../sandbox/clusters/objects";
import { gpus } from "../../../sandbox/gpus/inventory";
import { repository } from "../../../sandbox/paths";
import { stackFile, type StackFile } from "../../../sandbox/project/merge";
import { overlay } from "../../../sandbox/project/overlay";
import { metricsServerObjects } from "../../../sandbox/serving/metricsServer";
import { loadObjects, servedModelObjects } from "../../../sandbox/serving/objects";
import { promptOf, requestOf } from "../../../sandbox/serving/prompts";
import { bucketOf, readerPolicy } from "../../../sandbox/serving/reader";
import type { hubSchema } from "../../../settings/schema";

const served = {
  member: "hpc",
  model: "tiny",
  version: "3",
  source: "s3://models/models/hpc/tiny/0123/",
  image: `registry.sandbox/kserve@sha256:${"0".repeat(64)}`,
  store: {
    url: "https://198.18.11.10:9000",
    reader: { accessKey: "reader-name", secretKey: "reader-secret" },
    ca: "PEM",
  },
};
const objects = servedModelObjects(served);

interface Template {
  readonly metadata: {
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  };
  readonly spec: {
    readonly containers: readonly {
      readonly args?: readonly string[];
      readonly resources: {
        readonly requests: Record<string, string>;
        readonly limits: Record<string, string>;
      };
    }[];
    readonly initContainers: readonly { readonly command: readonly string[]; readonly env: object[] }[];
  };
}
interface Spec {
  readonly template: Template;
}
const specOf = (kind: string, from: readonly Manifest[] = objects): Spec =>
  from.find((object) => object.kind === kind)!.spec as Spec;
const { template } = specOf("Deployment");

/** The one model that the hub's stack scales in the sandbox. */
function scaledModel(): NonNullable<z.input<typeof hubSchema>["serving"]>[number] {
  const { config } = yaml.parse(fs.readFileSync(stackFile(repository, "cloud"), "utf8")) as StackFile;
  const { image } = served;
  const images = {
    prometheus: image,
    kubeStateMetrics: image,
    nodeExporter: image,
    alertmanager: image,
    node: image,
    k6: image,
  };
  const { serving } = overlay("cloud", config, images)["federation:hub"] as z.input<typeof hubSchema>;
  expect(serving).toHaveLength(1);
  return serving![0]!;
}

describe("a served model", () => {
  it("is what recordings join: its version on pods, its service on Deployment and pods, a scraped port", () => {
    const deployment = objects.find(({ kind }) => kind === "Deployment")!;
    expect(deployment.metadata.labels).toMatchObject({ [allowedLabels.deployments[0]]: "tiny" });
    expect(template.metadata.labels).toEqual({
      app: "isvc.tiny-predictor",
      component: "predictor",
      "serving.kserve.io/inferenceservice": "tiny",
      "model-cluster": "hpc",
      "model-name": "tiny",
      "model-version": "3",
    });
    expect(Object.keys(template.metadata.labels)).toEqual(expect.arrayContaining([...allowedLabels.pods]));
    expect(template.metadata.annotations).toMatchObject({
      "prometheus.io/scrape": "true",
      "prometheus.io/port": "8080",
      "prometheus.io/path": "/metrics",
    });
  });

  it("holds one GPU a replica, and its cluster has one for each replica that it may have", () => {
    const { requests, limits } = template.spec.containers[0]!.resources;
    expect([requests["nvidia.com/gpu"], limits["nvidia.com/gpu"]]).toEqual(["1", "1"]);
    expect([requests.cpu, limits.cpu]).toEqual(["100m", "300m"]);
    const { scaling } = scaledModel();
    expect([scaling?.minReplicas, scaling?.maxReplicas]).toEqual([1, 3]);
    expect(gpus.length).toBeGreaterThan(scaling?.maxReplicas ?? Infinity);
  });

  it("leaves the number of its replicas and how it scales to the stack, which knows its Deployment and its pods", () => {
    expect(specOf("Deployment")).not.toHaveProperty("replicas");
    expect(objects.map(({ kind }) => kind)).toEqual(["Secret", "Deployment", "Service"]);
    const { model, namespace, workload } = scaledModel();
    const [deployment] = servedModelObjects({ ...served, model }).filter(({ kind }) => kind === "Deployment");
    expect([deployment!.metadata.namespace, deployment!.metadata.name]).toEqual([
      namespace,
      workload.deployment,
    ]);
    expect((deployment!.spec as Spec).template.metadata.labels).toMatchObject(workload.podLabels!);
  });

  it("downloads the registered version by credentials that stand in a Secret alone", () => {
    const [initializer] = template.spec.initContainers;
    expect(initializer!.command.slice(-2)).toEqual([served.source, "/mnt/models"]);
    expect(initializer!.env).toEqual(
      expect.arrayContaining([
        { name: "AWS_ENDPOINT_URL", value: served.store.url },
        {
          name: "AWS_SECRET_ACCESS_KEY",
          valueFrom: { secretKeyRef: { name: "tiny-predictor-store", key: "AWS_SECRET_ACCESS_KEY" } },
        },
      ]),
    );
    const others = objects.filter(({ kind }) => kind !== "Secret");
    expect(JSON.stringify(others)).not.toMatch(/reader-(name|secret)/);
    const secret = objects.find(({ kind }) => kind === "Secret")!.data as Record<string, string>;
    expect(Buffer.from(secret.AWS_SECRET_ACCESS_KEY!, "base64").toString()).toBe("reader-secret");
  });

  it("may read models and nothing else of their bucket", () => {
    expect(bucketOf(served.source)).toBe("models");
    expect(() => bucketOf("s3://models")).toThrow("must be s3://BUCKET/PREFIX/, not s3://models");
    expect(readerPolicy("models")).toEqual({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: ["s3:ListBucket"], Resource: ["arn:aws:s3:::models"] },
        { Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::models/models/*"] },
      ],
    });
  });
});

describe("the light load", () => {
  it("rolls when its script changes, and only then", () => {
    const hash = (script: string): unknown =>
      specOf("Deployment", loadObjects("tiny", script, served.image)).template.metadata.annotations[
        "sandbox.federation/script"
      ];
    expect(hash("one")).toBe(hash("one"));
    expect(hash("one")).not.toBe(hash("another"));
  });

  it("asks by both protocols, with prompts that the model knows and that differ from one to the next", () => {
    const requests = [0, 1, 2, 3].map((number) => requestOf("tiny", number));
    expect(requests.map(({ path }) => path)).toEqual([
      "/v1/models/tiny:predict",
      "/v1/models/tiny:predict",
      "/v1/models/tiny:predict",
      "/v2/models/tiny/infer",
    ]);
    expect(JSON.parse(requests[0]!.body)).toEqual({ instances: [promptOf(0)] });
    expect(JSON.parse(requests[3]!.body)).toEqual({
      inputs: [{ name: "tokens", shape: [1, promptOf(3).length], datatype: "INT64", data: promptOf(3) }],
    });
    const prompts = Array.from({ length: 300 }, (_, number) => promptOf(number));
    expect(prompts.flat().filter((token) => !Number.isInteger(token) || token < 0 || token > 255)).toEqual(
      [],
    );
    expect(prompts.filter(({ length }) => length < 4 || length > 16)).toEqual([]);
    const alike = prompts.filter((prompt, at) => JSON.stringify(prompt) === JSON.stringify(prompts[at + 1]));
    expect(alike).toEqual([]);
  });
});

describe("objects that the sandbox applies", () => {
  it.each([
    ["v1", "Namespace", undefined, "/api/v1/namespaces/it"],
    ["v1", "Secret", "models", "/api/v1/namespaces/models/secrets/it"],
    ["apps/v1", "Deployment", "models", "/apis/apps/v1/namespaces/models/deployments/it"],
    [
      "autoscaling/v2",
      "HorizontalPodAutoscaler",
      "models",
      "/apis/autoscaling/v2/namespaces/models/horizontalpodautoscalers/it",
    ],
    ["apiregistration.k8s.io/v1", "APIService", undefined, "/apis/apiregistration.k8s.io/v1/apiservices/it"],
  ])("%s %s has its path", (apiVersion, kind, namespace, path) => {
    const metadata = { name: "it", ...(namespace === undefined ? {} : { namespace }) };
    expect(pathOf({ apiVersion, kind, metadata })).toBe(path);
  });

  it("give metrics-server a resolution over its timeout, and trust in the kubelets' certificates", () => {
    const { args = [] } = specOf("Deployment", metricsServerObjects(served.image)).template.spec
      .containers[0]!;
    const seconds = (flag: string): number =>
      Number(/=(\d+)s$/.exec(args.find((arg) => arg.startsWith(`--${flag}=`)) ?? "")?.[1]);
    expect(seconds("metric-resolution")).toBeGreaterThan(seconds("kubelet-request-timeout"));
    expect(args.filter((arg) => arg.includes("insecure"))).toEqual([]);
  });

  const done: Workload = {
    metadata: { generation: 2 },
    spec: { replicas: 2 },
    status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
  };
  const changed = (status: Workload["status"]): Workload => ({
    ...done,
    status: { ...done.status, ...status },
  });

  it.each<[string, Workload, boolean]>([
    ["all pods are there", done, true],
    ["its last change was not seen yet", changed({ observedGeneration: 1 }), false],
    ["a pod is still of before", changed({ updatedReplicas: 1 }), false],
    ["an older pod stands beside", changed({ replicas: 3 }), false],
    ["a pod is not available", changed({ availableReplicas: 1 }), false],
    ["nothing is known yet", { metadata: { generation: 1 }, spec: {} }, false],
    [
      "a DaemonSet has all",
      {
        metadata: { generation: 1 },
        status: {
          observedGeneration: 1,
          desiredNumberScheduled: 1,
          updatedNumberScheduled: 1,
          numberAvailable: 1,
        },
      },
      true,
    ],
    [
      "a DaemonSet knows of no node yet",
      {
        metadata: { generation: 1 },
        status: {
          observedGeneration: 1,
          desiredNumberScheduled: 0,
          updatedNumberScheduled: 0,
          numberAvailable: 0,
        },
      },
      false,
    ],
  ])("are rolled out or not: %s", (_, workload, expected) => {
    expect(isRolledOut(workload)).toBe(expected);
  });
});
