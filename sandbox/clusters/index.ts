export {
  clusterStatus,
  findLeftovers,
  startClusters,
  stopClusters,
  withCluster,
  type ClusterInfo,
  type ClusterStatus,
  type Progress,
  type StartOptions,
} from "./lifecycle";
export {
  clusters,
  hosts,
  network,
  type ClusterName,
  type ClusterTopology,
  type HostTopology,
} from "./topology";
