import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { pulumiEnvironment } from "../../../sandbox/pulumi";
import { KubernetesProject, type Declared } from "./kubernetesProject";

jest.setTimeout(300_000);

const kubeconfig = process.env.SANDBOX_KUBECONFIG_CLOUD ?? pulumiEnvironment().SANDBOX_KUBECONFIG_CLOUD ?? "";
const namespace = `offline-${randomBytes(4).toString("hex")}`;
let project: KubernetesProject;
/** An image whose program runs until it is stopped, and one that ends at once by its arguments. */
let images: { readonly waiting: string; readonly ending: string };

const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  runAsUser: 65534,
  seccompProfile: { type: "RuntimeDefault" },
};
const container = (name: string, image: string, args?: readonly string[]): object => ({
  name,
  image,
  imagePullPolicy: "Never",
  ...(args === undefined ? {} : { args }),
  resources: { requests: { cpu: "10m", memory: "1024Ki" }, limits: { cpu: "1000m", memory: "64Mi" } },
  securityContext: restricted,
});

const home: Declared = {
  type: "kubernetes:core/v1:Namespace",
  name: "home",
  args: { metadata: { name: namespace } },
};
const configMap = (name: string, data: object, metadata: object = {}, options: object = {}): Declared => ({
  type: "kubernetes:core/v1:ConfigMap",
  name,
  args: { metadata: { namespace, ...metadata }, data },
  options,
  after: ["home"],
});
const secret = (data: object): Declared => ({
  type: "kubernetes:core/v1:Secret",
  name: "secret",
  args: { metadata: { namespace }, stringData: data },
  after: ["home"],
});
const service: Declared = {
  type: "kubernetes:core/v1:Service",
  name: "service",
  args: { metadata: { namespace, name: "web" }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } },
  after: ["home"],
};
const statefulSet = (): Declared => ({
  type: "kubernetes:apps/v1:StatefulSet",
  name: "set",
  args: {
    metadata: { namespace, name: "web" },
    spec: {
      serviceName: "web",
      replicas: 1,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { terminationGracePeriodSeconds: 0, containers: [container("web", images.waiting)] },
      },
    },
  },
  after: ["home"],
});
const job = (args: readonly string[], annotations: object = {}): Declared => ({
  type: "kubernetes:batch/v1:Job",
  name: "job",
  args: {
    metadata: { namespace, annotations },
    spec: {
      backoffLimit: 0,
      template: { spec: { restartPolicy: "Never", containers: [container("run", images.ending, args)] } },
    },
  },
  after: ["home"],
});

const uidOf = (kind: string, name: string): Promise<string> =>
  project.mustKubectl("-n", namespace, "get", kind, name, "-o", "jsonpath={.metadata.uid}");
const nameOf = async (resource: string): Promise<string> =>
  (await project.state())[resource]!.id.split("/")[1]!;

async function findImages(): Promise<typeof images> {
  const path = "jsonpath={range .items[*].status.images[*].names[*]}{@}{'\\n'}{end}";
  const names = (await project.mustKubectl("get", "nodes", "-o", path)).split("\n");
  const find = (part: string): string => {
    const found = names.find((name) => name.includes(`/${part}@sha256:`));
    if (found === undefined) throw new Error(`no node of the cluster has an image "${part}" by digest`);
    return found;
  };
  return { waiting: find("pause"), ending: find("coredns") };
}

beforeAll(async () => {
  if (!existsSync(kubeconfig))
    throw new Error(`no kubeconfig at ${kubeconfig}: run \`npm run sandbox\` first`);
  project = new KubernetesProject(kubeconfig);
  await project.start();
  images = await findImages();
});

afterAll(async () => {
  if (kubeconfig === "") return;
  await project.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false");
  project.remove();
});

