import { clusterRecorded } from "./catalogue";
import { CLUSTER_LEVEL } from "./levels";

/** Label `job` of the hub's two federate jobs, the same for every member. */
export const FEDERATE_HEALTH_JOB = "federate-health";
export const FEDERATE_DETAIL_JOB = "federate-detail";

/** What says whether a member lives: few series, so that no alert storm can fill the job that fetches them. */
const health = clusterRecorded
  .filter(({ federate }) => federate === "health")
  .map(({ name }) => name.slice(CLUSTER_LEVEL.length));
const healthNames = `${CLUSTER_LEVEL}(${health.join("|")})`;

/** `match[]` of the job `federate-health`. */
export const HEALTH_MATCH = `{__name__=~"${healthNames}"}`;

/** `match[]` of the job `federate-detail`: all other series of the level, none of them fetched twice. */
export const DETAIL_MATCH = `{__name__=~"${CLUSTER_LEVEL}.+",__name__!~"${healthNames}"}`;
