import type { Activity } from "./activity";

/** Labels under which a server tells its figures, and the GPU that it pretends to work on. */
export interface Exported {
  readonly pod: string;
  readonly gpuType: string;
  /** Requests in work at the same time that keep the GPU busy for all of the time. */
  readonly gpuSlots: number;
}

/**
 * What Prometheus would scrape of the model server, its engine and the GPU of its pod, in the text format: the names are
 * those of KServe, vLLM and DCGM, the values what the server really does.
 */
export function exposition(
  model: string,
  activity: Activity,
  { pod, gpuType, gpuSlots }: Exported,
  nowMs: number,
): string {
  const { running, waiting, busy } = activity.at(nowMs);
  const served = `{pod="${pod}",model_name="${model}"}`;
  const gpu = `{UUID="GPU-1",pod="${pod}",gpu_type="${gpuType}",hostname="gpu-1"}`;
  return [
    `request_predict_seconds_sum${served} ${activity.seconds.toFixed(6)}`,
    `request_predict_seconds_count${served} ${activity.requests}`,
    `vllm:num_requests_running${served} ${running}`,
    `vllm:num_requests_waiting${served} ${waiting}`,
    `DCGM_FI_DEV_GPU_UTIL${gpu} ${Math.min(100, (100 * busy) / gpuSlots).toFixed(1)}`,
    "",
  ].join("\n");
}
