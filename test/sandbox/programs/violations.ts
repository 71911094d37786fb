/**
 * A program for the policy pack to refuse: one ConfigMap and one Deployment that no policy minds, but for the one that
 * `violations:breaks` names.
 */
import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config("violations");
const breaks = config.require("breaks");
const namespace = "default";
const provider = new k8s.Provider("cluster", { kubeconfig: config.requireSecret("kubeconfig") });

new k8s.core.v1.ConfigMap(
  "rules",
  {
    metadata: { namespace, name: "policy-test-rules" },
    data: {
      "rules-test.yml": `groups: [{name: test, rules: [{record: "fed_hub:test:up", expr: "${
        breaks === "require-cluster-label" ? "sum(up)" : "sum by (cluster) (up)"
      }"}]}]`,
      "app.yml":
        breaks === "disallow-plain-secrets" ? "password: hunter2" : "password_file: /etc/app/password",
    },
  },
  { provider },
);

const container: types.input.core.v1.Container = {
  name: "app",
  image:
    breaks === "require-pinned-images" ? "nginx:1.27" : `nginx:1.27@sha256:${"0123456789abcdef".repeat(4)}`,
  resources: {
    requests: { cpu: "10m", memory: "16Mi" },
    limits: breaks === "require-requests-and-limits" ? { memory: "16Mi" } : { cpu: "10m", memory: "16Mi" },
  },
  securityContext: {
    allowPrivilegeEscalation: breaks === "require-pod-security",
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
};

new k8s.apps.v1.Deployment(
  "app",
  {
    metadata: { namespace, name: "policy-test-app" },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: "policy-test" } },
      template: {
        metadata: { labels: { app: "policy-test" } },
        spec: {
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [container],
        },
      },
    },
  },
  { provider },
);
