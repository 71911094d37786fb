import type { ResourceDiff } from "../../../../sandbox/offline/changes";
import { diffObjects } from "../../../../sandbox/offline/kubernetes/diff";
import type { Tree } from "../../../../sandbox/offline/properties";

const immutable = { configMapMutable: false, secretMutable: false };
const mutable = { configMapMutable: true, secretMutable: true };
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const diff = (kind: string, olds: Tree, news: Tree, mutability = immutable): ResourceDiff => {
  const [name = "", apiVersion = "v1"] = kind.split(" ");
  return diffObjects({ apiVersion, kind: name }, olds, news, mutability);
};
const replaces = (found: ResourceDiff): string[] =>
  [...found.changes].filter(([, change]) => change.replaces).map(([path]) => path);
const named = (rest: Tree): Tree => ({ metadata: { name: "n", namespace: "s" }, ...rest });
const auto = (rest: Tree): Tree => ({
  metadata: { name: "n-1", namespace: "s", annotations: { "pulumi.com/autonamed": "true" } },
  ...rest,
});

describe("a diff of objects", () => {
  it("finds nothing between equal inputs, null and absent, and the default namespace and none", () => {
    const olds = { metadata: { name: "n" }, spec: { a: null, b: [1, { c: "d" }] } };
    const news = { metadata: { name: "n", namespace: "default" }, spec: { b: [1, { c: "d" }] } };
    expect([...diff("Service", olds, news).changes]).toEqual([]);
  });

  it("names every changed property by the engine's path", () => {
    const olds = named({ spec: { list: [{ a: 1 }, { a: 2 }], gone: true, "a.b": 1 } });
    const news = named({ spec: { list: [{ a: 3 }], "a.b": 2, added: unknown } });
    expect(Object.fromEntries(diff("Ingress networking.k8s.io/v1", olds, news).changes)).toEqual({
      "spec.list[0].a": { kind: "update", replaces: false },
      "spec.list[1]": { kind: "delete", replaces: false },
      'spec["a.b"]': { kind: "update", replaces: false },
      "spec.gone": { kind: "delete", replaces: false },
      "spec.added": { kind: "add", replaces: false },
    });
  });

  it.each([
    ["ConfigMap", { data: { a: "1" } }, { data: { a: "2" } }, ["data.a"]],
    ["ConfigMap", { data: { a: "1" } }, { binaryData: { a: "MQ==" } }, ["data", "binaryData"]],
    ["Secret", { stringData: { a: "1" } }, { stringData: { a: "2" } }, ["stringData.a"]],
    ["Secret", { type: "Opaque" }, { type: "kubernetes.io/tls" }, ["type"]],
    ["Service", { spec: { clusterIP: "None" } }, { spec: {} }, ["spec.clusterIP"]],
    ["Service", { spec: { ports: [{ port: 1 }] } }, { spec: { ports: [{ port: 2 }] } }, []],
    [
      "Deployment apps/v1",
      { spec: { selector: { matchLabels: { a: "1" } }, replicas: 1 } },
      { spec: { selector: { matchLabels: { a: "2" } }, replicas: 2 } },
      ["spec.selector.matchLabels.a"],
    ],
    ["StatefulSet apps/v1", { spec: { template: { a: 1 } } }, { spec: { template: { a: 2 } } }, []],
    [
      "StatefulSet apps/v1",
      { spec: { serviceName: "a" } },
      { spec: { serviceName: "b" } },
      ["spec.serviceName"],
    ],
    ["Job batch/v1", { spec: { template: { a: 1 } } }, { spec: { template: { a: 2 } } }, ["spec.template.a"]],
    ["CronJob batch/v1", { spec: { jobTemplate: { a: 1 } } }, { spec: { jobTemplate: { a: 2 } } }, []],
    [
      "PersistentVolumeClaim",
      { spec: { storageClassName: "a", resources: { requests: { storage: "1Gi" } } } },
      { spec: { storageClassName: "a", resources: { requests: { storage: "2Gi" } } } },
      [],
    ],
    ["PersistentVolumeClaim", { spec: { storageClassName: "a" } }, { spec: {} }, ["spec.storageClassName"]],
    [
      "StorageClass storage.k8s.io/v1",
      { parameters: { a: "1" } },
      { parameters: { a: "2" } },
      ["parameters.a"],
    ],
    [
      "ClusterRoleBinding rbac.authorization.k8s.io/v1",
      { roleRef: { name: "a" }, subjects: [] },
      { roleRef: { name: "b" }, subjects: [{ name: "x" }] },
      ["roleRef.name"],
    ],
    [
      "Pod",
      { spec: { containers: [{ image: "a" }] } },
      { spec: { containers: [{ image: "b" }, { image: "c" }] } },
      ["spec.containers[0].image", "spec.containers[1]"],
    ],
    ["Pod", { spec: { containers: [{ image: "a" }] } }, {}, ["spec"]],
  ])("of %s from %j to %j replaces at %j", (kind, olds, news, expected) => {
    expect(replaces(diff(kind, named(olds), named(news)))).toEqual(expected);
  });

  it("updates the data of ConfigMaps and Secrets in place where they are mutable, unless the object forbids it", () => {
    const [olds, news] = [named({ data: { a: "1" } }), named({ data: { a: "2" } })];
    expect(replaces(diff("ConfigMap", olds, news, mutable))).toEqual([]);
    expect(replaces(diff("Secret", olds, news, mutable))).toEqual([]);
    expect(replaces(diff("Secret", { ...olds, type: "a" }, { ...news, type: "b" }, mutable))).toEqual([
      "type",
    ]);
    expect(replaces(diff("ConfigMap", olds, { ...news, immutable: true }, mutable))).toEqual(["data.a"]);
  });

  it("changes a patch in place, whatever of its object it sets", () => {
    const [olds, news] = [
      named({ spec: { selector: { a: "1" } } }),
      named({ spec: { selector: { a: "2" } } }),
    ];
    const patch = { ...immutable, patch: true };
    expect(replaces(diff("Deployment apps/v1", olds, news))).toEqual(["spec.selector.a"]);
    expect(replaces(diff("Deployment apps/v1", olds, news, patch))).toEqual([]);
    const renamed = { ...news, metadata: { name: "m", namespace: "s" } };
    expect(replaces(diff("Deployment apps/v1", olds, renamed, patch))).toEqual(["metadata.name"]);
  });

  it("replaces at another name or namespace, side by side", () => {
    const olds = named({});
    const renamed = diff("Service", olds, { metadata: { name: "m", namespace: "s" } });
    expect([replaces(renamed), renamed.deleteBeforeReplace]).toEqual([["metadata.name"], false]);
    const moved = diff("Service", olds, { metadata: { name: "n", namespace: "t" } });
    expect([replaces(moved), moved.deleteBeforeReplace]).toEqual([["metadata.namespace"], false]);
  });

  it("deletes first when the program chose the name, and not when the provider did", () => {
    const [olds, news] = [{ data: { a: "1" } }, { data: { a: "2" } }];
    expect(diff("ConfigMap", named(olds), named(news)).deleteBeforeReplace).toBe(true);
    expect(diff("ConfigMap", auto(olds), auto(news)).deleteBeforeReplace).toBe(false);
    expect(diff("ConfigMap", named(olds), named(news), mutable).deleteBeforeReplace).toBe(false);
  });
});
