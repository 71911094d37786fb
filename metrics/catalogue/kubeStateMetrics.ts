import { exporterMetrics } from "./define";

const pod = ["namespace", "pod", "uid"] as const;
const container = [...pod, "container"] as const;
const hpa = ["namespace", "horizontalpodautoscaler"] as const;
const deployment = ["namespace", "deployment"] as const;

/**
 * Kubernetes labels that kube-state-metrics must be allowed to tell, by resource: they say which model, trained on
 * which cluster, a pod serves in which version, and which InferenceService a Deployment and its pods belong to.
 */
export const allowedLabels = {
  deployments: ["serving.kserve.io/inferenceservice"],
  pods: ["model-cluster", "model-name", "model-version", "serving.kserve.io/inferenceservice"],
} as const;

/** kube-state-metrics: what the API knows of its objects. */
export const kubeState = exporterMetrics(
  { exporter: "kube-state-metrics", versions: ">=2.8", target: [] },
  {
    namespaceCreated: {
      name: "kube_namespace_created",
      unit: "unix seconds",
      labels: ["namespace"],
      meaning: "when a namespace was made",
    },
    nodeInfo: {
      name: "kube_node_info",
      unit: "info",
      labels: ["node", "kernel_version", "kubelet_version", "internal_ip"],
      meaning: "1 for each node",
    },
    nodeCondition: {
      name: "kube_node_status_condition",
      unit: "boolean",
      labels: ["node", "condition", "status"],
      meaning: "1 for the status a node's condition has: true, false, unknown",
    },
    nodeUnschedulable: {
      name: "kube_node_spec_unschedulable",
      unit: "boolean",
      labels: ["node"],
      meaning: "1 while a node takes no new pods",
    },
    nodeAllocatable: {
      name: "kube_node_status_allocatable",
      unit: "count",
      labels: ["node", "resource", "unit"],
      meaning: "what a node can give to pods: cpu in cores, memory in bytes, nvidia_com_gpu",
    },
    podPhase: {
      name: "kube_pod_status_phase",
      unit: "boolean",
      labels: [...pod, "phase"],
      meaning: "1 for the phase a pod is in",
    },
    podUnschedulable: {
      name: "kube_pod_status_unschedulable",
      unit: "boolean",
      labels: pod,
      meaning: "1 for each pod that no node can take",
    },
    podReady: {
      name: "kube_pod_status_ready",
      unit: "boolean",
      labels: [...pod, "condition"],
      meaning: "1 for the condition (true, false, unknown) of a pod's readiness",
    },
    podCreated: {
      name: "kube_pod_created",
      unit: "unix seconds",
      labels: pod,
      meaning: "when a pod was made",
    },
    podReadyTime: {
      name: "kube_pod_status_ready_time",
      unit: "unix seconds",
      labels: pod,
      meaning: "when a pod last became ready",
    },
    podLabels: {
      name: "kube_pod_labels",
      unit: "info",
      labels: [
        ...pod,
        "label_model_cluster",
        "label_model_name",
        "label_model_version",
        "label_serving_kserve_io_inferenceservice",
      ],
      meaning: "1 for each pod, with those of its labels that are allowed",
    },
    podRequests: {
      name: "kube_pod_container_resource_requests",
      unit: "count",
      labels: [...container, "node", "resource", "unit"],
      meaning: "what a container asks for: cpu in cores, memory in bytes, nvidia_com_gpu",
    },
    containerRestarts: {
      name: "kube_pod_container_status_restarts_total",
      type: "counter",
      unit: "count",
      labels: container,
      meaning: "restarts of a container",
    },
    jobActive: {
      name: "kube_job_status_active",
      unit: "count",
      labels: ["namespace", "job_name"],
      meaning: "pods of a Job that run",
    },
    jobFailed: {
      name: "kube_job_status_failed",
      unit: "count",
      labels: ["namespace", "job_name", "reason"],
      meaning: "pods of a Job that failed",
    },
    jobSucceeded: {
      name: "kube_job_status_succeeded",
      unit: "count",
      labels: ["namespace", "job_name"],
      meaning: "pods of a Job that ended well",
    },
    cronJobLastSuccess: {
      name: "kube_cronjob_status_last_successful_time",
      unit: "unix seconds",
      labels: ["namespace", "cronjob"],
      meaning: "when a CronJob last ended well",
    },
    cronJobLastSchedule: {
      name: "kube_cronjob_status_last_schedule_time",
      unit: "unix seconds",
      labels: ["namespace", "cronjob"],
      meaning: "when a CronJob last started",
    },
    cronJobSuspended: {
      name: "kube_cronjob_spec_suspend",
      unit: "boolean",
      labels: ["namespace", "cronjob"],
      meaning: "1 while a CronJob is suspended",
    },
    deploymentLabels: {
      name: "kube_deployment_labels",
      unit: "info",
      labels: [...deployment, "label_serving_kserve_io_inferenceservice"],
      meaning: "1 for each Deployment, with those of its labels that are allowed",
    },
    deploymentReplicas: {
      name: "kube_deployment_spec_replicas",
      unit: "count",
      labels: deployment,
      meaning: "replicas a Deployment should have",
    },
    deploymentAvailable: {
      name: "kube_deployment_status_replicas_available",
      unit: "count",
      labels: deployment,
      meaning: "replicas of it that are available",
    },
    hpaInfo: {
      name: "kube_horizontalpodautoscaler_info",
      unit: "info",
      labels: [...hpa, "scaletargetref_kind", "scaletargetref_name"],
      meaning: "1 for each autoscaler, with what it scales",
    },
    hpaMin: {
      name: "kube_horizontalpodautoscaler_spec_min_replicas",
      unit: "count",
      labels: hpa,
      meaning: "fewest replicas",
    },
    hpaMax: {
      name: "kube_horizontalpodautoscaler_spec_max_replicas",
      unit: "count",
      labels: hpa,
      meaning: "most replicas",
    },
    hpaCurrent: {
      name: "kube_horizontalpodautoscaler_status_current_replicas",
      unit: "count",
      labels: hpa,
      meaning: "replicas there are",
    },
    hpaDesired: {
      name: "kube_horizontalpodautoscaler_status_desired_replicas",
      unit: "count",
      labels: hpa,
      meaning: "replicas the autoscaler wants, within its bounds",
    },
    hpaCondition: {
      name: "kube_horizontalpodautoscaler_status_condition",
      unit: "boolean",
      labels: [...hpa, "condition", "status"],
      meaning: "1 for the status an autoscaler's condition has; ScalingLimited says that a bound was hit",
    },
  },
);
