import {
  alertmanager,
  apiServer,
  cadvisor,
  kubeState,
  kubelet,
  prometheus,
  scrapes,
} from "../../../metrics/catalogue";
import { bucketInput, growing, inputOf } from "../input";
import { by, evaluateCluster, plain } from "./evaluate";

const cloud = inputOf("cloud");
const only = (values: Readonly<Record<string, number>>) => plain(values, "cloud");
const each = (name: string, label: string, values: Readonly<Record<string, number>>) =>
  by(name, label, values, "", "cloud");

describe("Kubernetes", () => {
  it("tells nodes, pods, Jobs and volumes", () => {
    const claim = (name: string) => ({ namespace: "ml", persistentvolumeclaim: name });
    evaluateCluster("cloud", ["cluster-kubernetes"], {
      at: "60m",
      input: [
        ...["a", "b"].flatMap((name, index) => [
          cloud(kubeState.nodeInfo, { node: name }),
          cloud(kubeState.nodeCondition, { node: name, condition: "Ready", status: "true" }, index),
          cloud(kubeState.nodeCondition, { node: name, condition: "Ready", status: "false" }, 1 - index),
          cloud(kubeState.nodeUnschedulable, { node: name }, 1 - index),
        ]),
        cloud(kubeState.podPhase, { namespace: "ml", pod: "p", phase: "Running" }, 1),
        cloud(kubeState.podPhase, { namespace: "ml", pod: "p", phase: "Pending" }, 0),
        cloud(kubeState.podUnschedulable, { namespace: "ml", pod: "q" }),
        cloud(kubeState.containerRestarts, { namespace: "ml", pod: "p", container: "c" }, growing(1)),
        cloud(kubeState.jobActive, { namespace: "ml", job_name: "j" }, 1),
        cloud(kubeState.jobFailed, { namespace: "ml", job_name: "j", reason: "BackoffLimitExceeded" }, 2),
        cloud(kubeState.jobSucceeded, { namespace: "ml", job_name: "k" }, 3),
        ...[
          [claim("full"), 4],
          [claim("free"), 80],
        ].flatMap(([of, available]) => [
          cloud(kubelet.volumeCapacity, of as ReturnType<typeof claim>, 100),
          cloud(kubelet.volumeAvailable, of as ReturnType<typeof claim>, available as number),
        ]),
      ],
      gives: {
        ...only({
          "fed_cluster:kube_nodes:count": 2,
          "fed_cluster:kube_nodes_ready:count": 1,
          "fed_cluster:kube_nodes_unschedulable:count": 1,
          "fed_cluster:kube_pods_unschedulable:count": 1,
          "fed_cluster:kube_container_restarts:increase1h": 60,
        }),
        ...each("fed_cluster:kube_pods:count", "phase", { Running: 1, Pending: 0 }),
        ...each("fed_cluster:kube_jobs:count", "state", { active: 1, failed: 2, succeeded: 3 }),
        ...each("fed_cluster:kube_volume_used:volumes_bucket", "le", {
          "0.25": 1,
          "0.5": 1,
          "0.75": 1,
          "0.9": 1,
          "0.95": 1,
          "+Inf": 2,
        }),
      },
    });
  });

  it("has no unschedulable pods where none is told", () => {
    evaluateCluster("cloud", ["cluster-kubernetes"], {
      input: [cloud(kubeState.nodeInfo, { node: "a" })],
      gives: only({ "fed_cluster:kube_pods_unschedulable:count": 0 }),
    });
  });

  it("adds up what pods ask for and use; pods that ended ask for nothing, pods without a name are not counted twice", () => {
    const container = (namespace: string, pod: string) => ({ namespace, pod, container: "c" });
    const asks = (namespace: string, pod: string, phase: string, cpu: number) => [
      cloud(kubeState.podRequests, { ...container(namespace, pod), resource: "cpu", unit: "core" }, cpu),
      cloud(
        kubeState.podRequests,
        { ...container(namespace, pod), resource: "memory", unit: "byte" },
        cpu * 10,
      ),
      cloud(kubeState.podPhase, { namespace, pod, phase }, 1),
    ];
    evaluateCluster("cloud", ["cluster-kubernetes-use"], {
      input: [
        cloud(kubeState.nodeAllocatable, { node: "a", resource: "cpu", unit: "core" }, 16),
        cloud(kubeState.nodeAllocatable, { node: "a", resource: "memory", unit: "byte" }, 160),
        ...asks("ml", "runs", "Running", 2),
        ...asks("ml", "waits", "Pending", 1),
        ...asks("web", "runs", "Running", 4),
        ...asks("web", "ended", "Succeeded", 8),
        cloud(cadvisor.cpu, container("ml", "runs"), growing(60)),
        cloud(cadvisor.cpu, { namespace: "ml", pod: "runs", container: "" }, growing(60)),
        cloud(cadvisor.memory, container("web", "runs"), 30),
      ],
      gives: {
        ...only({
          "fed_cluster:kube_cpu:cores": 16,
          "fed_cluster:kube_cpu_requested:cores": 7,
          "fed_cluster:kube_cpu_used:cores": 1,
          "fed_cluster:kube_memory:bytes": 160,
          "fed_cluster:kube_memory_requested:bytes": 70,
          "fed_cluster:kube_memory_used:bytes": 30,
        }),
        ...each("fed_cluster:kube_namespace_cpu_requested:cores", "namespace", { ml: 3, web: 4 }),
        ...each("fed_cluster:kube_namespace_cpu_used:cores", "namespace", { ml: 1 }),
        ...each("fed_cluster:kube_namespace_memory_requested:bytes", "namespace", { ml: 30, web: 40 }),
        ...each("fed_cluster:kube_namespace_memory_used:bytes", "namespace", { web: 30 }),
      },
    });
  });

  it("tells requests to the API server by class, and the time of those that are not long by design", () => {
    evaluateCluster("cloud", ["cluster-api-server"], {
      input: [
        cloud(apiServer.requests, { verb: "GET", code: "200" }, growing(60)),
        cloud(apiServer.requests, { verb: "LIST", code: "200" }, growing(60)),
        cloud(apiServer.requests, { verb: "GET", code: "503" }, growing(60)),
        cloud(apiServer.requests, { verb: "GET", code: "0" }, growing(60)),
        ...bucketInput("cloud", apiServer.duration, { verb: "GET" }, { "0.1": 60, "+Inf": 120 }),
        ...bucketInput("cloud", apiServer.duration, { verb: "WATCH" }, { "0.1": 0, "+Inf": 600 }),
        ...bucketInput("cloud", apiServer.duration, { verb: "GET", subresource: "log" }, { "+Inf": 600 }),
        cloud(apiServer.inflight, { request_kind: "mutating" }, 2),
        cloud(apiServer.inflight, { request_kind: "readOnly" }, 5),
      ],
      gives: {
        ...each("fed_cluster:apiserver_requests:rate5m", "code_class", { "2xx": 2, "5xx": 1 }),
        ...each("fed_cluster:apiserver_request_duration:bucket_rate5m", "le", { "0.1": 1, "+Inf": 2 }),
        ...each("fed_cluster:apiserver_inflight:count", "request_kind", { mutating: 2, readOnly: 5 }),
      },
    });
  });
});

