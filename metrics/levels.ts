/** Prefix of what each cluster records about itself: the only series that are federated. */
export const CLUSTER_LEVEL = "fed_cluster:";

/** Prefix of what a cluster records about itself in full detail, for its own rules and alerts: never federated. */
export const LOCAL_LEVEL = "fed_local:";

/** Prefix of what the hub alone records: never federated, so that no series has two writers. */
export const HUB_LEVEL = "fed_hub:";

/** Prefix of the hub's totals over all clusters: the only series whose `cluster` is {@link FEDERATION}. */
export const FEDERATION_LEVEL = `${HUB_LEVEL}federation_`;

/** Value of `cluster` on what is about all clusters together; no cluster may have this name. */
export const FEDERATION = "federation";
