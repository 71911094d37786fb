import { clusterMetrics } from "./define";
import { codeClasses } from "./kubernetes";

const beegfsServices = ["meta", "storage"] as const;

/** Most buckets of MinIO's time to first byte, and of a Python server's request time. */
const MINIO_BUCKETS = 12;
const FLASK_BUCKETS = 20;

/** BeeGFS by its exporter; the space alone also by its clients' node exporters. */
export const beegfs = clusterMetrics({
  space: { name: "beegfs_space:bytes", unit: "bytes", meaning: "size of all storage targets" },
  spaceFree: { name: "beegfs_space_free:bytes", unit: "bytes", meaning: "free space of all storage targets" },
  targets: {
    name: "beegfs_targets:count",
    unit: "count",
    labels: { state: ["good", "needs_resync", "bad"] },
    meaning: "storage targets by consistency",
  },
  targetsUsed: {
    name: "beegfs_target_used:targets_bucket",
    unit: "count",
    labels: { le: ["0.5", "0.75", "0.9", "0.95", "+Inf"] },
    meaning: "storage targets whose share in use is at most le",
  },
  services: {
    name: "beegfs_services:count",
    unit: "count",
    labels: { service: beegfsServices },
    meaning: "services the management knows",
  },
  servicesResponding: {
    name: "beegfs_services_responding:count",
    unit: "count",
    labels: { service: beegfsServices },
    meaning: "of them those that respond",
  },
  read: { name: "beegfs_read:bytes_rate5m", unit: "bytes per second", meaning: "read from storage targets" },
  written: {
    name: "beegfs_written:bytes_rate5m",
    unit: "bytes per second",
    meaning: "written to storage targets",
  },
  queue: {
    name: "beegfs_queue:count",
    unit: "count",
    labels: { service: beegfsServices },
    meaning: "requests that wait for a worker",
  },
  operations: {
    name: "beegfs_operations:rate5m",
    unit: "per second",
    labels: { service: beegfsServices },
    meaning: "operations of all clients",
  },
});

/** MinIO by its metrics of version 3. */
export const minio = clusterMetrics({
  nodes: {
    name: "minio_nodes:count",
    unit: "count",
    labels: { state: ["offline", "online"] },
    meaning: "servers by state",
  },
  drives: {
    name: "minio_drives:count",
    unit: "count",
    labels: { state: ["offline", "online"] },
    meaning: "drives by state",
  },
  healthy: {
    name: "minio_health:healthy",
    unit: "boolean",
    meaning: "1 while every erasure set can be written",
  },
  writeTolerance: {
    name: "minio_write_tolerance:min_drives",
    unit: "count",
    meaning: "drives that may still fail before some erasure set can not be written",
  },
  capacity: { name: "minio_capacity:bytes", unit: "bytes", meaning: "usable capacity" },
  capacityFree: { name: "minio_capacity_free:bytes", unit: "bytes", meaning: "of it free" },
  requests: { name: "minio_requests:rate5m", unit: "per second", meaning: "requests of all kinds" },
  requestErrors: {
    name: "minio_request_errors:rate5m",
    unit: "per second",
    labels: { code_class: ["4xx", "5xx"] },
    meaning: "requests answered with an error; a missing object is one (4xx)",
  },
  requestsWaiting: { name: "minio_requests_waiting:count", unit: "count", meaning: "requests that wait" },
  firstByte: {
    name: "minio_first_byte:bucket_rate5m",
    unit: "per second",
    labels: { le: MINIO_BUCKETS },
    meaning: "requests whose first byte came within le seconds",
  },
  received: {
    name: "minio_received:bytes_rate5m",
    unit: "bytes per second",
    meaning: "received from clients",
  },
  sent: { name: "minio_sent:bytes_rate5m", unit: "bytes per second", meaning: "sent to clients" },
  bucketBytes: {
    name: "minio_bucket:bytes",
    unit: "bytes",
    labels: { bucket: "buckets" },
    meaning: "size of a bucket as the scanner saw it last",
  },
  bucketObjects: {
    name: "minio_bucket:objects",
    unit: "count",
    labels: { bucket: "buckets" },
    meaning: "objects of a bucket as the scanner saw them last",
  },
});

/** MLflow by its HTTP metrics: it says nothing of models. */
export const mlflow = clusterMetrics({
  servers: { name: "mlflow_servers:count", unit: "count", meaning: "servers that answer scrapes" },
  requests: {
    name: "mlflow_requests:rate5m",
    unit: "per second",
    labels: { code_class: codeClasses },
    meaning: "requests by class of status code",
  },
  requestDuration: {
    name: "mlflow_request_duration:bucket_rate5m",
    unit: "per second",
    labels: { le: FLASK_BUCKETS },
    meaning: "requests answered within le seconds",
  },
});
