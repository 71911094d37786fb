import { FederationNamespace } from "../../../components/kubernetes/federationNamespace";
import { networkPolicies } from "../../../components/kubernetes/flows";
import type { Flow } from "../../../components/kubernetes/flows";
import { imageVersion } from "../../../components/kubernetes/pods";
import { KubeStateMetrics, kubeStateMetricsPods } from "../../../components/monitoring/kubeStateMetrics";
import { NodeExporter, nodeExporterPods } from "../../../components/monitoring/nodeExporter";
import { only, record, summary } from "../../support/mocks";

const digest = `@sha256:${"0".repeat(64)}`;
const selector = (name: string): Record<string, string> => ({
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/instance": `federation-${name}`,
  "app.kubernetes.io/component": "metrics",
  "app.kubernetes.io/part-of": "federation",
  "app.kubernetes.io/managed-by": "pulumi",
});
const hardened = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
const nobody = {
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  seccompProfile: { type: "RuntimeDefault" },
};

describe("kube-state-metrics", () => {
  const image = `registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.19.1${digest}`;
  const declare = (preview = false) =>
    record(() => new KubeStateMetrics("ksm", { namespace: "federation", image }), { preview });
  const children = [
    "federation:monitoring:KubeStateMetrics ksm",
    "kubernetes:apps/v1:Deployment ksm-deployment",
    "kubernetes:core/v1:ServiceAccount ksm-service-account",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole ksm-cluster-role",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding ksm-cluster-role-binding",
  ];

  it("has exactly these children, in a preview too", async () => {
    expect(summary(await declare())).toEqual(children);
    expect(summary(await declare(true))).toEqual(children);
  });

  it("may list and watch just what it is told to collect, no Secrets and no ConfigMaps", async () => {
    const registrations = await declare();
    const { rules } = only(registrations, "ksm-cluster-role").inputs as {
      rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
    };
    const { spec } = only(registrations, "ksm-deployment").inputs as {
      spec: { template: { spec: { containers: { args: string[] }[] } } };
    };
    const resources = rules.flatMap((rule) => rule.resources).sort();
    expect(spec.template.spec.containers[0]?.args[2]).toBe(`--resources=${resources.join(",")}`);
    expect(spec.template.spec.containers[0]?.args[3]).toBe(
      "--metric-labels-allowlist=deployments=[serving.kserve.io/inferenceservice],pods=[model-cluster,model-name,model-version,serving.kserve.io/inferenceservice]",
    );
    expect(resources).not.toContain("secrets");
    expect(resources).not.toContain("configmaps");
    expect(new Set(rules.flatMap((rule) => rule.verbs))).toEqual(new Set(["list", "watch"]));
  });

  it("runs restricted under a fixed name", async () => {
    expect(only(await declare(), "ksm-deployment").inputs).toMatchObject({
      metadata: {
        name: "kube-state-metrics",
        namespace: "federation",
        labels: { ...selector("kube-state-metrics"), "app.kubernetes.io/version": "v2.19.1" },
      },
      spec: {
        replicas: 1,
        selector: { matchLabels: selector("kube-state-metrics") },
        template: {
          spec: {
            serviceAccountName: "ksm-service-account-auto",
            securityContext: nobody,
            containers: [
              {
                image,
                livenessProbe: { httpGet: { path: "/livez", port: "http-metrics" } },
                readinessProbe: { httpGet: { path: "/readyz", port: "telemetry" } },
                resources: {
                  requests: { cpu: "10m", memory: "64Mi" },
                  limits: { cpu: "200m", memory: "256Mi" },
                },
                securityContext: hardened,
              },
            ],
          },
        },
      },
    });
    expect(kubeStateMetricsPods("federation")).toEqual({
      namespace: "federation",
      labels: selector("kube-state-metrics"),
      port: 8080,
    });
  });
});

