import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

export type Props = Record<string, JavaScriptValue>;

const digest = "0123456789abcdef".repeat(4);
export const image = `registry.example/prometheus:v3.16.0@sha256:${digest}`;

/** A container that no policy minds, changed as a test wants it. */
export function container(changes: Props = {}): Props {
  return {
    name: "app",
    image,
    args: ["--web.config.file=/etc/credentials/web.yml", "--password-file=/etc/credentials/password"],
    env: [{ name: "PASSWORD_FILE", value: "/etc/credentials/password" }],
    resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { cpu: "100m", memory: "64Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    ...changes,
  };
}

/** A pod that no policy minds. */
export function podSpec(changes: Props = {}): Props {
  return {
    securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
    containers: [container()],
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName: "data" } },
      { name: "tmp", emptyDir: {} },
    ],
    ...changes,
  };
}

/** Every kind that runs pods, by Pulumi type, with the path of its pod spec. */
export const workloads: readonly (readonly [type: string, path: string])[] = [
  ["core/v1:Pod", "spec"],
  ["core/v1:PodTemplate", "template.spec"],
  ["core/v1:ReplicationController", "spec.template.spec"],
  ["apps/v1:ReplicaSet", "spec.template.spec"],
  ["apps/v1:Deployment", "spec.template.spec"],
  ["apps/v1:StatefulSet", "spec.template.spec"],
  ["apps/v1:DaemonSet", "spec.template.spec"],
  ["batch/v1:Job", "spec.template.spec"],
  ["batch/v1:CronJob", "spec.jobTemplate.spec.template.spec"],
];

/** A value under a path of property names. */
export function nested(path: string, value: JavaScriptValue): Props {
  const [first = "", ...rest] = path.split(".");
  return { [first]: rest.length === 0 ? value : nested(rest.join("."), value) };
}

/** A Deployment of one pod. */
export function deployment(spec: Props, metadata: Props = {}): Props {
  return { metadata: { namespace: "federation", ...metadata }, spec: { template: { spec } } };
}
