import type { Manifest } from "../clusters/objects";
import { scriptConfigMap, scriptTemplate, type PodScript } from "../clusters/scripts";
import { dcgmExporter } from "./inventory";

const { namespace, labels: selector, port } = dcgmExporter;
const name = "dcgm-exporter-simulated";
const labels = { ...selector, "app.kubernetes.io/name": name, "sandbox.federation/simulated": "true" };
const rbac = "rbac.authorization.k8s.io";

/** The simulated exporter's pod on each node, and what it may read: pods, and the kubelet's figures. */
export function exporterObjects(script: string, nodeImage: string): readonly Manifest[] {
  const field = (variable: string, fieldPath: string): object => ({
    name: variable,
    valueFrom: { fieldRef: { fieldPath } },
  });
  const exporter: PodScript = {
    namespace,
    name,
    text: script,
    image: nodeImage,
    env: [field("NODE_NAME", "spec.nodeName"), field("NODE_IP", "status.hostIP")],
    resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { cpu: "100m", memory: "128Mi" } },
    container: {
      ports: [{ name: "metrics", containerPort: port }],
      readinessProbe: { httpGet: { path: "/health", port }, periodSeconds: 2 },
    },
  };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name },
      rules: [
        { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
        { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    scriptConfigMap(exporter),
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name, namespace, labels },
      spec: {
        selector: { matchLabels: selector },
        template: scriptTemplate(exporter, labels, { serviceAccountName: name }),
      },
    },
  ];
}
