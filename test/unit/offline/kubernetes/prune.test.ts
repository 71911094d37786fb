import { adoptedFields, ownedByOthers } from "../../../../sandbox/offline/kubernetes/fields";
import { importedInputs, liveInputs, sameQuantity } from "../../../../sandbox/offline/kubernetes/prune";
import { mergePatch } from "../../../../sandbox/offline/kubernetes/apply";

describe("live values of inputs", () => {
  it("equal the inputs when only the server's own additions differ", () => {
    const inputs = {
      kind: "Deployment",
      metadata: { name: "n" },
      spec: {
        paused: false,
        template: {
          spec: {
            hostNetwork: false,
            volumes: [],
            containers: [
              {
                name: "b",
                args: ["x"],
                resources: { requests: { cpu: "1000m", memory: "1024Mi" }, limits: {} },
              },
            ],
          },
        },
      },
    };
    const live = {
      kind: "Deployment",
      metadata: { name: "n", uid: "u", labels: { theirs: "1" } },
      spec: {
        replicas: 1,
        template: {
          spec: {
            dnsPolicy: "ClusterFirst",
            containers: [
              { name: "injected" },
              {
                name: "b",
                args: ["x"],
                imagePullPolicy: "Always",
                resources: { requests: { cpu: "1", memory: "1Gi" } },
              },
            ],
          },
        },
      },
      status: { replicas: 1 },
    };
    expect(liveInputs(live, inputs)).toEqual(inputs);
  });

  it("differ where a managed field drifted, went or grew", () => {
    const inputs = { kind: "ConfigMap", data: { a: "1", b: "2" }, args: ["x"] };
    const live = { kind: "ConfigMap", data: { a: "9", c: "3" }, args: ["x", "y"] };
    expect(liveInputs(live, inputs)).toEqual({ kind: "ConfigMap", data: { a: "9" }, args: ["x", "y"] });
  });

  it("are read from a Secret's data where the inputs are plain text", () => {
    const live = { kind: "Secret", data: { a: "Mg==", other: "eA==" } };
    expect(liveInputs(live, { kind: "Secret", stringData: { a: "1" } })).toEqual({
      kind: "Secret",
      stringData: { a: "2" },
    });
  });

  it("are, of an imported object, all that a program could have given", () => {
    const live = {
      kind: "Namespace",
      metadata: {
        name: "n",
        uid: "u",
        resourceVersion: "1",
        generation: 2,
        managedFields: [],
        labels: { a: "1" },
      },
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    };
    expect(importedInputs(live)).toEqual({
      kind: "Namespace",
      metadata: { name: "n", labels: { a: "1" } },
      spec: { finalizers: ["kubernetes"] },
    });
  });

  it.each([
    ["1000m", "1", true],
    ["1Gi", "1024Mi", true],
    [1, "1", true],
    ["1e3", "1k", true],
    ["1G", "1Gi", false],
    ["1", "one", false],
  ])("take the quantities %s and %s for the same: %s", (one, other, same) => {
    expect(sameQuantity(one, other)).toBe(same);
  });
});

describe("owners of fields", () => {
  const entry = (manager: string, operation: string, fieldsV1: object, subresource?: string): object => ({
    manager,
    operation,
    fieldsV1,
    ...(subresource === undefined ? {} : { subresource }),
  });
  const live = (...managedFields: object[]): { metadata: object } => ({ metadata: { managedFields } });

  it("are taken over from kubectl alone", () => {
    const ours = entry("ours", "Apply", { "f:data": { "f:a": {} } });
    const other = entry("operator", "Update", { "f:data": { "f:z": {} } });
    const edited = entry("kubectl-edit", "Update", { "f:data": { "f:b": {} } });
    expect(adoptedFields(live(ours, other, edited), "ours")).toEqual([
      other,
      entry("ours", "Apply", { "f:data": { "f:a": {}, "f:b": {} } }),
    ]);
    expect(adoptedFields(live(ours, other), "ours")).toBeUndefined();
    expect(adoptedFields(live(entry("kubectl", "Update", {}, "scale")), "ours")).toBeUndefined();
  });

  it("are others only where we own the field not at all", () => {
    const spec = { "f:spec": { "f:replicas": {} } };
    const path = ["spec", "replicas"];
    expect(ownedByOthers(live(entry("hpa", "Update", spec)), "ours", path)).toBe(true);
    expect(
      ownedByOthers(live(entry("hpa", "Update", spec), entry("ours", "Apply", spec)), "ours", path),
    ).toBe(false);
    expect(ownedByOthers(live(), "ours", path)).toBe(false);
  });
});

describe("a merge patch", () => {
  it("holds what changed, and null for what went", () => {
    const before = { a: 1, b: { c: 1, d: 2 }, list: [1], same: { x: 1 } };
    const after = { b: { c: 3 }, list: [1, 2], same: { x: 1 }, e: 5 };
    expect(mergePatch(before, after)).toEqual({ a: null, b: { c: 3, d: null }, list: [1, 2], e: 5 });
  });
});
