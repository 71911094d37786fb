import {
  alertmanager,
  apiServer,
  beegfs,
  cadvisor,
  dcgm,
  knative,
  kserve,
  kubeState,
  kubelet,
  minio,
  mlflow,
  modelRetention,
  modelTransfer,
  node,
  prometheus,
  scrapes,
  slurm,
  slurmJobs,
  slurmNodes,
  vllm,
} from "../../metrics/catalogue";
import { integrations } from "../../metrics/catalogue/recorded/monitoring";
import { transferStages } from "../../metrics/catalogue/recorded/transfer";
import { countOf, sumOf } from "../../metrics/select";
import type { Histogram, Selectable } from "../../metrics/types";
import type { Input } from "./input";
import { bucketInput, growing, inputOf, upTo } from "./input";
import type { InputSeries } from "./promtool";

/** How many of everything a site has. */
export interface Size {
  readonly machines: number;
  readonly jobs: number;
  readonly alerts: number;
  readonly gpuTypes: number;
  readonly namespaces: number;
  readonly partitions: number;
  readonly models: number;
  readonly buckets: number;
}

const GROWS = growing(60);
const all = (input: Input, metrics: Readonly<Record<string, Selectable>>): InputSeries[] =>
  Object.values(metrics).map((metric) => input(metric, {}, metric.type === "counter" ? GROWS : 1));
const bounds = (count: number): Readonly<Record<string, number>> =>
  Object.fromEntries(
    upTo(count).map((index) => [index === count - 1 ? "+Inf" : String(index + 0.5), index + 1]),
  );

/** Every kind of series a cluster can have, so much of each. */
export function everything(cluster: string, size: Size): InputSeries[] {
  const input = inputOf(cluster);
  return [
    ...monitoring(input, size),
    ...machines(input, size),
    ...kubernetes(cluster, size),
    ...gpus(input, size),
    ...slurmSite(input, size),
    ...storage(cluster, size),
    ...transfers(input, size),
    ...serving(cluster, size),
  ];
}

function monitoring(input: Input, size: Size): InputSeries[] {
  return [
    ...upTo(size.jobs).flatMap((job) => [
      input(scrapes.up, { job: `j${job}` }),
      input(scrapes.duration, { job: `j${job}` }),
    ]),
    ...upTo(size.alerts).map((alert) =>
      input(scrapes.alerts, {
        alertname: `A${alert}`,
        alertstate: "firing",
        severity: "info",
        component: "x",
      }),
    ),
    ...all(input, prometheus),
    input(alertmanager.members),
    ...["active", "suppressed", "unprocessed"].map((state) => input(alertmanager.alerts, { state })),
    ...[...integrations, "opsgenie"].flatMap((integration) => [
      input(alertmanager.notifications, { integration }, GROWS),
      input(alertmanager.notificationsFailed, { integration }, GROWS),
    ]),
  ];
}

function machines(input: Input, size: Size): InputSeries[] {
  const modes = ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"];
  return upTo(size.machines).flatMap((machine) => {
    const instance = `m${machine}:9100`;
    const on = { instance, device: "sda", fstype: "ext4", mountpoint: "/" };
    const net = { instance, device: "eth0" };
    return [
      ...modes.map((mode) => input(node.cpu, { instance, cpu: "0", mode }, GROWS)),
      input(node.memory, { instance }, 4),
      input(node.memoryAvailable, { instance }, 1),
      input(node.filesystemSize, on, 4),
      input(node.filesystemAvailable, on, 1),
      input(node.diskRead, { instance, device: "sda" }, GROWS),
      input(node.diskWritten, { instance, device: "sda" }, GROWS),
      ...[node.networkReceived, node.networkSent, node.networkReceiveErrors, node.networkSendErrors].map(
        (metric) => input(metric, net, GROWS),
      ),
      input(node.clockSynchronised, { instance }),
      input(node.clockOffset, { instance }),
    ];
  });
}

