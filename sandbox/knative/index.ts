import { resolve } from "node:path";
import type { KubernetesApi } from "../clusters/api";
import { applyAll, waitForRollout } from "../clusters/objects";
import type { ClusterTopology } from "../clusters/topology";
import { bundle } from "../system/bundle";
import { simulatedKnativeObjects } from "./objects";

/** The model behind a simulated Knative, in the namespace of served models; what is there already stays as it is. */
export async function ensureSimulatedKnative(
  cluster: ClusterTopology,
  api: KubernetesApi,
  nodeImage: string,
): Promise<void> {
  const objects = simulatedKnativeObjects(await bundle(resolve(__dirname, "exporter.ts")), nodeImage);
  await applyAll(api, objects);
  for (const object of objects) if (object.kind === "Deployment") await waitForRollout(cluster, api, object);
}
