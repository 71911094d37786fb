export { checksOf, healthRuleGroup, healthSeries, weights } from "./cluster";
export { ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB, componentsOf } from "./declared";
export type { DeclaredCluster, DeclaredTarget, DeclaredTransfer, SlurmSource } from "./declared";
export { COMMON_BOUNDS } from "./symptoms";
export { hubHealthRuleGroup } from "./hub";
export type { HubHealthArgs } from "./hub";
