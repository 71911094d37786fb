import { exporterMetrics } from "./define";

const api = ["name", "type", "pool_index", "server"] as const;
const traffic = ["type", "pool_index", "server"] as const;

/**
 * MinIO's metrics of version 3: `/api` of each server about itself, `/cluster` of each server about all. Whatever is 0
 * is left out, be it a count of errors, free space or health: only with `nodesOnline` beside it does absence mean 0.
 */
export const minio = exporterMetrics(
  {
    exporter: "minio",
    versions: ">=RELEASE.2024-05-27, metrics version 3",
    target: ["namespace", "pod", "node", "service", "host"],
  },
  {
    requests: {
      name: "minio_api_requests_total",
      type: "counter",
      unit: "count",
      labels: api,
      meaning: "requests",
    },
    errors4xx: {
      name: "minio_api_requests_4xx_errors_total",
      type: "counter",
      unit: "count",
      labels: api,
      meaning: "requests answered with 4xx",
    },
    errors5xx: {
      name: "minio_api_requests_5xx_errors_total",
      type: "counter",
      unit: "count",
      labels: api,
      meaning: "requests answered with 5xx",
    },
    waiting: {
      name: "minio_api_requests_waiting_total",
      unit: "count",
      labels: traffic,
      meaning: "requests that wait, in spite of the name no counter",
    },
    firstByte: {
      name: "minio_api_requests_ttfb_seconds_distribution",
      type: "counter",
      unit: "seconds",
      labels: [...api, "le"],
      meaning: "requests whose first byte came within le; a histogram's buckets without the usual suffix",
    },
    sent: {
      name: "minio_api_requests_traffic_sent_bytes",
      type: "counter",
      unit: "bytes",
      labels: traffic,
      meaning: "sent to clients",
    },
    received: {
      name: "minio_api_requests_traffic_received_bytes",
      type: "counter",
      unit: "bytes",
      labels: traffic,
      meaning: "received from clients",
    },
    nodesOnline: {
      name: "minio_cluster_health_nodes_online_count",
      unit: "count",
      meaning: "servers that are there",
    },
    nodesOffline: {
      name: "minio_cluster_health_nodes_offline_count",
      unit: "count",
      meaning: "servers that are not",
    },
    drivesOnline: {
      name: "minio_cluster_health_drives_online_count",
      unit: "count",
      meaning: "drives that are there",
    },
    drivesOffline: {
      name: "minio_cluster_health_drives_offline_count",
      unit: "count",
      meaning: "drives that are not",
    },
    capacity: {
      name: "minio_cluster_health_capacity_usable_total_bytes",
      unit: "bytes",
      meaning: "usable capacity",
    },
    capacityFree: {
      name: "minio_cluster_health_capacity_usable_free_bytes",
      unit: "bytes",
      meaning: "of it free",
    },
    health: {
      name: "minio_cluster_erasure_set_overall_health",
      unit: "boolean",
      meaning: "1 while every erasure set is healthy",
    },
    writeQuorum: {
      name: "minio_cluster_erasure_set_write_quorum",
      unit: "count",
      labels: ["pool_id", "set_id"],
      meaning: "drives of an erasure set that must answer for a write; never 0, so that it names every set",
    },
    writeTolerance: {
      name: "minio_cluster_erasure_set_write_tolerance",
      unit: "count",
      labels: ["pool_id", "set_id"],
      meaning: "drives of an erasure set that may fail before it can not be written",
    },
    bucketBytes: {
      name: "minio_cluster_usage_buckets_total_bytes",
      unit: "bytes",
      labels: ["bucket"],
      meaning: "size of a bucket, as the scanner saw it last",
    },
    bucketObjects: {
      name: "minio_cluster_usage_buckets_objects_count",
      unit: "count",
      labels: ["bucket"],
      meaning: "objects of a bucket, as the scanner saw them last",
    },
    usageAge: {
      name: "minio_cluster_usage_objects_since_last_update_seconds",
      unit: "seconds",
      meaning: "age of what is said of buckets",
    },
  },
);