describe("objects of one stack", () => {
  const system: Declared = {
    type: "kubernetes:core/v1:Namespace",
    name: "system",
    args: {},
    options: { id: "kube-system" },
  };
  const base = (): Declared[] => [
    home,
    system,
    configMap("auto", { a: "1" }),
    configMap("fixed", { a: "1" }, { name: "fixed" }),
    secret({ password: "correct horse", other: "kept" }),
    service,
    statefulSet(),
  ];

  it("previews and makes a namespace and what is in it, and waits for a StatefulSet and its Service", async () => {
    project.declare({ resources: base() });
    const steps = await project.preview();
    expect(Object.fromEntries(Object.entries(steps).map(([name, { op }]) => [name, op]))).toEqual({
      "offline-test": "create",
      cluster: "create",
      home: "create",
      system: "read",
      auto: "create",
      fixed: "create",
      secret: "create",
      service: "create",
      set: "create",
    });
    expect((await project.kubectl("get", "namespace", namespace)).code).not.toBe(0);

    await project.mustUp();
    const state = await project.state();
    expect(state.set!.outputs.status).toMatchObject({ readyReplicas: 1, currentReplicas: 1 });
    expect(state.set!.id).toBe(`${namespace}/web`);
    expect(state.home!.id).toBe(namespace);
    const uid = await project.mustKubectl(
      "get",
      "namespace",
      "kube-system",
      "-o",
      "jsonpath={.metadata.uid}",
    );
    expect(state.system!.outputs.metadata).toMatchObject({ name: "kube-system", uid });
    expect(state.auto!.id).toMatch(new RegExp(`^${namespace}/auto-[0-9a-f]{8}$`));
    expect(state.auto!.outputs).toMatchObject({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { annotations: { "pulumi.com/autonamed": "true" } },
      __initialApiVersion: "v1",
    });
    expect(state.auto!.outputs.metadata).not.toHaveProperty("labels");
    expect(state.auto!.outputs.__fieldManager).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
  });

  it("keeps what a Secret holds out of the state's plain text", async () => {
    const text = await project.exported();
    expect(text).not.toContain("correct horse");
    expect(text).not.toContain(Buffer.from("correct horse").toString("base64"));
  });

  it("finds nothing to change the second time, nor on refresh", async () => {
    const before = await uidOf("statefulset", "web");
    await project.mustUp("--expect-no-changes");
    await project.must("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await project.mustUp("--expect-no-changes");
    expect(await uidOf("statefulset", "web")).toBe(before);
  });

  it("keeps an autoname on update and takes a new one when the data change", async () => {
    const first = await nameOf("auto");
    project.declare({ resources: changed(base(), configMap("auto", { a: "1" }, { labels: { l: "x" } })) });
    expect((await project.preview()).auto!.op).toBe("update");
    await project.mustUp();
    expect(await nameOf("auto")).toBe(first);

    project.declare({ resources: changed(base(), configMap("auto", { a: "2" }, { labels: { l: "x" } })) });
    await project.mustUp();
    expect(await nameOf("auto")).not.toBe(first);
    expect((await project.kubectl("-n", namespace, "get", "configmap", first)).code).not.toBe(0);
  });

  it("replaces a named ConfigMap delete-first, and updates it in place where the provider is mutable", async () => {
    const change = (a: string): Declared[] => changed(base(), configMap("fixed", { a }, { name: "fixed" }));
    const first = await uidOf("configmap", "fixed");
    project.declare({ resources: change("2") });
    const step = (await project.preview()).fixed!;
    expect([step.op, step.replaceReasons]).toEqual(["replace", ["data.a"]]);
    await project.mustUp();
    const second = await uidOf("configmap", "fixed");
    expect(second).not.toBe(first);

    const provider = { enableConfigMapMutable: "true", enableSecretMutable: "true" };
    project.declare({ provider, resources: change("3") });
    expect((await project.preview()).fixed!.op).toBe("update");
    await project.mustUp();
    expect(await uidOf("configmap", "fixed")).toBe(second);
    expect(
      await project.mustKubectl("-n", namespace, "get", "configmap", "fixed", "-o", "jsonpath={.data.a}"),
    ).toBe("3");

    const name = await nameOf("secret");
    const rotated = changed(change("3"), secret({ password: "rotated" }));
    project.declare({ provider, resources: rotated });
    await project.mustUp();
    expect(await nameOf("secret")).toBe(name);
    const data = await project.mustKubectl("-n", namespace, "get", "secret", name, "-o", "jsonpath={.data}");
    expect(JSON.parse(data)).toEqual({ password: Buffer.from("rotated").toString("base64") });
  });

  it("refuses an unknown field by name, before and without a change", async () => {
    const wrong = {
      ...configMap("wrong", { a: "1" }),
      args: { metadata: { namespace }, data: {}, datas: { a: "1" } },
    };
    project.declare({ resources: [home, wrong] });
    const preview = await project.pulumi("preview");
    expect(preview.code).not.toBe(0);
    expect(preview.output).toContain(".datas: field not declared in schema");
    const up = await project.up("--target", `**wrong`);
    expect(up.code).not.toBe(0);
    expect(up.output).toContain(".datas: field not declared in schema");
    expect((await project.state()).wrong).toBeUndefined();
  });

  it("finds drift of a field it manages on refresh and repairs it; what others added is left alone", async () => {
    project.declare({ provider: { enableConfigMapMutable: "true" }, resources: base() });
    await project.mustUp();
    const patch = JSON.stringify({ data: { a: "drift" }, metadata: { labels: { theirs: "yes" } } });
    const args = ["--field-manager=kubectl-edit", "--type=merge", "-p", patch];
    await project.mustKubectl("-n", namespace, "patch", "configmap", "fixed", ...args);
    await project.mustUp("--expect-no-changes");
    await project.must("refresh", "--yes", "--skip-preview");
    expect((await project.state()).fixed!.inputs).toMatchObject({ data: { a: "drift" } });
    const step = (await project.preview()).fixed!;
    expect(step.op).toBe("update");
    await project.mustUp();
    expect(
      await project.mustKubectl("-n", namespace, "get", "configmap", "fixed", "-o", "jsonpath={.data.a}"),
    ).toBe("1");
  });

  it("reports a conflict with another manager, and takes the field when told to force", async () => {
    const manifest = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "fixed", namespace },
      data: { a: "other" },
    };
    project.write("other.json", JSON.stringify(manifest));
    const force = ["--server-side", "--force-conflicts", "--field-manager=someone-else"];
    await project.mustKubectl("apply", ...force, "-f", `${project.folder}/other.json`);
    const provider = { enableConfigMapMutable: "true" };
    const resources = (annotations: object): Declared[] =>
      changed(base(), configMap("fixed", { a: "ours" }, { name: "fixed", annotations }));
    project.declare({ provider, resources: resources({}) });
    const refused = await project.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("server-side apply field conflict");
    expect(refused.output).toContain('conflict with "someone-else": .data.a');
    project.declare({ provider, resources: resources({ "pulumi.com/patchForce": "true" }) });
    await project.mustUp();
    expect(
      await project.mustKubectl("-n", namespace, "get", "configmap", "fixed", "-o", "jsonpath={.data.a}"),
    ).toBe("ours");
  });

  it("does not take over an object that exists already", async () => {
    await project.mustKubectl("-n", namespace, "create", "configmap", "theirs");
    const resources = [home, configMap("taken", { a: "1" }, { name: "theirs" })];
    project.declare({ resources });
    const refused = await project.up("--target", "**taken");
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain(`ConfigMap ${namespace}/theirs already exists in the cluster`);
    await project.mustKubectl("-n", namespace, "delete", "configmap", "theirs");
  });
});

