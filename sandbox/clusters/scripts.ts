import { createHash } from "node:crypto";
import type { Manifest } from "./objects";

/** A script that a pod runs on the image of Node. */
export interface PodScript {
  readonly namespace: string;
  readonly name: string;
  /** The bundled script. */
  readonly text: string;
  /** By digest. */
  readonly image: string;
  readonly env: readonly object[];
  readonly resources: object;
  /** Further fields of the container. */
  readonly container?: Readonly<Record<string, unknown>>;
}

const folder = "/opt/script";

/** The ConfigMap of a script. */
export function scriptConfigMap({ namespace, name, text }: PodScript): Manifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace },
    data: { "main.cjs": text },
  };
}

/** The pod template that runs it: restricted as any pod, and made anew when the script changes. */
export function scriptTemplate(
  { name, text, image, env, resources, container }: PodScript,
  labels: Readonly<Record<string, string>>,
  pod: Readonly<Record<string, unknown>> = {},
  annotations: Readonly<Record<string, string>> = {},
): object {
  return {
    metadata: {
      labels,
      annotations: {
        ...annotations,
        "sandbox.federation/script": createHash("sha256").update(text).digest("hex"),
      },
    },
    spec: {
      ...pod,
      terminationGracePeriodSeconds: 5,
      securityContext: restrictedPod,
      containers: [
        {
          name,
          image,
          imagePullPolicy: "IfNotPresent",
          command: ["node", "--max-old-space-size=48", `${folder}/main.cjs`],
          env,
          resources,
          securityContext: restrictedContainer,
          volumeMounts: [{ name: "script", mountPath: folder, readOnly: true }],
          ...container,
        },
      ],
      volumes: [{ name: "script", configMap: { name } }],
    },
  };
}

/** What Pod Security `restricted` asks of a pod. */
export const restrictedPod = {
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** The same of a container, and a root file system that can only be read. */
export const restrictedContainer = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;

/** A script that runs once as a Deployment, without rights at the API: `selector` finds its pod by some of its labels. */
export function scriptDeployment(
  script: PodScript,
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>> = labels,
  annotations: Readonly<Record<string, string>> = {},
): readonly Manifest[] {
  const { name, namespace } = script;
  return [
    scriptConfigMap(script),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: selector },
        template: scriptTemplate(script, labels, { automountServiceAccountToken: false }, annotations),
      },
    },
  ];
}
