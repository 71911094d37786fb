import { HEALTH_STATES } from "../../metrics/catalogue/recorded/health";
import type { State, States } from "./limits";

/** States that several dashboards show. */
export const UP: States = { 0: { text: "failed", colour: "critical" }, 1: { text: "up", colour: "good" } };
/** A member that is stale is not known to be ill: nothing is known of it. */
export const STALE: States = { 0: { text: "fresh", colour: "good" }, 1: { text: "blind", colour: "blind" } };
export const SKEWED: States = {
  0: { text: "agrees", colour: "good" },
  1: { text: "ahead", colour: "warning" },
};
export const SUCCESS: States = {
  0: { text: "failed", colour: "critical" },
  1: { text: "yes", colour: "good" },
};
export const WATCHDOG: States = {
  0: { text: "silent", colour: "critical" },
  1: { text: "fires", colour: "good" },
};
/** Blind is no kind of healthy, and no kind of ill: nothing fresh is known. */
export const HEALTH: States = {
  [HEALTH_STATES.healthy]: { text: "healthy", colour: "good" },
  [HEALTH_STATES.degraded]: { text: "degraded", colour: "warning" },
  [HEALTH_STATES.critical]: { text: "critical", colour: "critical" },
  [HEALTH_STATES.blind]: { text: "blind", colour: "blind" },
};
/** Severities of alerts. */
export const SEVERITIES: Readonly<Record<string, State>> = {
  critical: { text: "critical", colour: "critical" },
  warning: { text: "warning", colour: "warning" },
  info: { text: "info", colour: "neutral" },
};
