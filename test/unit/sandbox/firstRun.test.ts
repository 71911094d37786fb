import { endOf, firstJob, runFirst } from "../../../sandbox/clusters/firstRun";
import { ApiError, type KubernetesApi } from "../../../sandbox/clusters/api";

const cronJob = {
  metadata: { name: "clean", namespace: "work", uid: "1234" },
  spec: {
    schedule: "30 3 * * *",
    jobTemplate: { metadata: { labels: { app: "clean" } }, spec: { backoffLimit: 0 } },
  },
};
const jobs = "/apis/batch/v1/namespaces/work/jobs";
const ended = (type: string, message?: string) => ({
  status: { conditions: [{ type, status: "True", ...(message === undefined ? {} : { message }) }] },
});

/** An API server with the CronJob, on which a Job is as `answers` say, one after the other; the last stays. */
function server(...answers: readonly object[]) {
  const created: unknown[] = [];
  const left = [...answers];
  let there = false;
  const api = {
    get: (path: string): Promise<unknown> => {
      if (path === "/apis/batch/v1/namespaces/work/cronjobs/clean") return Promise.resolve(cronJob);
      if (path !== `${jobs}/clean-first`) throw new Error(`nobody asks for ${path}`);
      if (!there) return Promise.reject(new ApiError(404, "not found"));
      return Promise.resolve(left.length > 1 ? left.shift() : left[0]);
    },
    create: (path: string, object: unknown): Promise<void> => {
      expect(path).toBe(jobs);
      created.push(object);
      there = true;
      return Promise.resolve();
    },
  };
  return { api: api as unknown as KubernetesApi, created, begin: () => (there = true) };
}

describe("the first run of a CronJob", () => {
  it("is its own Job under a name of its own, so that it goes with it", () => {
    expect(firstJob(cronJob)).toEqual({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name: "clean-first",
        namespace: "work",
        labels: { app: "clean" },
        annotations: { "cronjob.kubernetes.io/instantiate": "manual" },
        ownerReferences: [
          { apiVersion: "batch/v1", kind: "CronJob", name: "clean", uid: "1234", controller: true },
        ],
      },
      spec: { backoffLimit: 0 },
    });
  });

  it("is begun and waited for, and not begun again", async () => {
    const { api, created } = server({}, ended("Complete"));
    await runFirst(api, "work", "clean");
    await runFirst(api, "work", "clean");
    expect(created).toEqual([firstJob(cronJob)]);
  });

  it("says what became of it when it failed, and how it runs again", async () => {
    const { api } = server(ended("Failed", "Job has reached the specified backoff limit"));
    await expect(runFirst(api, "work", "clean")).rejects.toThrow(
      "Job clean-first in work failed: Job has reached the specified backoff limit; " +
        "its pod's log says why, and it runs again once it is deleted",
    );
  });

  it("has no end while a condition is not met", () => {
    expect(endOf({})).toBeUndefined();
    expect(endOf({ status: { conditions: [{ type: "Complete", status: "False" }] } })).toBeUndefined();
    expect(
      endOf({ status: { conditions: [{ type: "SuccessCriteriaMet", status: "True" }] } }),
    ).toBeUndefined();
  });
});