describe("a patch of another's object", () => {
  const manifest = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "foreign", namespace },
    data: { a: "theirs", b: "theirs" },
  };
  const applyAsOwner = async (): Promise<void> => {
    project.write("foreign.json", JSON.stringify(manifest));
    const args = ["apply", "--server-side", "--force-conflicts", "--field-manager=someone-else"];
    await project.mustKubectl(...args, "-f", `${project.folder}/foreign.json`);
  };
  const patch = (a: string, annotations: object): Declared => ({
    type: "kubernetes:core/v1:ConfigMapPatch",
    name: "patch",
    args: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace, name: "foreign", annotations },
      data: { a },
    },
    after: ["home"],
  });
  const own = { "pulumi.com/patchFieldManager": "ours", "pulumi.com/patchForce": "true" };
  const foreign = async (): Promise<{
    readonly data: object;
    readonly metadata: {
      readonly uid: string;
      readonly managedFields: readonly { readonly manager: string; readonly fieldsV1: object }[];
    };
  }> =>
    JSON.parse(
      await project.mustKubectl(
        "-n",
        namespace,
        "get",
        "configmap",
        "foreign",
        "-o",
        "json",
        "--show-managed-fields",
      ),
    ) as Awaited<ReturnType<typeof foreign>>;
  const fieldsOf = async (manager: string): Promise<object | undefined> =>
    (await foreign()).metadata.managedFields.find((entry) => entry.manager === manager)?.fieldsV1;

  it("conflicts with the owner of a field unless it is told to take it", async () => {
    project.declare({ resources: [home] });
    await project.mustUp();
    await applyAsOwner();
    project.declare({ resources: [home, patch("ours", {})] });
    expect((await project.preview()).patch!.op).toBe("create");
    const refused = await project.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain('conflict with "someone-else": .data.a');
    expect((await foreign()).data).toEqual(manifest.data);
  });

  it("owns what it sets and nothing else, and finds nothing to change the second time, nor on refresh", async () => {
    project.declare({ resources: [home, patch("ours", own)] });
    await project.mustUp();
    expect((await foreign()).data).toEqual({ a: "ours", b: "theirs" });
    const annotations = Object.fromEntries(Object.keys(own).map((key) => [`f:${key}`, {}]));
    expect(await fieldsOf("ours")).toEqual({
      "f:data": { "f:a": {} },
      "f:metadata": { "f:annotations": annotations },
    });
    expect((await project.state()).patch).toMatchObject({
      id: `${namespace}/foreign`,
      outputs: { __fieldManager: "ours" },
    });
    await project.mustUp("--expect-no-changes");
    await project.must("refresh", "--yes", "--skip-preview", "--expect-no-changes");
  });

  it("is changed in place", async () => {
    const { uid } = (await foreign()).metadata;
    project.declare({ resources: [home, patch("changed", own)] });
    const step = (await project.preview()).patch!;
    expect(step.op).toBe("update");
    await project.mustUp();
    const now = await foreign();
    expect([now.data, now.metadata.uid]).toEqual([{ a: "changed", b: "theirs" }, uid]);
  });

  it("gives its fields back, to be written again by their owner, and leaves the object", async () => {
    const { uid } = (await foreign()).metadata;
    project.declare({ resources: [home] });
    await project.mustUp();
    const now = await foreign();
    expect([now.data, now.metadata.uid]).toEqual([{ b: "theirs" }, uid]);
    expect(await fieldsOf("ours")).toBeUndefined();
    await applyAsOwner();
    expect((await foreign()).data).toEqual(manifest.data);
  });

  it("is refused before anything is done where the program reads an object that is not there", async () => {
    const absent: Declared = {
      type: "kubernetes:core/v1:ConfigMap",
      name: "absent",
      args: {},
      options: { id: `${namespace}/absent` },
      after: ["home"],
    };
    project.declare({ resources: [home, absent, { ...patch("ours", own), after: ["absent"] }] });
    const { code, output } = await project.pulumi("preview");
    expect(code).not.toBe(0);
    expect(output).toContain(`resource '${namespace}/absent' does not exist`);
  });
});

