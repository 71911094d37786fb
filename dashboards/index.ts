import { addresses } from "./addresses";
import { clusterOverview } from "./clusterOverview";
import { federationHealth } from "./federationHealth";
import { inferencePerformance } from "./inferencePerformance";
import { build } from "./kit/dashboard";
import type { BuiltDashboard } from "./kit/dashboard";
import type { Site } from "./kit/site";
import { modelPipeline } from "./modelPipeline";
import { resourceUtilization } from "./resourceUtilization";
import { workloadStatus } from "./workloadStatus";

export type { Dashboard } from "./kit/classic";
export type { BuiltDashboard } from "./kit/dashboard";
export type { Site } from "./kit/site";
export { DATA_SOURCE_UID } from "./kit/variables";

const definitions = [
  clusterOverview,
  resourceUtilization,
  workloadStatus,
  modelPipeline,
  inferencePerformance,
  federationHealth,
];

/** Every dashboard of a federation. */
export function buildDashboards(site: Site): readonly BuiltDashboard[] {
  const others = Object.values(addresses);
  return definitions.map((define) => build(define(site), others));
}
