import { exporterMetrics } from "./define";

const server = ["node_id", "hostname"] as const;
const target = ["node_id", "target_id"] as const;

/** beegfs-mon-prom, which reads BeeGFS by its command line tool; a service that does not respond shows only that. */
export const beegfs = exporterMetrics(
  { exporter: "beegfs-mon-prom", versions: ">=0.1", target: ["host"] },
  {
    metaResponding: {
      name: "beegfs_meta_responding",
      unit: "boolean",
      labels: server,
      meaning: "1 while a metadata service responds",
    },
    metaDirectQueue: {
      name: "beegfs_meta_direct_work_queue_size",
      unit: "count",
      labels: server,
      meaning: "requests of a metadata service that wait for one of its own workers",
    },
    metaIndirectQueue: {
      name: "beegfs_meta_indirect_work_queue_size",
      unit: "count",
      labels: server,
      meaning: "requests of a metadata service that wait",
    },
    storageResponding: {
      name: "beegfs_storage_responding",
      unit: "boolean",
      labels: server,
      meaning: "1 while a storage service responds",
    },
    storageDirectQueue: {
      name: "beegfs_storage_direct_work_queue_size",
      unit: "count",
      labels: server,
      meaning: "requests of a storage service that wait for one of its own workers",
    },
    storageIndirectQueue: {
      name: "beegfs_storage_indirect_work_queue_size",
      unit: "count",
      labels: server,
      meaning: "requests of a storage service that wait",
    },
    storageSpace: {
      name: "beegfs_storage_disk_space_total_bytes",
      unit: "bytes",
      labels: server,
      meaning: "size of a storage service's targets",
    },
    storageSpaceFree: {
      name: "beegfs_storage_disk_space_free_bytes",
      unit: "bytes",
      labels: server,
      meaning: "free space on them",
    },
    storageRead: {
      name: "beegfs_storage_disk_read_bytes_total",
      type: "counter",
      unit: "bytes",
      labels: server,
      meaning: "read by a storage service",
    },
    storageWritten: {
      name: "beegfs_storage_disk_write_bytes_total",
      type: "counter",
      unit: "bytes",
      labels: server,
      meaning: "written by a storage service",
    },
    targetSpace: {
      name: "beegfs_target_disk_space_total_bytes",
      unit: "bytes",
      labels: target,
      meaning: "size of a storage target",
    },
    targetSpaceFree: {
      name: "beegfs_target_disk_space_free_bytes",
      unit: "bytes",
      labels: target,
      meaning: "free space on it",
    },
    targetConsistency: {
      name: "beegfs_target_consistency_state",
      unit: "count",
      labels: target,
      meaning: "0 good, 1 needs resync, 2 bad",
    },
    clientMetaOperations: {
      name: "beegfs_client_meta_ops_total",
      type: "counter",
      unit: "count",
      labels: ["client", "operation"],
      meaning: "metadata operations of a client; operation sum is all of them",
    },
    clientStorageOperations: {
      name: "beegfs_client_storage_ops_total",
      type: "counter",
      unit: "count",
      labels: ["client", "operation"],
      meaning: "storage operations of a client; operation sum is all of them",
    },
  },
);