describe("an autoscaler and a budget", () => {
  it("are ready before there is what they are of, and stay as they are", async () => {
    const metadata = { namespace, name: "later" };
    const cpu = { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } };
    const autoscaler: Declared = {
      type: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
      name: "autoscaler",
      args: {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata,
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "later" },
          minReplicas: 1,
          maxReplicas: 3,
          metrics: [{ type: "Resource", resource: cpu }],
          behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
        },
      },
      after: ["home"],
    };
    const budget: Declared = {
      type: "kubernetes:policy/v1:PodDisruptionBudget",
      name: "budget",
      args: {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata,
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: { app: "later" } },
          unhealthyPodEvictionPolicy: "AlwaysAllow",
        },
      },
      after: ["home"],
    };
    project.declare({ resources: [home, autoscaler, budget] });
    await project.mustUp();
    await project.mustUp("--expect-no-changes");
    await project.must("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    project.declare({ resources: [home] });
    await project.mustUp();
  });
});

describe("a Job", () => {
  it("fails the update at once when it failed, says why, and is recorded", async () => {
    project.declare({ resources: [home, job(["-no-such-flag"])] });
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain(
      "was successfully created, but the Kubernetes API server reported that it failed",
    );
    expect(output).toContain("[BackoffLimitExceeded]");
    expect(output).toMatch(/container run: \[Error\] exit code 2/);
    expect(output).toMatch(/last log lines of job-[0-9a-f]{8}-\w+ \(run\):[^*]*-version/);
    expect((await project.state()).job!.initErrors).not.toHaveLength(0);
  });

  it("is replaced when its template changes, and waited for until it is complete", async () => {
    project.declare({ resources: [home, job(["-version"])] });
    expect((await project.preview()).job!.op).toBe("replace");
    await project.mustUp();
    expect((await project.state()).job!.outputs.status).toMatchObject({ succeeded: 1 });
    expect((await project.state()).job!.initErrors).toBeUndefined();
  });

  it("is made again when it asks to be replaced unless complete", async () => {
    const annotations = { "pulumi.com/replaceUnready": "true", "pulumi.com/skipAwait": "true" };
    project.declare({ resources: [home, job(["-no-such-flag"], annotations)] });
    await project.mustUp();
    const first = await nameOf("job");
    await project.mustKubectl(
      "-n",
      namespace,
      "wait",
      "--for=condition=Failed",
      `job/${first}`,
      "--timeout=120s",
    );
    await project.mustUp();
    expect(await nameOf("job")).not.toBe(first);
  });
});

