export { clusterRuleGroups } from "./cluster";
export { hubRuleGroups } from "./hub";
export type { ExpectedMember, HubRulesArgs } from "./hub";
export { renderRules } from "./render";
export { staleAfter } from "./staleAfter";
export type { HeartbeatIntervals, StaleAfter } from "./staleAfter";
export type { AlertingRule, RecordingRule, Rule, RuleGroup } from "./types";
