import type { Manifest } from "../clusters/objects";
import { restrictedContainer, restrictedPod } from "../clusters/scripts";

const name = "metrics-server";
const namespace = "kube-system";
const labels = { "k8s-app": name };
const rbac = "rbac.authorization.k8s.io";
const port = 10250;

function access(): readonly Manifest[] {
  const subjects = [{ kind: "ServiceAccount", name, namespace }];
  const binding = (role: string): object => ({ apiGroup: rbac, kind: "ClusterRole", name: role });
  const metadata = { name: `system:${name}` };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata,
      rules: [
        { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
        { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: binding(metadata.name),
      subjects,
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: `${name}:system:auth-delegator` },
      roleRef: binding("system:auth-delegator"),
      subjects,
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name: `${name}-auth-reader`, namespace },
      roleRef: { apiGroup: rbac, kind: "Role", name: "extension-apiserver-authentication-reader" },
      subjects,
    },
  ];
}

/** metrics-server as its project deploys it, over kubelets whose certificates are of the cluster's CA. */
export function metricsServerObjects(image: string): readonly Manifest[] {
  const ca = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
  return [
    ...access(),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: name,
            priorityClassName: "system-cluster-critical",
            securityContext: restrictedPod,
            containers: [
              {
                name,
                image,
                imagePullPolicy: "IfNotPresent",
                args: [
                  "--cert-dir=/tmp",
                  `--secure-port=${port}`,
                  "--kubelet-preferred-address-types=InternalIP",
                  `--kubelet-certificate-authority=${ca}`,
                  // the first must be the larger of the two
                  "--metric-resolution=10s",
                  "--kubelet-request-timeout=5s",
                ],
                ports: [{ name: "https", containerPort: port }],
                readinessProbe: {
                  httpGet: { path: "/readyz", port, scheme: "HTTPS" },
                  initialDelaySeconds: 1,
                  periodSeconds: 2,
                  failureThreshold: 30,
                },
                resources: { requests: { cpu: "20m", memory: "48Mi" }, limits: { memory: "128Mi" } },
                securityContext: restrictedContainer,
                volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
              },
            ],
            volumes: [{ name: "tmp", emptyDir: {} }],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, labels },
      spec: { selector: labels, ports: [{ name: "https", port: 443, targetPort: port, protocol: "TCP" }] },
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io", labels },
      spec: {
        group: "metrics.k8s.io",
        version: "v1beta1",
        // its certificate is one that it made for itself
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { name, namespace },
      },
    },
  ];
}