describe("the node exporter", () => {
  const image = `quay.io/prometheus/node-exporter:v1.12.1${digest}`;
  const declare = (preview = false) =>
    record(() => new NodeExporter("agent", { namespace: "federation-agents", image, port: 9110 }), {
      preview,
    });
  const children = [
    "federation:monitoring:NodeExporter agent",
    "kubernetes:apps/v1:DaemonSet agent-daemon-set",
  ];

  it("has exactly these children, in a preview too", async () => {
    expect(summary(await declare())).toEqual(children);
    expect(summary(await declare(true))).toEqual(children);
  });

  it("runs on every node at its host port, reading the root file system only", async () => {
    const { inputs } = only(await declare(), "agent-daemon-set");
    expect(inputs).toMatchObject({
      metadata: { name: "node-exporter", namespace: "federation-agents" },
      spec: {
        selector: { matchLabels: selector("node-exporter") },
        template: {
          spec: {
            hostNetwork: true,
            hostPID: true,
            automountServiceAccountToken: false,
            securityContext: nobody,
            tolerations: [{ operator: "Exists" }],
            containers: [
              {
                image,
                ports: [{ name: "metrics", containerPort: 9110, hostPort: 9110 }],
                securityContext: hardened,
                volumeMounts: [
                  {
                    name: "root",
                    mountPath: "/host/root",
                    readOnly: true,
                    mountPropagation: "HostToContainer",
                  },
                ],
              },
            ],
            volumes: [{ name: "root", hostPath: { path: "/" } }],
          },
        },
      },
    });
    const { spec } = inputs as { spec: { template: { spec: { containers: { args: string[] }[] } } } };
    expect(spec.template.spec.containers[0]?.args.slice(0, 4)).toEqual([
      "--web.listen-address=:9110",
      "--path.rootfs=/host/root",
      "--path.procfs=/host/root/proc",
      "--path.sysfs=/host/root/sys",
    ]);
    expect(nodeExporterPods("federation-agents", 9110)).toEqual({
      namespace: "federation-agents",
      labels: selector("node-exporter"),
      port: 9110,
    });
  });
});

describe("a namespace of the federation", () => {
  const flows: readonly Flow[] = [
    {
      purpose: "test",
      from: { kind: "own", name: "prometheus", labels: { app: "prometheus" } },
      to: { kind: "addresses", cidrs: ["198.18.0.0/15"] },
      ports: [{ port: 9100 }],
    },
  ];
  const declare = (podSecurity: "restricted" | "privileged", list: readonly Flow[], preview = false) =>
    record(
      () => new FederationNamespace("space", { name: "federation", podSecurity, flows: list, protect: true }),
      { preview },
    );

  it("has exactly these children, in a preview too", async () => {
    const children = [
      "federation:kubernetes:FederationNamespace space",
      "kubernetes:core/v1:Namespace space-namespace",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy space-default-deny",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy space-prometheus",
    ];
    expect(summary(await declare("restricted", flows))).toEqual(children);
    expect(summary(await declare("restricted", flows, true))).toEqual(children);
    expect(summary(await declare("privileged", []))).toEqual(children.slice(0, 3));
  });

  it.each(["restricted", "privileged"] as const)(
    "enforces, audits and warns of Pod Security %s",
    async (level) => {
      expect(only(await declare(level, []), "space-namespace").inputs).toMatchObject({
        metadata: {
          name: "federation",
          labels: {
            "pod-security.kubernetes.io/enforce": level,
            "pod-security.kubernetes.io/audit": level,
            "pod-security.kubernetes.io/warn": level,
          },
        },
      });
    },
  );

  it("denies everything beside its flows", async () => {
    const registrations = await declare("restricted", flows);
    expect(only(registrations, "space-default-deny").inputs).toMatchObject({
      metadata: { name: "default-deny", namespace: "federation" },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    });
    expect(only(registrations, "space-prometheus").inputs).toMatchObject({
      metadata: { name: "prometheus", namespace: "federation" },
      spec: networkPolicies(flows)[0]?.spec,
    });
  });
});

describe("the version label", () => {
  it.each([
    [`registry:5000/team/name:v1.2.3${digest}`, "v1.2.3"],
    ["name:v1", "v1"],
    [`registry:5000/team/name${digest}`, undefined],
  ])("of %s is %s", (image, version) => {
    expect(imageVersion(image)).toBe(version);
  });
});
