import { readFileSync } from "node:fs";
import * as z from "zod";
import type { Exchange } from "../../registry/http";
import { exchangeWith } from "../../registry/http";
import type { RetryDeps } from "../../retry";
import { retrying } from "../../retry";
import { SyncError } from "../types";

/** URIs that services load models from now (`s3://...`, `models:/...`); fails rather than leave one out. */
export type LiveModels = () => Promise<readonly string[]>;

/** For a hub without KServe. */
export const noLiveModels: LiveModels = () => Promise.resolve([]);

const list = z.object({
  metadata: z.object({ continue: z.string().optional() }).default({}),
  items: z.array(z.unknown()).default([]),
});

/**
 * What is asked for, over all namespaces. Pods and revisions are read beside the services: while a new version rolls
 * out, or a canary stands, the old one is still loaded by pods though no service names it any more.
 */
const resources: readonly { readonly path: string; readonly required: boolean }[] = [
  { path: "/apis/serving.kserve.io/v1beta1/inferenceservices", required: true },
  { path: "/apis/serving.kserve.io/v1alpha1/llminferenceservices", required: false },
  { path: "/apis/serving.knative.dev/v1/revisions", required: false },
  { path: "/api/v1/pods?labelSelector=serving.kserve.io%2Finferenceservice", required: true },
];

/** Every URI of a model anywhere in an object: fields, arguments and annotations alike. */
export function urisIn(value: unknown): string[] {
  if (typeof value === "string") return value.match(/(?:s3:\/\/|models:\/)[^\s"',]+/g) ?? [];
  if (Array.isArray(value)) return value.flatMap(urisIn);
  if (typeof value !== "object" || value === null) return [];
  const own = Object.entries(value).flatMap(([, child]) => urisIn(child));
  return [...own, ...storageSpecs(value)];
}

/** KServe's other way to name a place: `storage: {path, parameters: {bucket}}`. */
function storageSpecs(value: object): string[] {
  const spec = z.object({
    storage: z.object({ path: z.string(), parameters: z.object({ bucket: z.string() }) }),
  });
  const found = spec.safeParse(value);
  if (!found.success) return [];
  const { path, parameters } = found.data.storage;
  return [`s3://${parameters.bucket}/${path.replace(/^\/+/, "")}`];
}

async function pagesOf(exchange: Exchange, path: string, required: boolean): Promise<unknown[]> {
  const items: unknown[] = [];
  let next = "";
  do {
    const join = path.includes("?") ? "&" : "?";
    const answer = await exchange(
      "GET",
      `${path}${join}limit=500${next && `&continue=${encodeURIComponent(next)}`}`,
    );
    if (answer.status === 404 && !required) return [];
    const text = `Kubernetes ${path}: ${answer.status} ${answer.text.slice(0, 200)}`;
    if (answer.status === 401 || answer.status === 403) throw new SyncError("denied", text, false);
    if (answer.status === 404) throw new SyncError("not-found", text, false);
    if (answer.status !== 200) throw new SyncError("unavailable", text, true);
    const page = list.parse(JSON.parse(answer.text));
    items.push(...page.items);
    next = page.metadata.continue ?? "";
  } while (next !== "");
  return items;
}

/** Reads the URIs from the API server. */
export function kubernetesLiveModels(exchange: Exchange, retry: RetryDeps): LiveModels {
  return async () => {
    const uris = new Set<string>();
    for (const { path, required } of resources) {
      const items = await retrying(() => pagesOf(exchange, path, required), retry);
      for (const uri of urisIn(items)) uris.add(uri);
    }
    return [...uris].sort();
  };
}

const account = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The API server as a pod reaches it, by its service account's token, which is read anew as it rotates. */
export function clusterExchange(
  environment: Readonly<Record<string, string | undefined>>,
  folder = account,
): Exchange {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (host === undefined || port === undefined)
    throw new SyncError("unavailable", "not in a pod: KUBERNETES_SERVICE_HOST and _PORT are not set", false);
  return exchangeWith({
    url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: readFileSync(`${folder}/ca.crt`, "utf8"),
    authorization: () => `Bearer ${readFileSync(`${folder}/token`, "utf8").trim()}`,
  });
}
