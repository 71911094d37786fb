import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as vm from "node:vm";
import * as pulumi from "@pulumi/pulumi";
import * as ts from "typescript";
import { countByType, minimalProgram, type ExportedResource } from "../../../bench/minimalProgram";

const urn = (type: string, name: string): string => `urn:pulumi:cloud::federation::${type}::${name}`;
const provider = urn("pulumi:providers:kubernetes", "cluster");
const managed = (type: string, name: string): ExportedResource => ({
  urn: urn(type, name),
  type,
  custom: true,
  id: `federation/${name}`,
  provider: `${provider}::0f5a`,
});

const kinds = [
  "core/v1:Namespace",
  "core/v1:ConfigMap",
  "core/v1:ConfigMap",
  "core/v1:Secret",
  "core/v1:ServiceAccount",
  "core/v1:Service",
  "core/v1:PersistentVolumeClaim",
  "apps/v1:Deployment",
  "apps/v1:StatefulSet",
  "apps/v1:DaemonSet",
  "rbac.authorization.k8s.io/v1:ClusterRole",
  "rbac.authorization.k8s.io/v1:ClusterRoleBinding",
  "rbac.authorization.k8s.io/v1:Role",
  "rbac.authorization.k8s.io/v1:RoleBinding",
  "networking.k8s.io/v1:NetworkPolicy",
  "policy/v1:PodDisruptionBudget",
];

const stack: readonly ExportedResource[] = [
  { urn: urn("pulumi:pulumi:Stack", "federation-cloud"), type: "pulumi:pulumi:Stack", custom: false },
  { urn: urn("federation:monitoring:X", "x"), type: "federation:monitoring:X", custom: false },
  {
    urn: provider,
    type: "pulumi:providers:kubernetes",
    custom: true,
    id: "0f5a",
    inputs: {
      kubeconfig: { ciphertext: "v1:abc" },
      version: "4.34.2",
      clusterIdentifier: "u-1",
      enableConfigMapMutable: "true",
    },
  },
  {
    ...managed("kubernetes:core/v1:Namespace", "identity"),
    id: "kube-system",
    external: true,
  },
  ...kinds.map((kind, index) => managed(`kubernetes:${kind}`, `r${index}`)),
];

describe("minimalProgram", () => {
  it("registers as many resources of the same types, each through the provider its like has", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "minimal-program-"));
    const kubeconfig = path.join(folder, "kubeconfig");
    fs.writeFileSync(kubeconfig, "apiVersion: v1\n");
    const registered: pulumi.runtime.MockResourceArgs[] = [];
    await pulumi.runtime.setMocks({
      newResource: (args) => {
        registered.push(args);
        return { id: args.id === "" ? `${args.name}-id` : (args.id ?? ""), state: args.inputs as object };
      },
      call: ({ inputs }) => inputs as object,
    });
    const { outputText } = ts.transpileModule(minimalProgram(stack), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, esModuleInterop: true },
    });
    type Program = (load: NodeJS.Require, exported: object, environment: object) => void;
    const program = vm.compileFunction(outputText, ["require", "exports", "process"]) as Program;
    program(require, {}, { env: { BENCH_KUBECONFIG: kubeconfig } });
    await new Promise((resolve) => setImmediate(resolve));
    await pulumi.runtime.disconnect();
    fs.rmSync(folder, { recursive: true });

    const counted = countByType(
      registered.map(({ type, name }) => ({ type, urn: urn(type, name), custom: true })),
    );
    expect(counted).toEqual(countByType(stack));
    const one = (name: string): pulumi.runtime.MockResourceArgs =>
      registered.find((args) => args.name === name)!;
    expect(one("bench-2").inputs).toMatchObject({ clusterIdentifier: "u-1", enableConfigMapMutable: "true" });
    expect(one("bench-3")).toMatchObject({ type: "kubernetes:core/v1:Namespace", id: "kube-system" });
    for (const [index, kind] of kinds.entries()) {
      const { type, provider: through, ...rest } = one(`bench-${index + 4}`);
      const { metadata } = (rest as { inputs: { metadata: { name: string; namespace?: string } } }).inputs;
      expect(type).toBe(`kubernetes:${kind}`);
      expect(metadata.name).toBe(`bench-${index + 4}`);
      expect(metadata.namespace).toBe(/Namespace|Cluster/.test(kind) ? undefined : "bench-4");
      expect(through).toContain("::bench-2::");
    }
  });

  it("starts no pod", () => {
    const program = minimalProgram(stack);
    expect(program.match(/"replicas":0/g)).toHaveLength(2);
    expect(program.match(/"nodeSelector":\{"bench":"none"\}/g)).toHaveLength(1);
  });

  it("contains nothing of the state's secrets", () => {
    expect(minimalProgram(stack)).not.toContain("ciphertext");
  });

  it("refuses a type it has no minimal spec of, by name", () => {
    expect(() => minimalProgram([managed("kubernetes:batch/v1:Job", "sync")])).toThrow(
      "no minimal spec of kubernetes:batch/v1:Job (sync) is known",
    );
  });
});

it("countByType leaves the stack out and sorts", () => {
  expect(countByType(stack.slice(0, 7))).toEqual({
    "federation:monitoring:X": 1,
    "kubernetes:core/v1:ConfigMap": 2,
    "kubernetes:core/v1:Namespace": 2,
    "pulumi:providers:kubernetes": 1,
  });
});