describe("the monitoring", () => {
  it("tells of its own Prometheus", () => {
    evaluateCluster("cloud", ["cluster-prometheus", "cluster-targets"], {
      input: [
        cloud(prometheus.headSeries, {}, 1000),
        cloud(prometheus.samplesAppended, { type: "float" }, growing(6000)),
        cloud(prometheus.samplesAppended, { type: "histogram" }, growing(60)),
        cloud(prometheus.blocksBytes, {}, 5000),
        cloud(prometheus.configReloaded, {}, 0),
        cloud(prometheus.ruleFailures, { rule_group: "a" }, growing(60)),
        cloud(prometheus.ruleGroupsMissed, { rule_group: "a" }, growing(0)),
        cloud(prometheus.notificationsDropped, {}, growing(0)),
        cloud(prometheus.scrapesOverLimit, {}, growing(60)),
        cloud(prometheus.samplesDuplicate, {}, growing(60)),
        cloud(prometheus.samplesOutOfOrder, {}, growing(0)),
        cloud(scrapes.duration, { job: "node", instance: "a" }, 0.25),
        cloud(scrapes.duration, { job: "node", instance: "b" }, 0.5),
      ],
      gives: {
        ...only({
          "fed_cluster:prometheus_series:count": 1000,
          "fed_cluster:prometheus_samples:rate5m": 101,
          "fed_cluster:prometheus_storage:bytes": 5000,
          "fed_cluster:prometheus_config_reload:success": 0,
          "fed_cluster:prometheus_rule_failures:rate5m": 1,
          "fed_cluster:prometheus_rule_groups_missed:rate5m": 0,
          "fed_cluster:prometheus_notifications_dropped:rate5m": 0,
          "fed_cluster:prometheus_scrapes_over_limit:rate5m": 1,
        }),
        ...each("fed_cluster:prometheus_samples_rejected:rate5m", "reason", {
          duplicate_timestamp: 1,
          out_of_order: 0,
        }),
        ...each("fed_cluster:scrape_duration:max_seconds", "job", { node: 0.5 }),
      },
    });
  });

  it("counts firing alerts of its own cluster by name, whatever else they carry", () => {
    const alert = { alertname: "NodeDown", severity: "critical", component: "nodes" };
    const hpc = inputOf("hpc");
    evaluateCluster("cloud", ["cluster-prometheus"], {
      input: [
        cloud(scrapes.alerts, { ...alert, alertstate: "firing", instance: "a" }),
        cloud(scrapes.alerts, { ...alert, alertstate: "firing", instance: "b" }),
        cloud(scrapes.alerts, { ...alert, alertstate: "pending", instance: "c" }),
        hpc(scrapes.alerts, { ...alert, alertstate: "firing", instance: "d" }),
      ],
      gives: {
        'fed_cluster:alerts:firing{cluster="cloud",alertname="NodeDown",severity="critical",component="nodes"}': 2,
      },
    });
  });

  it("tells of Alertmanagers: the loneliest, and the known ways to notify", () => {
    evaluateCluster("cloud", ["cluster-alertmanager"], {
      input: [
        cloud(alertmanager.members, { instance: "a" }, 2),
        cloud(alertmanager.members, { instance: "b" }, 1),
        cloud(alertmanager.alerts, { instance: "a", state: "active" }, 3),
        cloud(alertmanager.alerts, { instance: "b", state: "active" }, 2),
        cloud(alertmanager.notifications, { integration: "webhook" }, growing(120)),
        cloud(alertmanager.notifications, { integration: "opsgenie" }, growing(120)),
        cloud(
          alertmanager.notificationsFailed,
          { integration: "webhook", reason: "clientError" },
          growing(60),
        ),
        cloud(
          alertmanager.notificationsFailed,
          { integration: "webhook", reason: "serverError" },
          growing(60),
        ),
      ],
      gives: {
        ...only({ "fed_cluster:alertmanager_members:min": 1 }),
        ...each("fed_cluster:alertmanager_alerts:max", "state", { active: 3 }),
        ...each("fed_cluster:alertmanager_notifications:rate5m", "integration", { webhook: 2 }),
        ...each("fed_cluster:alertmanager_notifications_failed:rate5m", "integration", { webhook: 2 }),
      },
    });
  });
});
