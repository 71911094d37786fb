export { clusterRuleGroups } from "./cluster";
export { hubRuleGroups } from "./hub";
export type { Prices } from "./recording/hub/cost";
export type { ExpectedMember } from "./recording/hub/members";
export { renderRules } from "./render";
export { staleAfter } from "./staleAfter";
export type { AlertingRule, RecordingRule, Rule, RuleGroup } from "./types";
