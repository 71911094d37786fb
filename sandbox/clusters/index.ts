export {
  clusterStatus,
  findLeftovers,
  startClusters,
  stopClusters,
  withCluster,
  type ClusterInfo,
  type StartOptions,
} from "./lifecycle";
