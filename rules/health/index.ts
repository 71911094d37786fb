export { HELD_FOR, checksOf, healthRuleGroup, healthSeries, weights } from "./cluster";
export { ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB, componentsOf, declarationProblems } from "./declared";
export type { DeclaredCluster, DeclaredTarget, DeclaredTransfer } from "./declared";
export { COMMON_BOUNDS } from "./symptoms";
export { MARGIN, hubHealthRuleGroup } from "./hub";
export type { HubHealthArgs, JudgedCluster } from "./hub";
