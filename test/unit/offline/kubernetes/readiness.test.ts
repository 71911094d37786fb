import { troublesOf } from "../../../../sandbox/offline/kubernetes/explain";
import type { Tree } from "../../../../sandbox/offline/properties";
import {
  endpointsSettle,
  isAwaited,
  readiness,
  type Readiness,
  type Surroundings,
} from "../../../../sandbox/offline/kubernetes/readiness";
import { timeoutSeconds } from "../../../../sandbox/offline/kubernetes/wait";

const judge = (kind: string, live: Tree, surroundings?: Surroundings): Readiness => {
  const [name = "", apiVersion = "v1"] = kind.split(" ");
  return readiness({ apiVersion, kind: name }, live, surroundings);
};
const state = (...args: Parameters<typeof judge>): string => judge(...args).state;
const workload = (replicas: number, status: Tree, generation = 1): Tree => ({
  metadata: { generation },
  spec: { replicas },
  status: { observedGeneration: generation, ...status },
});

describe("readiness", () => {
  it("of a Deployment is all replicas of the new revision available and none of the old", () => {
    const kind = "Deployment apps/v1";
    const done = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
    expect(state(kind, workload(2, done))).toBe("ready");
    expect(state(kind, workload(0, {}))).toBe("ready");
    expect(judge(kind, workload(2, { ...done, observedGeneration: 0 }))).toEqual({
      state: "waiting",
      reason: "the controller has not seen it yet",
    });
    expect(judge(kind, workload(2, { ...done, replicas: 3 }))).toEqual({
      state: "waiting",
      reason: "1 replicas of the old revision are still there",
    });
    const conditions = [
      { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "late" },
    ];
    expect(judge(kind, workload(2, { ...done, availableReplicas: 1, conditions }))).toEqual({
      state: "waiting",
      reason: "[ProgressDeadlineExceeded] late",
    });
  });

  it("of a StatefulSet is all replicas ready in one revision", () => {
    const kind = "StatefulSet apps/v1";
    const done = {
      replicas: 1,
      readyReplicas: 1,
      currentReplicas: 1,
      currentRevision: "a",
      updateRevision: "a",
    };
    expect(state(kind, workload(1, done))).toBe("ready");
    expect(state(kind, workload(0, { currentRevision: "a", updateRevision: "a" }))).toBe("ready");
    expect(judge(kind, workload(1, { ...done, readyReplicas: 0 }))).toEqual({
      state: "waiting",
      reason: "0 of 1 replicas are ready",
    });
    expect(judge(kind, workload(1, { ...done, updateRevision: "b" }))).toEqual({
      state: "waiting",
      reason: "rolling from revision a to b",
    });
    const byHand = workload(1, { ...done, updateRevision: "b" }, 2);
    expect(state(kind, { ...byHand, spec: { replicas: 1, updateStrategy: { type: "OnDelete" } } })).toBe(
      "ready",
    );
  });

  it("of a DaemonSet is every wanted node served by the new revision", () => {
    const kind = "DaemonSet apps/v1";
    const done = { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 2 };
    expect(state(kind, workload(0, done))).toBe("ready");
    expect(state(kind, workload(0, { ...done, numberAvailable: 1 }))).toBe("waiting");
    expect(state(kind, workload(0, { ...done, updatedNumberScheduled: 1 }))).toBe("waiting");
  });

  it("of a Job is its completion; a failure is final at once and says why", () => {
    const kind = "Job batch/v1";
    const condition = (type: string): Tree => ({
      status: { conditions: [{ type, status: "True", reason: "R", message: "m" }] },
    });
    expect(judge(kind, { status: { active: 1 } })).toEqual({
      state: "waiting",
      reason: "active 1, succeeded 0, failed 0",
    });
    expect(state(kind, condition("Complete"))).toBe("ready");
    expect(judge(kind, condition("Failed"))).toEqual({ state: "failed", reason: "[R] m" });
  });

  it("of a Pod is its Ready condition or its success", () => {
    expect(
      state("Pod", { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } }),
    ).toBe("ready");
    expect(state("Pod", { status: { phase: "Succeeded" } })).toBe("ready");
    expect(state("Pod", { status: { phase: "Pending" } })).toBe("waiting");
    expect(judge("Pod", { status: { phase: "Failed", message: "evicted" } })).toEqual({
      state: "failed",
      reason: "evicted",
    });
  });

  it("of a claim is bound, or pending where the class waits for a consumer", () => {
    const claim = (phase: string): Tree => ({ status: { phase } });
    expect(state("PersistentVolumeClaim", claim("Bound"))).toBe("ready");
    expect(state("PersistentVolumeClaim", claim("Pending"), { bindingMode: "WaitForFirstConsumer" })).toBe(
      "ready",
    );
    expect(state("PersistentVolumeClaim", claim("Pending"), { bindingMode: "Immediate" })).toBe("waiting");
  });

  it("of a Service is its selected pods being ready, or none selected once that has settled", () => {
    const service = { spec: { type: "ClusterIP", clusterIP: "198.19.1.9", selector: { a: "1" } } };
    const slice = (...ready: boolean[]): Surroundings => ({
      endpointSlices: [{ endpoints: ready.map((isReady) => ({ conditions: { ready: isReady } })) }],
    });
    expect(state("Service", service, slice(true))).toBe("ready");
    expect(judge("Service", service, slice(true, false))).toEqual({
      state: "waiting",
      reason: "1 of 2 selected pods are not ready",
    });
    expect(state("Service", service, { ...slice(), settledFor: endpointsSettle - 1 })).toBe("waiting");
    expect(state("Service", service, { ...slice(), settledFor: endpointsSettle })).toBe("ready");
    expect(state("Service", service, { endpointSlices: [], settledFor: endpointsSettle })).toBe("waiting");
    expect(state("Service", { spec: { ...service.spec, clusterIP: "None" } })).toBe("ready");
    expect(state("Service", { spec: { type: "ExternalName" } })).toBe("ready");
    expect(state("Service", { spec: { type: "ClusterIP" } })).toBe("ready");
    expect(state("Service", { spec: { type: "LoadBalancer" } })).toBe("waiting");
  });

  it("of every other kind is its being there, without a wait", () => {
    expect(isAwaited({ apiVersion: "v1", kind: "ConfigMap" })).toBe(false);
    expect(isAwaited({ apiVersion: "batch/v1", kind: "CronJob" })).toBe(false);
    expect(isAwaited({ apiVersion: "batch/v1", kind: "Job" })).toBe(true);
    expect(state("ConfigMap", {})).toBe("ready");
  });
});

