import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ApiError, type KubernetesApi } from "../clusters/api";
import {
  applyAll,
  pathOf,
  progressOf,
  waitForRollout,
  type Manifest,
  type Workload,
} from "../clusters/objects";
import type { ClusterTopology } from "../clusters/topology";
import { serviceCaFile, services } from "../services/topology";
import { bundle } from "../system/bundle";
import { waitFor } from "../system/waiting";
import { metricsServerObjects } from "./metricsServer";
import { loadObjects, modelsNamespace, predictor, namespace, servedModelObjects } from "./objects";
import { bucketOf, modelReader } from "./reader";
import type { ServedVersion } from "./registry";

/** Images by digest. */
export interface ServingImages {
  readonly kserve: string;
  readonly node: string;
}

const deploymentsOf = (objects: readonly Manifest[]): readonly Manifest[] =>
  objects.filter(({ kind }) => kind === "Deployment");

/** metrics-server, up to its first answer about pods. */
export async function ensureMetricsServer(
  cluster: ClusterTopology,
  api: KubernetesApi,
  image: string,
): Promise<void> {
  const objects = metricsServerObjects(image);
  await applyAll(api, objects);
  for (const deployment of deploymentsOf(objects)) await waitForRollout(cluster, api, deployment);
  await waitFor(
    `${cluster.name}: metrics.k8s.io tells of pods`,
    async () => {
      const { items } = await api.list("/apis/metrics.k8s.io/v1beta1/pods");
      return items.length > 0;
    },
    { deadline: 90_000, interval: 500 },
  );
}

/** The namespace of served models, in which the hub's stack has their autoscalers before there is any model. */
export const ensureModelsNamespace = (api: KubernetesApi): Promise<void> => applyAll(api, [modelsNamespace]);

/** The registered version of a model, served and asked for steadily; what is so already stays as it is. */
export async function ensureServing(
  cluster: ClusterTopology,
  api: KubernetesApi,
  version: ServedVersion,
  images: ServingImages,
): Promise<void> {
  const reader = await modelReader(bucketOf(version.source));
  const store = { url: services.minio.url, reader, ca: readFileSync(serviceCaFile, "utf8") };
  const script = await bundle(resolve(__dirname, "load.ts"));
  // the load last: what it asked before the model was there would only fail
  for (const objects of [
    servedModelObjects({ ...version, image: images.kserve, store }),
    loadObjects(version.model, script, images.node),
  ]) {
    await applyAll(api, objects);
    for (const deployment of deploymentsOf(objects)) await waitForRollout(cluster, api, deployment);
  }
}

/** A model's Deployment; undefined where there is none. */
async function deploymentOf(api: KubernetesApi, model: string) {
  const deployment: Manifest = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: predictor(model), namespace },
  };
  try {
    return (await api.get(pathOf(deployment))) as Workload & {
      spec: { template: { metadata: { labels: Readonly<Record<string, string>> } } };
    };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** A model's replicas in words; undefined where it is not served. */
export async function replicasOf(api: KubernetesApi, model: string): Promise<string | undefined> {
  const workload = await deploymentOf(api, model);
  return workload && inWords(workload);
}

function inWords(workload: Workload): string {
  const { wanted, available } = progressOf(workload);
  return `${available} of ${wanted} replicas`;
}

/** A served version in one line; undefined where none is served. */
export async function servedModel(api: KubernetesApi, model: string): Promise<string | undefined> {
  const workload = await deploymentOf(api, model);
  if (workload === undefined) return undefined;
  const { labels } = workload.spec.template.metadata;
  return `version ${labels["model-version"] ?? ""} from ${labels["model-cluster"] ?? ""}, ${inWords(workload)}`;
}
