import type { Site } from "../../../dashboards";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import { HUB, MEMBER } from "./syntheticSite";

/** A hub with one member, whose GPUs have a price, and benchmarks. */
export const site: Site = {
  hub: HUB,
  members: [MEMBER],
  thresholds: DEFAULT_THRESHOLDS,
  priced: true,
  benchmarks: {},
};

/** Other sites that dashboards are built for. */
export const otherSites: readonly (readonly [what: string, site: Site])[] = [
  [
    "without prices and benchmarks",
    { hub: HUB, members: [MEMBER], thresholds: DEFAULT_THRESHOLDS, priced: false },
  ],
  ["without members", { ...site, members: [] }],
  ["with three members", { ...site, members: ["hpc", "hpc-2", "edge"] }],
];