describe("a wait", () => {
  it("ends at its timeout with what a person would look at next, and goes on with the next update", async () => {
    const deployment = (image: string): Declared => ({
      type: "kubernetes:apps/v1:Deployment",
      name: "deployment",
      args: {
        metadata: { namespace },
        spec: {
          selector: { matchLabels: { app: "late" } },
          template: {
            metadata: { labels: { app: "late" } },
            spec: { containers: [container("late", image)] },
          },
        },
      },
      options: { customTimeouts: { create: "6s" } },
      after: ["home"],
    });
    project.declare({ resources: [home, deployment("registry.sandbox/absent:1")] });
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain("not ready after 6 s: 0 of 1 replicas are available");
    expect(output).toContain("container late: [ErrImageNeverPull]");
    const recorded = (await project.state()).deployment!;
    expect(recorded.initErrors).not.toHaveLength(0);
    project.declare({ resources: [home, deployment(images.waiting)] });
    await project.mustUp();
    const now = (await project.state()).deployment!;
    expect([now.id, now.initErrors]).toEqual([recorded.id, undefined]);
    expect(now.outputs.status).toMatchObject({ availableReplicas: 1 });
  });

  it("takes a claim that waits for its first consumer as ready, and previews that such a one can not grow", async () => {
    const storageClass = {
      type: "kubernetes:storage.k8s.io/v1:StorageClass",
      name: "class",
      args: {
        metadata: { name: namespace },
        provisioner: "sandbox.test/none",
        volumeBindingMode: "WaitForFirstConsumer",
      },
    };
    const claim = (storage: string): Declared => ({
      type: "kubernetes:core/v1:PersistentVolumeClaim",
      name: "claim",
      args: {
        metadata: { namespace, name: "data" },
        spec: {
          storageClassName: namespace,
          accessModes: ["ReadWriteOnce"],
          resources: { requests: { storage } },
        },
      },
      after: ["home", "class"],
    });
    project.declare({ resources: [home, storageClass, claim("1Gi")] });
    await project.mustUp();
    expect((await project.state()).claim!.outputs.status).toMatchObject({ phase: "Pending" });
    project.declare({ resources: [home, storageClass, claim("2Gi")] });
    const grown = await project.pulumi("preview");
    expect(grown.code).not.toBe(0);
    expect(grown.output).toContain("spec is immutable after creation except resources.requests");
    project.declare({ resources: [home] });
    await project.mustUp();
  });
});

