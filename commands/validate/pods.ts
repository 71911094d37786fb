import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeApi } from "./kube";
import { CheckError } from "./verdict";

/** The part of a container that is taken over from the worker's. */
interface Container {
  readonly name: string;
  readonly image: string;
  readonly volumeMounts?: readonly VolumeMount[];
}

interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly [field: string]: unknown;
}

interface Volume {
  readonly name: string;
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean };
  readonly [field: string]: unknown;
}

/** The pod that a worker's CronJob makes. */
export interface PodTemplateSpec {
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly serviceAccountName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly object[];
}

/** A CronJob as far as it is read. */
export interface CronJob {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: {
    readonly schedule: string;
    readonly suspend?: boolean;
    readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: PodTemplateSpec } } };
  };
}

/** Who a pod runs as, other than the worker's user. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface VolumePod {
  /** Short word for the pod's name. */
  readonly purpose: string;
  /** A program for `node -e`; it gets `input` as JSON in its first argument and prints one line of JSON. */
  readonly script: string;
  readonly input: unknown;
  /** Absent: as the worker does, reading only. */
  readonly writeAs?: RunAs;
}

/** Every object that a validation makes carries it. */
export const VALIDATION_LABEL = { "app.kubernetes.io/name": "federation-validate" } as const;

const MODELS = "models";

/** Seconds after which the cluster itself ends a pod of ours. */
const DEADLINE_SECONDS = 60;

/** A name that no other run uses. */
export const uniqueName = (stem: string): string =>
  `${stem}-${Date.now().toString(36)}${randomBytes(3).toString("hex")}`;

/**
 * A pod that sees the models' volume just as the worker's pods do: same node, image and volume and, unless it writes,
 * the same user. It has nothing else of the worker's: neither credentials nor network.
 */
export function volumePod(template: PodTemplateSpec, name: string, pod: VolumePod): object {
  const [worker] = template.containers;
  const volume = template.volumes?.find((one) => one.name === MODELS);
  const mount = worker?.volumeMounts?.find((one) => one.name === MODELS);
  if (worker === undefined || volume === undefined || mount === undefined)
    throw new CheckError(
      "the worker's pods mount no volume of models",
      "`pulumi up` of the member's stack: its CronJob is not this program's",
    );
  const { writeAs } = pod;
  const writable = writeAs !== undefined;
  const claim = volume.persistentVolumeClaim;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: VALIDATION_LABEL },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: DEADLINE_SECONDS,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(template.serviceAccountName === undefined
        ? {}
        : { serviceAccountName: template.serviceAccountName }),
      ...(template.nodeSelector === undefined ? {} : { nodeSelector: template.nodeSelector }),
      ...(template.tolerations === undefined ? {} : { tolerations: template.tolerations }),
      securityContext: {
        ...template.securityContext,
        ...(writeAs === undefined
          ? {}
          : { runAsNonRoot: writeAs.uid !== 0, runAsUser: writeAs.uid, runAsGroup: writeAs.gid }),
      },
      containers: [
        {
          name: "look",
          image: worker.image,
          command: ["node", "-e", pod.script, "--", JSON.stringify(pod.input)],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { cpu: "500m", memory: "192Mi" } },
          volumeMounts: [{ ...mount, readOnly: !writable }],
        },
      ],
      volumes: [
        claim === undefined
          ? volume
          : { ...volume, persistentVolumeClaim: { ...claim, readOnly: !writable } },
      ],
    },
  };
}

interface PodStatus {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly {
      readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
    }[];
  };
}

/** Why a pod does not run, as far as the cluster says. */
export function waitingFor({ status }: PodStatus): string {
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting !== undefined)?.state
    ?.waiting;
  const unscheduled = status?.conditions?.find(
    (one) => one.type === "PodScheduled" && one.status === "False",
  );
  const told = [
    status?.phase ?? "no phase",
    unscheduled?.message ?? waiting?.reason,
    waiting?.message,
    status?.reason,
    status?.message,
  ];
  return told.filter((part) => part !== undefined && part !== "").join(": ");
}

/**
 * Runs a pod to its end, returns the JSON of its last line, and removes it whatever happens.
 *
 * @throws CheckError where it cannot run or does not succeed, with what the cluster or its log say
 */
export async function runVolumePod<T>(
  kube: KubeApi,
  namespace: string,
  template: PodTemplateSpec,
  pod: VolumePod,
  signal: AbortSignal,
): Promise<T> {
  const name = uniqueName(`validate-${pod.purpose}`);
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await kube.create(pods, volumePod(template, name, pod), signal);
  let last: PodStatus = {};
  try {
    for (;;) {
      last = await kube.get<PodStatus>(`${pods}/${name}`, signal);
      const phase = last.status?.phase;
      if (phase === "Succeeded" || phase === "Failed") break;
      await sleep(300, undefined, { signal });
    }
    const log = (await kube.text(`${pods}/${name}/log`, signal)).trim();
    if (last.status?.phase === "Failed")
      throw new CheckError(
        `a pod that looks at the models failed: ${log.slice(-500) || waitingFor(last)}`,
        `look at namespace ${namespace}: \`kubectl get events -n ${namespace}\``,
      );
    return JSON.parse(log.slice(log.lastIndexOf("\n") + 1)) as T;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CheckError(
      `a pod that looks at the models did not end: ${waitingFor(last)}`,
      `\`kubectl get events -n ${namespace}\` tells why its pods do not run`,
    );
  } finally {
    // also after an interruption: the signal would end this request too
    await kube.delete(`${pods}/${name}`).catch(() => undefined);
  }
}
