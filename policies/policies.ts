import type { ResourceValidationPolicy } from "@pulumi/policy";
import { disallowPlainSecrets } from "./rules/disallowPlainSecrets";
import { requireClusterLabel } from "./rules/requireClusterLabel";
import { requirePinnedImages } from "./rules/requirePinnedImages";
import { requirePodSecurity } from "./rules/requirePodSecurity";
import { requireRequestsAndLimits } from "./rules/requireRequestsAndLimits";

/** Every policy of the pack; kept apart from `index.ts`, since a pack serves as soon as it is made. */
export const policies: ResourceValidationPolicy[] = [
  disallowPlainSecrets,
  requireClusterLabel,
  requirePinnedImages,
  requirePodSecurity,
  requireRequestsAndLimits,
];