function kubernetes(cluster: string, size: Size): InputSeries[] {
  const input = inputOf(cluster);
  const resources = { cpu: "core", memory: "byte", nvidia_com_gpu: "integer" };
  const claim = { namespace: "n0", persistentvolumeclaim: "c" };
  return [
    input(kubeState.nodeInfo, { node: "k0" }),
    input(kubeState.nodeCondition, { node: "k0", condition: "Ready", status: "true" }),
    input(kubeState.nodeUnschedulable, { node: "k0" }, 0),
    ...Object.entries(resources).map(([resource, unit]) =>
      input(kubeState.nodeAllocatable, { node: "k0", resource, unit }, 64),
    ),
    ...["Failed", "Pending", "Running", "Succeeded", "Unknown"].map((phase) =>
      input(kubeState.podPhase, { namespace: "n0", pod: "p0", phase }, phase === "Running" ? 1 : 0),
    ),
    input(kubeState.podUnschedulable, { namespace: "n0", pod: "p0" }),
    input(kubeState.containerRestarts, { namespace: "n0", pod: "p0", container: "c" }, GROWS),
    input(kubeState.jobActive, { namespace: "n0", job_name: "j" }),
    input(kubeState.jobFailed, { namespace: "n0", job_name: "j", reason: "x" }),
    input(kubeState.jobSucceeded, { namespace: "n0", job_name: "j" }),
    input(kubelet.volumeCapacity, claim, 4),
    input(kubelet.volumeAvailable, claim, 1),
    ...upTo(size.namespaces).flatMap((index) => {
      const pod = { namespace: `n${index}`, pod: `p${index}` };
      return [
        input(kubeState.namespaceCreated, { namespace: `n${index}` }),
        ...(index === 0 ? [] : [input(kubeState.podPhase, { ...pod, phase: "Running" })]),
        ...Object.keys(resources).map((resource) =>
          input(kubeState.podRequests, { ...pod, container: "c", node: "k0", resource }, index + 1),
        ),
        input(cadvisor.cpu, { ...pod, container: "c" }, growing(60 + index)),
        input(cadvisor.memory, { ...pod, container: "c" }, index + 1),
      ];
    }),
    ...["100", "200", "301", "404", "503"].map((code) =>
      input(apiServer.requests, { code, verb: "GET" }, GROWS),
    ),
    ...bucketInput(cluster, apiServer.duration, { verb: "GET" }, bounds(30)),
    input(apiServer.inflight, { request_kind: "mutating" }),
    input(apiServer.inflight, { request_kind: "readOnly" }),
  ];
}

/** Three GPUs a type, each with its own owner, XID and best source of utilisation. */
function gpus(input: Input, size: Size): InputSeries[] {
  return upTo(size.gpuTypes).flatMap((type) =>
    ["sm", "gr", "util"].flatMap((source, index) => {
      const number = type * 3 + index;
      const holder = number === 0 ? { hpc_job: "77" } : { namespace: `n${number}`, pod: `p${number}` };
      const gpu = {
        gpu_type: `t${type}`,
        hostname: `h${number}`,
        gpu: "0",
        UUID: `GPU-${number}`,
        ...holder,
      };
      return [
        ...(source === "sm" ? [input(dcgm.smActive, gpu, 0.01)] : []),
        ...(source === "util" ? [] : [input(dcgm.engineActive, gpu, 0.01)]),
        input(dcgm.utilisation, gpu, 2),
        input(dcgm.memoryUsed, gpu, 10),
        input(dcgm.memoryFree, gpu, 20),
        input(dcgm.memoryReserved, gpu, 1),
        input(dcgm.power, gpu, 100),
        input(dcgm.energy, gpu, GROWS),
        input(dcgm.temperature, gpu, 50),
        input(dcgm.memoryTemperature, gpu, 60),
        input(dcgm.xid, gpu, number + 1),
        input(dcgm.rowRemapFailed, gpu, 0),
      ];
    }),
  );
}

function slurmSite(input: Input, size: Size): InputSeries[] {
  const ofPartitions = [
    slurm.partitionPending,
    slurm.partitionRunning,
    slurm.partitionCpus,
    slurm.partitionCpusAllocated,
    slurm.partitionGpus,
    slurm.partitionGpusAllocated,
  ] as readonly Selectable[];
  const others = Object.values(slurm as Readonly<Record<string, Selectable>>).filter(
    (metric) => !ofPartitions.includes(metric),
  );
  return [
    ...all(input, slurmJobs),
    ...all(input, slurmNodes),
    ...others.map((metric) => input(metric, {}, GROWS)),
    ...upTo(size.partitions).flatMap((partition) =>
      ofPartitions.map((metric) => input(metric, { partition: `p${partition}` }, partition + 1)),
    ),
  ];
}

