import { apiServer, cadvisor, fedCluster, kubeState, kubelet } from "../../metrics/catalogue";
import { USED_BUCKETS } from "../../metrics/catalogue/recorded/machines";
import { bucketOf, matching, not, notMatching } from "../../metrics/select";
import type { RuleGroup } from "../types";
import { buckets, codeClass, either, perValue, rate5m, to } from "./expressions";
import type { Recorder } from "./site";

const recorded = fedCluster.kubernetes;

/** 1 for each pod that runs or waits: what ended holds nothing, though its requests are still told. */
export function runningPods(own: Recorder["own"]): string {
  return `max by (cluster, namespace, pod) (${own(kubeState.podPhase, { phase: matching("Pending|Running") })} == 1)`;
}

/** Nodes and pods. */
export function kubernetesRules({ own, record }: Recorder): RuleGroup {
  const sum = (expr: string): string => `sum by (cluster) (${expr})`;
  const nodes = `count by (cluster) (${own(kubeState.nodeInfo)})`;
  const ready = own(kubeState.nodeCondition, { condition: "Ready", status: "true" });
  const volume = (selector: string): string =>
    `max by (cluster, namespace, persistentvolumeclaim) (${selector})`;
  const used = `(1 - ${volume(own(kubelet.volumeAvailable))} / ${volume(`${own(kubelet.volumeCapacity)} > 0`)})`;
  return {
    name: "cluster-kubernetes",
    rules: [
      record(recorded.nodes, nodes),
      record(recorded.nodesReady, sum(ready)),
      record(recorded.nodesUnschedulable, sum(own(kubeState.nodeUnschedulable))),
      record(recorded.pods, to(recorded.pods, "sum", own(kubeState.podPhase))),
      // only pods that are unschedulable have a series
      record(recorded.podsUnschedulable, either(sum(own(kubeState.podUnschedulable)), `0 * ${nodes}`)),
      record(recorded.containerRestarts, sum(`increase(${own(kubeState.containerRestarts)}[1h])`)),
      record(
        recorded.jobs,
        perValue("state", {
          active: sum(own(kubeState.jobActive)),
          failed: sum(own(kubeState.jobFailed)),
          succeeded: sum(own(kubeState.jobSucceeded)),
        }),
      ),
      record(recorded.volumesUsed, buckets(["cluster"], used, USED_BUCKETS)),
    ],
  };
}

/** What pods ask for and use, in all and by namespace. */
export function kubernetesUseRules({ own, record }: Recorder): RuleGroup {
  const requests = (resource: string): string =>
    `${own(kubeState.podRequests, { resource })} * on (cluster, namespace, pod) group_left () ${runningPods(own)}`;
  const named = { container: not("") };
  const cpuUsed = rate5m(own(cadvisor.cpu, named));
  const memoryUsed = own(cadvisor.memory, named);
  const sums = (metrics: readonly (typeof recorded)[keyof typeof recorded][], expr: string) =>
    metrics.map((metric) => record(metric, to(metric, "sum", expr)));
  return {
    name: "cluster-kubernetes-use",
    rules: [
      ...sums([recorded.cpu], own(kubeState.nodeAllocatable, { resource: "cpu" })),
      ...sums([recorded.cpuRequested, recorded.namespaceCpuRequested], requests("cpu")),
      ...sums([recorded.cpuUsed, recorded.namespaceCpuUsed], cpuUsed),
      ...sums([recorded.memory], own(kubeState.nodeAllocatable, { resource: "memory" })),
      ...sums([recorded.memoryRequested, recorded.namespaceMemoryRequested], requests("memory")),
      ...sums([recorded.memoryUsed, recorded.namespaceMemoryUsed], memoryUsed),
    ],
  };
}

/** Requests that stay open by design say nothing of the server's speed. */
const short = {
  verb: notMatching("CONNECT|PROXY|WATCH|WATCHLIST"),
  subresource: notMatching("attach|exec|log|portforward|proxy"),
};

/** The API server. */
export function apiServerRules({ own, record }: Recorder): RuleGroup {
  const answered = rate5m(own(apiServer.requests, { code: matching("[1-5]..") }));
  return {
    name: "cluster-api-server",
    rules: [
      record(recorded.apiRequests, to(recorded.apiRequests, "sum", codeClass(answered, "code"))),
      record(
        recorded.apiDuration,
        to(recorded.apiDuration, "sum", rate5m(own(bucketOf(apiServer.duration), short))),
      ),
      record(recorded.apiInflight, to(recorded.apiInflight, "sum", own(apiServer.inflight))),
    ],
  };
}
