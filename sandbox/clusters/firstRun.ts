import { waitFor } from "../system/waiting";
import { ApiError, type KubernetesApi, type KubernetesObject } from "./api";

interface CronJob extends KubernetesObject {
  readonly spec: {
    readonly jobTemplate: {
      readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
      readonly spec: object;
    };
  };
}

interface Job {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

/** The Job by which a CronJob runs for the first time, owned by it as those of its schedule are. */
export function firstJob({ metadata, spec: { jobTemplate } }: CronJob) {
  const { name, namespace = "", uid = "" } = metadata;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `${name}-first`,
      namespace,
      labels: jobTemplate.metadata?.labels ?? {},
      annotations: { "cronjob.kubernetes.io/instantiate": "manual" },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name, uid, controller: true }],
    },
    spec: jobTemplate.spec,
  };
}

/** How a Job ended; undefined while it runs. */
export function endOf({ status }: Job): { readonly good: boolean; readonly message: string } | undefined {
  const ended = status?.conditions?.find(
    (condition) => ["Complete", "Failed"].includes(condition.type) && condition.status === "True",
  );
  return ended && { good: ended.type === "Complete", message: ended.message ?? "" };
}

/**
 * Has a CronJob run once before its schedule does, and waits for the good end: what it tells is there from the start. One
 * that ran so already is left alone.
 */
export async function runFirst(api: KubernetesApi, namespace: string, cronJob: string): Promise<void> {
  const path = `/apis/batch/v1/namespaces/${namespace}`;
  const job = `${path}/jobs/${cronJob}-first`;
  try {
    await api.get(job);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    await api.create(`${path}/jobs`, firstJob((await api.get(`${path}/cronjobs/${cronJob}`)) as CronJob));
  }
  const { good, message } = await waitFor(
    `the end of Job ${cronJob}-first in ${namespace}`,
    async () => endOf((await api.get(job)) as Job),
    { deadline: 180_000, interval: 500 },
  );
  if (!good)
    throw new Error(
      `Job ${cronJob}-first in ${namespace} failed: ${message}; its pod's log says why, and it runs again once it is deleted`,
    );
}
