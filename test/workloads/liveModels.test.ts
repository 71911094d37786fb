import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "./support/registry";
import type { TlsServer } from "./support/tls";
import { tlsServer } from "./support/tls";
import { clusterExchange, kubernetesLiveModels } from "../../workloads/model-sync/retention/live";

/** The API server as far as retention asks it: lists by path, one item a page. */
let objects: Record<string, unknown[] | number>;
let asked: string[];
let server: TlsServer;

beforeAll(async () => {
  server = await tlsServer((request, reply) => {
    const url = new URL(request.url ?? "", "https://api");
    asked.push(
      url.pathname +
        (url.searchParams.has("labelSelector") ? `?${url.searchParams.get("labelSelector") ?? ""}` : ""),
    );
    if (request.headers.authorization !== "Bearer the-token") return void reply.writeHead(401).end("{}");
    const items = objects[url.pathname] ?? 404;
    if (typeof items === "number") return void reply.writeHead(items).end("{}");
    const at = Number(url.searchParams.get("continue") ?? "0");
    const next = at + 1 < items.length ? String(at + 1) : "";
    reply.end(JSON.stringify({ metadata: { continue: next }, items: items.slice(at, at + 1) }));
  });
  writeFileSync(join(server.folder, "token"), "the-token\n");
});

beforeEach(() => {
  asked = [];
  objects = {
    "/apis/serving.kserve.io/v1beta1/inferenceservices": [
      { spec: { predictor: { model: { storageUri: "s3://models/models/hpc/a/1" } } } },
      { spec: { predictor: { model: { storageUri: "s3://models/models/hpc/b/1" } } } },
    ],
    "/api/v1/pods": [{ spec: { initContainers: [{ args: ["s3://models/models/hpc/a/0", "/mnt/models"] }] } }],
  };
});

afterAll(() => server.close());

const live = (folder = server.folder): Promise<readonly string[]> => {
  const environment = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(server.port) };
  return kubernetesLiveModels(clusterExchange(environment, folder), { policy: once })();
};

it("reads services of all pages, and pods that still load an older version", async () => {
  expect(await live()).toEqual([
    "s3://models/models/hpc/a/0",
    "s3://models/models/hpc/a/1",
    "s3://models/models/hpc/b/1",
  ]);
  expect(asked).toEqual([
    "/apis/serving.kserve.io/v1beta1/inferenceservices",
    "/apis/serving.kserve.io/v1beta1/inferenceservices",
    "/apis/serving.kserve.io/v1alpha1/llminferenceservices",
    "/apis/serving.knative.dev/v1/revisions",
    "/api/v1/pods?serving.kserve.io/inferenceservice",
  ]);
});

it.each([
  ["a cluster without KServe", "/apis/serving.kserve.io/v1beta1/inferenceservices", 404, "not-found"],
  ["a right that is missing", "/api/v1/pods", 403, "denied"],
  ["an API server in trouble", "/apis/serving.knative.dev/v1/revisions", 503, "unavailable"],
])("fails rather than leave anything out: %s", async (_, path, status, reason) => {
  objects[path] = status;
  await expect(live()).rejects.toMatchObject({ reason });
});

it("trusts only the service account's authority, and reads its token anew", async () => {
  const other = await tlsServer(() => undefined);
  writeFileSync(join(other.folder, "token"), "the-token\n");
  try {
    await expect(live(other.folder)).rejects.toMatchObject({ reason: "denied", transient: false });
  } finally {
    await other.close();
  }

  const environment = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(server.port) };
  const models = kubernetesLiveModels(clusterExchange(environment, server.folder), { policy: once });
  await models();
  const token = join(server.folder, "token");
  writeFileSync(`${token}.new`, "rotated");
  renameSync(`${token}.new`, token);
  await expect(models()).rejects.toMatchObject({ reason: "denied" });
  writeFileSync(token, "the-token");
  await models();
});
