import { clusterMetrics } from "./define";
import { USED_BUCKETS } from "./machines";

/** Most buckets a latency histogram of the API server has. */
const APISERVER_BUCKETS = 30;

export const podPhases = ["Failed", "Pending", "Running", "Succeeded", "Unknown"] as const;
export const codeClasses = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** Kubernetes: nodes, pods, what they ask for and use, and the API server. */
export const kubernetes = clusterMetrics({
  nodes: { name: "kube_nodes:count", unit: "count", meaning: "nodes" },
  nodesReady: { name: "kube_nodes_ready:count", unit: "count", meaning: "nodes that are ready" },
  nodesUnschedulable: {
    name: "kube_nodes_unschedulable:count",
    unit: "count",
    meaning: "nodes that take no new pods",
  },
  pods: { name: "kube_pods:count", unit: "count", labels: { phase: podPhases }, meaning: "pods by phase" },
  podsUnschedulable: {
    name: "kube_pods_unschedulable:count",
    unit: "count",
    meaning: "pods that no node can take",
  },
  containerRestarts: {
    name: "kube_container_restarts:increase1h",
    unit: "count",
    meaning: "restarts of containers in an hour",
  },
  cpu: { name: "kube_cpu:cores", unit: "cores", meaning: "processors the nodes can give to pods" },
  cpuRequested: {
    name: "kube_cpu_requested:cores",
    unit: "cores",
    meaning: "requests of pods that run or wait",
  },
  cpuUsed: { name: "kube_cpu_used:cores", unit: "cores", meaning: "processors containers use" },
  memory: { name: "kube_memory:bytes", unit: "bytes", meaning: "memory the nodes can give to pods" },
  memoryRequested: {
    name: "kube_memory_requested:bytes",
    unit: "bytes",
    meaning: "requests of pods that run or wait",
  },
  memoryUsed: { name: "kube_memory_used:bytes", unit: "bytes", meaning: "working set of containers" },
  namespaceCpuRequested: {
    name: "kube_namespace_cpu_requested:cores",
    unit: "cores",
    labels: { namespace: "namespaces" },
    meaning: "requests of pods that run or wait, of the namespaces that ask for most",
  },
  namespaceCpuUsed: {
    name: "kube_namespace_cpu_used:cores",
    unit: "cores",
    labels: { namespace: "namespaces" },
    meaning: "processors containers use, of the namespaces that use most",
  },
  namespaceMemoryRequested: {
    name: "kube_namespace_memory_requested:bytes",
    unit: "bytes",
    labels: { namespace: "namespaces" },
    meaning: "requests of pods that run or wait, of the namespaces that ask for most",
  },
  namespaceMemoryUsed: {
    name: "kube_namespace_memory_used:bytes",
    unit: "bytes",
    labels: { namespace: "namespaces" },
    meaning: "working set of containers, of the namespaces that use most",
  },
  jobs: {
    name: "kube_jobs:count",
    unit: "count",
    labels: { state: ["active", "failed", "succeeded"] },
    meaning: "pods of Jobs by how they are",
  },
  volumesUsed: {
    name: "kube_volume_used:volumes_bucket",
    unit: "count",
    labels: { le: USED_BUCKETS },
    meaning: "claimed volumes whose share in use is at most le",
  },
  apiRequests: {
    name: "apiserver_requests:rate5m",
    unit: "per second",
    labels: { code_class: codeClasses },
    meaning: "requests the API server answered, by class of status code",
  },
  apiDuration: {
    name: "apiserver_request_duration:bucket_rate5m",
    unit: "per second",
    labels: { le: APISERVER_BUCKETS },
    meaning: "requests answered within le seconds; watches and other long requests left out",
  },
  apiInflight: {
    name: "apiserver_inflight:count",
    unit: "count",
    labels: { request_kind: ["mutating", "readOnly"] },
    meaning: "requests the API server works on",
  },
});
