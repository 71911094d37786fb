import * as objects from "../../../../sandbox/offline/kubernetes/objects";

describe("names of objects", () => {
  it("reads kind and version from a type token", () => {
    expect(objects.kindOfType("kubernetes:core/v1:ConfigMap")).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
    });
    expect(objects.kindOfType("kubernetes:rbac.authorization.k8s.io/v1:Role")).toEqual({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
    });
    expect(() => objects.kindOfType("kubernetes:helm")).toThrow(
      '"kubernetes:helm" is not the type of a Kubernetes',
    );
  });

  it("tells a patch of another's object from a kind that is called so", () => {
    const of = (type: string, kind: string): boolean =>
      objects.isPatch(`urn:pulumi:dev::test::my:own:Component$${type}::name`, { apiVersion: "v1", kind });
    expect(of("kubernetes:apps/v1:DeploymentPatch", "Deployment")).toBe(true);
    expect(of("kubernetes:serving.kserve.io/v1beta1:InferenceServicePatch", "InferenceService")).toBe(true);
    expect(of("kubernetes:apps/v1:Deployment", "Deployment")).toBe(false);
    expect(of("kubernetes:kuma.io/v1alpha1:MeshProxyPatch", "MeshProxyPatch")).toBe(false);
    expect(of("kubernetes:kuma.io/v1alpha1:MeshProxyPatchPatch", "MeshProxyPatch")).toBe(true);
  });

  it("annotates an autonamed object and keeps its other annotations", () => {
    expect(objects.autonamed({ metadata: { annotations: { a: "1" } } }, "web-0")).toEqual({
      metadata: { name: "web-0", annotations: { a: "1", "pulumi.com/autonamed": "true" } },
    });
  });

  it("takes a name that is not known yet for a given one", () => {
    expect(objects.isNamed({ metadata: { name: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } })).toBe(true);
    expect(objects.nameOf({ metadata: { name: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } })).toBe("");
    expect(objects.isNamed({ metadata: {} })).toBe(false);
    expect(objects.isNamed({})).toBe(false);
  });

  it("makes and reads ids", () => {
    expect(objects.idOf({ metadata: { name: "n", namespace: "s" } })).toBe("s/n");
    expect(objects.idOf({ metadata: { name: "n" } })).toBe("n");
    expect(objects.parseId("s/n")).toEqual({ namespace: "s", name: "n" });
    expect(objects.parseId("n")).toEqual({ namespace: "", name: "n" });
  });
});