function storage(cluster: string, size: Size): InputSeries[] {
  const input = inputOf(cluster);
  const { bucketBytes, bucketObjects, firstByte, ...servers } = minio;
  const { targetSpace, targetSpaceFree, clientMetaOperations, clientStorageOperations, ...services } = beegfs;
  return [
    ...all(input, services),
    input(targetSpace, { target_id: "1" }, 4),
    input(targetSpaceFree, { target_id: "1" }, 1),
    input(clientMetaOperations, { client: "c", operation: "sum" }, GROWS),
    input(clientStorageOperations, { client: "c", operation: "sum" }, GROWS),
    ...all(input, servers),
    ...Object.entries(bounds(12)).map(([le, step]) => input(firstByte, { le }, growing(step))),
    ...upTo(size.buckets).flatMap((bucket) => [
      input(bucketBytes, { bucket: `b${bucket}` }, bucket),
      input(bucketObjects, { bucket: `b${bucket}` }, bucket),
    ]),
    input(mlflow.info),
    ...["100", "200", "301", "404", "503"].map((status) => input(mlflow.requests, { status }, GROWS)),
    ...bucketInput(cluster, mlflow.duration, {}, bounds(20)),
  ];
}

function transfers(input: Input, size: Size): InputSeries[] {
  const { lastSuccess, stage, bytes, files, mismatches, retries, lag, state, buildInfo, ...rest } =
    modelTransfer;
  const { reclaimable, removed, ...retention } = modelRetention;
  const kinds = ["version", "unpublished", "noncurrent", "upload"];
  return [
    ...all(input, rest),
    input(buildInfo),
    ...upTo(size.models).flatMap((index) => {
      const model = `m${index}`;
      return [
        input(lastSuccess, { model }, index),
        ...transferStages.map((at) => input(stage, { model, version: "1", stage: at }, index)),
        ...["copied", "sent"].map((result) => input(bytes, { model, result }, GROWS)),
        ...["adopted", "copied", "sent"].map((result) => input(files, { model, result }, GROWS)),
        input(mismatches, { model }, GROWS),
        input(lag, { model }, index),
        input(state, { model, version: "1", digest: `d${index}`, outcome: "unchanged", reason: "" }),
      ];
    }),
    ...upTo(20).map((reason) => input(retries, { reason: `r${reason}` }, GROWS)),
    ...all(input, retention),
    ...kinds.flatMap((kind) => [input(reclaimable, { kind }), input(removed, { kind })]),
  ];
}

function serving(cluster: string, size: Size): InputSeries[] {
  const input = inputOf(cluster);
  const histogram = (of: Histogram, labels: Readonly<Record<string, string>>): InputSeries[] => [
    ...bucketInput(cluster, of, labels, bounds(32)),
    input(countOf(of), labels, growing(32)),
    input(sumOf(of), labels, GROWS),
  ];
  const { running, waiting, kvCache, firstToken, perOutputToken, duration, requests, ...counters } = vllm;
  return upTo(size.models).flatMap((index) => {
    const model = `m${index}`;
    const engine = { model_name: model, engine: "0" };
    const deployment = { namespace: "serving", deployment: `${model}-predictor` };
    const hpa = { namespace: "serving", horizontalpodautoscaler: `${model}-predictor` };
    return [
      ...histogram(knative.duration, {
        kn_configuration_name: `${model}-predictor`,
        http_response_status_code: "200",
      }),
      ...histogram(kserve.predict, { model_name: model, namespace: "serving", pod: `${model}-1` }),
      ...[running, waiting, kvCache].map((metric) => input(metric, engine)),
      ...[firstToken, perOutputToken, duration].flatMap((of) => histogram(of, engine)),
      input(requests, { ...engine, finished_reason: "stop" }, growing(32)),
      ...Object.values<Selectable>(counters).map((metric) => input(metric, engine, GROWS)),
      input(kubeState.deploymentLabels, { ...deployment, label_serving_kserve_io_inferenceservice: model }),
      input(kubeState.deploymentReplicas, deployment),
      input(kubeState.deploymentAvailable, deployment),
      input(kubeState.hpaInfo, {
        ...hpa,
        scaletargetref_kind: "Deployment",
        scaletargetref_name: `${model}-predictor`,
      }),
      ...[kubeState.hpaMin, kubeState.hpaMax, kubeState.hpaCurrent, kubeState.hpaDesired].map((metric) =>
        input(metric, hpa),
      ),
      ...["1", "2"].flatMap((version) => {
        const pod = { namespace: "serving", pod: `${model}-${version}` };
        return [
          input(kubeState.podLabels, {
            ...pod,
            label_model_cluster: "hpc",
            label_model_name: model,
            label_model_version: version,
            label_serving_kserve_io_inferenceservice: model,
          }),
          input(kubeState.podCreated, pod, 90),
          input(kubeState.podReady, { ...pod, condition: "true" }),
          input(kubeState.podReadyTime, pod, 100),
          input(kserve.predictCreated, { ...pod, model_name: model }, 200),
        ];
      }),
    ];
  });
}