describe("a wait's time", () => {
  it("is that of customTimeouts, else the annotation's, else ten minutes", () => {
    const annotated = { metadata: { annotations: { "pulumi.com/timeoutSeconds": "30" } } };
    expect([timeoutSeconds(5, annotated), timeoutSeconds(0, annotated), timeoutSeconds(0, {})]).toEqual([
      5, 30, 600,
    ]);
  });
});

describe("what is wrong with a pod", () => {
  const pod = (status: Tree): Tree => ({ kind: "Pod", metadata: { namespace: "s", name: "p" }, status });

  it("is told by its conditions and its containers' states", () => {
    const status = {
      phase: "Running",
      conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady", message: "unready: [c]" }],
      containerStatuses: [
        {
          name: "c",
          state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
          lastState: { terminated: { reason: "Error", exitCode: 2 } },
        },
      ],
    };
    expect(troublesOf(pod(status))).toEqual([
      "Pod s/p: [ContainersNotReady] unready: [c]",
      "Pod s/p: container c: [CrashLoopBackOff] back-off",
      "Pod s/p: container c: [Error] exit code 2",
    ]);
  });

  it("is nothing while its containers are made or when it succeeded", () => {
    const creating = { name: "c", state: { waiting: { reason: "ContainerCreating" } } };
    expect(troublesOf(pod({ phase: "Pending", containerStatuses: [creating] }))).toEqual([]);
    const ended = { name: "c", state: { terminated: { reason: "Error", exitCode: 1 } } };
    expect(troublesOf(pod({ phase: "Succeeded", containerStatuses: [ended] }))).toEqual([]);
  });
});
