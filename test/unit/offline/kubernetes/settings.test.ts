import { diffSettings, providerSettings } from "../../../../sandbox/offline/kubernetes/settings";
import { forSdk, objectOf } from "../../../../sandbox/offline/kubernetes/spelling";
import { makeState, parseState } from "../../../../sandbox/offline/kubernetes/state";
import { secret } from "../../../../sandbox/offline/properties";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** Stands for reading the kubeconfig: the cluster is what follows "of ". */
const activeCluster = (settings: Record<string, unknown>): unknown =>
  typeof settings.kubeconfig === "string" ? settings.kubeconfig.split("of ")[1] : undefined;
const diff = (olds: object, news: object): ReturnType<typeof diffSettings> =>
  diffSettings({ ...olds }, { ...news }, activeCluster);

describe("a provider's configuration", () => {
  it("has the official defaults, JSON booleans and environment variables", () => {
    expect(providerSettings(new Map(), {})).toMatchObject({ serverSideApply: true, configMapMutable: false });
    const variables = new Map([
      ["kubernetes:config:enableServerSideApply", "false"],
      ["kubernetes:config:enableConfigMapMutable", "true"],
      ["kubernetes:config:kubeconfig", ""],
      ["kubernetes:config:namespace", "ours"],
    ]);
    const environment = {
      PULUMI_K8S_ENABLE_SECRET_MUTABLE: "true",
      PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE: "false",
    };
    expect(providerSettings(variables, environment)).toMatchObject({
      serverSideApply: false,
      configMapMutable: true,
      secretMutable: true,
      kubeconfig: undefined,
      namespace: "ours",
    });
  });

  it("replaces everything for another identifier and nothing for the same", () => {
    const [one, two] = [
      { clusterIdentifier: "1", kubeconfig: "a of x" },
      { clusterIdentifier: "1", kubeconfig: "a of y" },
    ];
    expect(diff(one, two)).toEqual({ changed: ["kubeconfig"], replaces: [] });
    expect(diff(one, { ...one, clusterIdentifier: "2" }).replaces).toEqual(["clusterIdentifier"]);
    expect(diff(one, { ...one, kubeconfig: unknown }).replaces).toEqual([]);
    expect(diff(one, one)).toEqual({ changed: [], replaces: [] });
  });

  it("without an identifier replaces everything for another cluster, not for other credentials", () => {
    expect(diff({ kubeconfig: "a of x" }, { kubeconfig: "b of x" }).replaces).toEqual([]);
    expect(diff({ kubeconfig: "a of x" }, { kubeconfig: "a of y" }).replaces).toEqual(["kubeconfig"]);
    expect(diff({ kubeconfig: "a of x" }, { kubeconfig: unknown }).replaces).toEqual(["kubeconfig"]);
    const identified = { kubeconfig: "a of x", clusterIdentifier: "1" };
    expect(diff({ kubeconfig: "a of x" }, identified)).toEqual({
      changed: ["clusterIdentifier"],
      replaces: [],
    });
  });

  it("is compared without its secret marks", () => {
    expect(diff({ kubeconfig: secret("a of x") }, { kubeconfig: "a of x" })).toEqual({
      changed: [],
      replaces: [],
    });
  });
});

describe("secrets", () => {
  it("are all that a Secret holds, given as secret or not", () => {
    const live = { apiVersion: "v1", kind: "Secret", metadata: { name: "n" }, data: { a: "MQ==" } };
    const inputs = { apiVersion: "v1", kind: "Secret", metadata: { name: "n" }, stringData: { a: "1" } };
    const state = makeState(live, inputs, inputs, "manager", "v1");
    expect(state).toMatchObject({
      data: secret({ a: "MQ==" }),
      __inputs: { stringData: secret({ a: "1" }) },
    });
    expect(parseState(state)).toEqual({ live, inputs, fieldManager: "manager", initialApiVersion: "v1" });
  });
});

describe("an object", () => {
  it("has its keys as Kubernetes writes them, and no secret marks", () => {
    const object = { a: { "x-kubernetes-map-type": "atomic" }, b: [1] };
    const sent = { a: secret({ x_kubernetes_map_type: "atomic" }), b: [secret(1)] };
    expect(objectOf(sent)).toEqual(object);
    expect(forSdk(object)).toEqual({ a: { x_kubernetes_map_type: "atomic" }, b: [1] });
  });
});