describe("the provider", () => {
  it("replaces everything when the cluster's identifier changes, and nothing for new kubeconfig content", async () => {
    const resources = [home, configMap("auto", { a: "1" })];
    project.declare({ provider: { clusterIdentifier: "one" }, resources });
    await project.mustUp();
    const content = readFileSync(kubeconfig, "utf8");
    await project.setSecret("kubeconfig", content.replace(/https:\/\/[0-9.]+:[0-9]+/, "$&/"));
    const same = await project.preview();
    expect(Object.fromEntries(Object.entries(same).map(([name, { op }]) => [name, op]))).toEqual({
      cluster: "update",
    });

    project.declare({ provider: { clusterIdentifier: "two" }, resources });
    const moved = await project.preview();
    expect([moved.cluster!.op, moved.home!.op, moved.auto!.op]).toEqual(["replace", "replace", "replace"]);
    await project.setSecret("kubeconfig", kubeconfig);
  });

  it("previews resources of a cluster that is not known yet", async () => {
    project.write(
      "program/unknown.js",
      `const pulumi = require("@pulumi/pulumi");
       class Cluster extends pulumi.ProviderResource {}
       const [type, version, args] = ["kubernetes:core/v1:ConfigMap", "4.34.2", { metadata: { namespace: "default" } }];
       const kubeconfig = new pulumi.Config().requireSecret("kubeconfig");
       const one = new Cluster("kubernetes", "one", { kubeconfig }, { version });
       const source = new pulumi.CustomResource(type, "source", args, { provider: one, version });
       const two = new Cluster("kubernetes", "two", { kubeconfig: source.id }, { version });
       new pulumi.CustomResource(type, "later", args, { provider: two, version });`,
    );
    project.write("program/package.json", JSON.stringify({ name: "program", main: "unknown.js" }));
    const steps = await project.preview();
    project.write("program/package.json", JSON.stringify({ name: "program", main: "index.js" }));
    expect([steps.two!.op, steps.later!.op]).toEqual(["create", "create"]);
  });

  it("names the server and the cause when the cluster can not be reached", async () => {
    const content = readFileSync(kubeconfig, "utf8");
    project.declare({
      provider: { clusterIdentifier: "one" },
      resources: [home, configMap("late", { a: "1" })],
    });
    await project.setSecret("kubeconfig", content.replace(/https:\/\/[0-9.]+:[0-9]+/, "https://127.0.0.1:9"));
    const { code, output } = await project.up();
    await project.setSecret("kubeconfig", kubeconfig);
    await project.mustUp();
    expect(code).not.toBe(0);
    expect(output).toContain(
      "configured Kubernetes cluster is unreachable: https://127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9",
    );
  });
});

describe("without server-side apply", () => {
  it("labels what it makes as managed by Pulumi, updates it in place and finds no change after that", async () => {
    const provider = { clusterIdentifier: "one", enableServerSideApply: "false" };
    const resources = (label: string): Declared[] => [
      home,
      configMap("client", { a: "1" }, { name: "client", labels: { label } }),
    ];
    const label = "jsonpath={.metadata.labels}";
    project.declare({ provider, resources: resources("1") });
    await project.mustUp();
    const first = await uidOf("configmap", "client");
    project.declare({ provider, resources: resources("2") });
    await project.mustUp();
    await project.mustUp("--expect-no-changes");
    expect(await uidOf("configmap", "client")).toBe(first);
    const labels = await project.mustKubectl("-n", namespace, "get", "configmap", "client", "-o", label);
    expect(JSON.parse(labels)).toEqual({ label: "2", "app.kubernetes.io/managed-by": "pulumi" });
  });
});

describe("a policy pack", () => {
  it("stops an update with the message of a mandatory policy that is violated", async () => {
    project.write("pack/PulumiPolicy.yaml", "runtime: nodejs\n");
    project.write("pack/package.json", JSON.stringify({ name: "pack", version: "1.0.0", main: "index.js" }));
    project.write(
      "pack/index.js",
      `const { PolicyPack } = require("@pulumi/policy");
       const validateResource = ({ type, props }, report) => {
         if (type === "kubernetes:core/v1:ConfigMap" && "password" in props.data) report("a password in plain text");
       };
       const policy = { name: "no-passwords", description: "No passwords in ConfigMaps", validateResource };
       new PolicyPack("pack", { policies: [{ ...policy, enforcementLevel: "mandatory" }] });`,
    );
    const pack = ["--policy-pack", "pack"];
    const provider = { clusterIdentifier: "one" };
    project.declare({ provider, resources: [home, configMap("plain", { password: "x" })] });
    const refused = await project.up(...pack);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("[mandatory]  no-passwords  (kubernetes:core/v1:ConfigMap: plain)");
    expect(refused.output).toContain("a password in plain text");
    expect((await project.state()).plain).toBeUndefined();
    project.declare({ provider, resources: [home, configMap("plain", { user: "x" })] });
    await project.mustUp(...pack);
  });
});

describe("destroy", () => {
  it("leaves nothing behind", async () => {
    await project.must("destroy", "--yes", "--skip-preview");
    expect(Object.keys(await project.state())).toEqual([]);
    const { code, output } = await project.kubectl("get", "namespace", namespace);
    expect([code, output]).toEqual([1, expect.stringContaining("NotFound")]);
  });
});

/** The resources with one of them in another form. */
function changed(resources: readonly Declared[], one: Declared): Declared[] {
  return resources.map((declared) => (declared.name === one.name ? one : declared));
}
