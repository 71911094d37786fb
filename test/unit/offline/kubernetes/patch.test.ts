import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeConfig } from "@kubernetes/client-node";
import { Cluster } from "../../../../sandbox/offline/kubernetes/cluster";
import { Resources } from "../../../../sandbox/offline/kubernetes/resources";
import { providerSettings } from "../../../../sandbox/offline/kubernetes/settings";
import type { Tree } from "../../../../sandbox/offline/properties";

/** A request that changes something, as an API server receives it. */
interface Write {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const resource = { name: "configmaps", kind: "ConfigMap", namespaced: true };
const live = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: "theirs",
    namespace: "models",
    managedFields: [{ manager: "kubectl-create", operation: "Update", fieldsV1: { "f:data": {} } }],
  },
  data: { a: "1", b: "2" },
};

const writes: Write[] = [];
/** What the server answers to an apply. */
let answer: { readonly status: number; readonly body: object };
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://server");
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const { method = "" } = request;
      const say = (status: number, body: object): void => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      };
      if (method === "GET" && pathname === "/api/v1") say(200, { resources: [resource] });
      else if (method === "GET") say(200, pathname === "/version" ? {} : live);
      else {
        writes.push({
          method,
          path: pathname,
          query: Object.fromEntries(searchParams),
          body: JSON.parse(text),
        });
        say(answer.status, answer.body);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

beforeEach(() => {
  writes.length = 0;
  answer = { status: 200, body: live };
});

function provider(variables: Readonly<Record<string, string>> = {}): Resources {
  const config = {
    getCurrentCluster: () => ({ server: `http://127.0.0.1:${port}` }),
    getCurrentContext: () => "context",
    getContextObject: () => null,
    applyToHTTPSOptions: () => Promise.resolve(),
  } as unknown as KubeConfig;
  const settings = providerSettings(
    new Map(Object.entries(variables).map(([name, value]) => [`kubernetes:config:${name}`, value])),
    {},
  );
  const engine = { log: () => undefined, status: () => undefined };
  return new Resources({
    settings,
    cluster: new Cluster(config),
    engine,
    signal: new AbortController().signal,
  });
}

const urn = "urn:pulumi:dev::test::kubernetes:core/v1:ConfigMapPatch::patch";
const subject = { urn, id: "models/theirs", timeout: 0 };
const path = "/api/v1/namespaces/models/configmaps/theirs";
const manager = { "pulumi.com/patchFieldManager": "ours" };
const patch = (data: Tree, annotations: Tree = manager): Tree => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "theirs", namespace: "models", annotations },
  data,
});
const apply = { fieldValidation: "Strict" };

describe("a patch of another's object", () => {
  it("needs its object's name, and server-side apply", async () => {
    const nameless = { apiVersion: "v1", kind: "ConfigMap", data: {} };
    const { failures } = await provider().check(urn, {}, nameless, new Uint8Array());
    expect(failures).toEqual([
      { property: "metadata.name", reason: "a patch names the object that it changes" },
    ]);
    await expect(
      provider({ enableServerSideApply: "false" }).check(urn, {}, patch({}), new Uint8Array()),
    ).rejects.toThrow("patch resources require Server-side Apply mode");
    expect(writes).toEqual([]);
  });

  it("is previewed without a word to the server, then applied to the object that is there", async () => {
    expect(await provider().create(subject, patch({ a: "9" }), true)).toEqual({
      id: "",
      state: patch({ a: "9" }),
    });
    expect(writes).toEqual([]);
    const { id, state } = await provider().create(subject, patch({ a: "9" }), false);
    expect(writes).toEqual([
      {
        method: "PATCH",
        path,
        query: { ...apply, fieldManager: "ours", force: "false" },
        body: patch({ a: "9" }),
      },
    ]);
    expect(id).toBe("models/theirs");
    expect([state.__fieldManager, state.data]).toEqual(["ours", { a: "1", b: "2" }]);
  });

  it("takes fields from their owner only when told to", async () => {
    const forced = patch({ a: "9" }, { ...manager, "pulumi.com/patchForce": "true" });
    await provider().create(subject, forced, false);
    expect(writes.map(({ query }) => query.force)).toEqual(["true"]);
    answer = {
      status: 409,
      body: { reason: "Conflict", message: 'conflict with "kubectl-create": .data.a' },
    };
    await expect(provider().create(subject, patch({ a: "9" }), false)).rejects.toThrow(
      'field manager "ours" had an apply conflict: conflict with "kubectl-create": .data.a',
    );
  });

  it("has a manager of its own where none is named, and keeps it", async () => {
    const { state } = await provider().create(subject, patch({ a: "9" }, {}), false);
    expect(state.__fieldManager).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
    await provider().update(subject, state, patch({ a: "8" }, {}), false, []);
    expect(writes.map(({ query }) => query.fieldManager)).toEqual([
      state.__fieldManager,
      state.__fieldManager,
    ]);
  });

  it("changes its own fields, leaves kubectl's alone, and previews by a dry run", async () => {
    const { state } = await provider().create(subject, patch({ a: "9" }), false);
    writes.length = 0;
    await provider().update(subject, state, patch({ a: "8" }), true, []);
    await provider().update(subject, state, patch({ a: "8" }), false, []);
    const query = { ...apply, fieldManager: "ours", force: "false" };
    expect(writes).toEqual([
      { method: "PATCH", path, query: { ...query, dryRun: "All" }, body: patch({ a: "8" }) },
      { method: "PATCH", path, query, body: patch({ a: "8" }) },
    ]);
  });

  it("gives back what a former manager had", async () => {
    const { state } = await provider().create(subject, patch({ a: "9" }), false);
    writes.length = 0;
    const renamed = patch({ a: "9" }, { "pulumi.com/patchFieldManager": "new" });
    const updated = await provider().update(subject, state, renamed, false, []);
    expect(writes.map(({ query }) => query.fieldManager)).toEqual(["new", "ours"]);
    expect(writes[1]?.body).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "theirs", namespace: "models" },
    });
    expect(updated.__fieldManager).toBe("new");
  });

  it("gives its fields back when it is deleted, and leaves the object", async () => {
    const { state } = await provider().create(subject, patch({ a: "9" }), false);
    writes.length = 0;
    await provider().delete(subject, state);
    expect(writes).toEqual([
      {
        method: "PATCH",
        path,
        query: { ...apply, fieldManager: "ours", force: "false" },
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "theirs", namespace: "models" } },
      },
    ]);
  });

  it("says which field keeps it from being deleted", async () => {
    const { state } = await provider().create(subject, patch({ a: "9" }), false);
    const causes = [{ reason: "FieldValueRequired", field: "spec.selector", message: "Required value" }];
    answer = { status: 422, body: { reason: "Invalid", message: "is invalid", details: { causes } } };
    await expect(provider().delete(subject, state)).rejects.toThrow(
      /currently managing a required field, so it can't be deleted directly\..*: spec\.selector$/,
    );
  });
});
