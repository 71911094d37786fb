import { durationSeconds } from "../../components/monitoring/durations";
import { staleAfter } from "../../rules/staleAfter";
import { matcher } from "../../workloads/model-sync/files/patterns";
import { registeredName } from "../../workloads/registry/names";
import { canaryFiles, CANARY_PREFIX } from "./canary/model";
import { judgeCanary, sendCanary, withoutCanary } from "./canary/send";
import type { Traces } from "./canary/remove";
import { DEPLOYED, EXISTING, gatherFederation, judgeFederation } from "./lines/federation";
import { gatherLandingZone, judgeLandingZone } from "./lines/landingZone";
import { gatherSource, judgeSource, modelSyncCronJob, rootOf } from "./lines/source";
import type { SourceEvidence } from "./lines/source";
import type { ValidateOptions } from "./options";
import { uniqueName } from "./pods";
import type { CronJob } from "./pods";
import type { Line } from "./run";
import { known } from "./siteLines";
import type { HubSite, MemberEntry, MemberSite } from "./sites";
import { adminBucket, hubRegistry, writerBucket } from "./stores";
import { CheckError, notApplicable } from "./verdict";
import type { Verdict } from "./verdict";

const LIMIT = 60;
const NO_TRANSFER = "federation:member.modelSync is not set: this member brings no models";

export const sourceLine = (entry: MemberEntry): Line => ({
  key: `source/${entry.cluster}`,
  title: `Models' file system of ${entry.cluster} is readable`,
  needs: [`cluster/${entry.cluster}`],
  limitSeconds: LIMIT,
  action: "`kubectl get events` of the transfer's namespace",
  check: async ({ signal }) => {
    const site = known(entry);
    const sync = site.settings.member.modelSync;
    if (sync === undefined) return notApplicable(NO_TRANSFER);
    return judgeSource(await gatherSource(site, sync, signal), sync);
  },
});

export const landingZoneLine = (hub: HubSite, entry: MemberEntry): Line => ({
  key: `landing-zone/${entry.cluster}`,
  title: `Landing zone of ${entry.cluster}`,
  needs: ["store", `cluster/${entry.cluster}`],
  limitSeconds: LIMIT,
  action: "`pulumi up` of the hub's stack puts buckets, users and policies right",
  check: async () => {
    const { grant, settings, cluster, ...site } = known(entry);
    const [models, benchmarks] = [adminBucket(hub), adminBucket(hub, "benchmarks")];
    if (models === undefined || benchmarks === undefined || settings.member.modelSync === undefined)
      return notApplicable(NO_TRANSFER);
    if (grant === undefined)
      throw new CheckError(
        `stack ${hub.stack} grants ${cluster} no transfer`,
        "`npm run init` and `pulumi up` of the hub's stack",
      );
    const writer = writerBucket({ ...site, settings, cluster, grant }, grant);
    return judgeLandingZone(await gatherLandingZone({ models, benchmarks, writer }, grant, cluster));
  },
});

const modeOf = (existing: object | undefined): string => (existing === undefined ? "deploy" : "existing");

/** Whose a member's Prometheus is stands on both sides; throws where they differ, since the hub then asks it wrongly. */
function sameMode(
  hubStack: string,
  cluster: string,
  listed: object | undefined,
  own: object | undefined,
): void {
  if (modeOf(listed) === modeOf(own)) return;
  throw new CheckError(
    `Prometheus of ${cluster} has mode ${modeOf(listed)} in federation:hub.members of ${hubStack}, and mode ${modeOf(own)} in its own stack`,
    'say the same on both sides (docs/operations.md, "A Prometheus that the site has already")',
  );
}

export const federationLine = (hub: HubSite, entry: MemberEntry): Line => ({
  key: `federation/${entry.cluster}`,
  title: `The hub's Prometheus reaches ${entry.cluster}, with its own labels`,
  needs: [`prometheus/${hub.cluster}`, `prometheus/${entry.cluster}`],
  limitSeconds: LIMIT,
  action: "docs/runbook.md, MemberUnreachable",
  check: async () => {
    const { cluster, settings, prometheus, existing } = known(entry);
    const { members, prometheus: own } = hub.settings.hub;
    const listed = members.find((one) => one.cluster === cluster);
    sameMode(hub.stack, cluster, listed?.existing, existing);
    const health = listed?.intervals.health ?? "15s";
    const { ageSeconds } = staleAfter({
      health: durationSeconds(health),
      memberEvaluation: durationSeconds(settings.member.prometheus.evaluationInterval),
      hubEvaluation: durationSeconds(own.evaluationInterval),
    });
    return judgeFederation(
      await gatherFederation(hub.prometheus(), prometheus(), cluster, ageSeconds),
      existing === undefined ? DEPLOYED : EXISTING,
    );
  },
});

type Sync = NonNullable<MemberSite["settings"]["member"]["modelSync"]>;

function tracesOf(
  hub: HubSite,
  { cluster, kube, settings }: MemberSite,
  sync: Sync,
  { spec }: CronJob,
  owner: SourceEvidence["owner"],
): Traces {
  const [bucket, registry] = [adminBucket(hub), hubRegistry(hub)];
  if (bucket === undefined || registry === undefined || owner === undefined)
    throw new CheckError("nothing is known of the bucket, the registry or the folder", "ask again");
  return {
    member: cluster,
    volume: {
      kube,
      namespace: settings.member.transferNamespace,
      template: spec.jobTemplate.spec.template.spec,
      root: rootOf(sync),
      owner,
    },
    bucket,
    registry,
    registeredName: (model) => registeredName(sync.registeredName, cluster, model),
  };
}

async function canary(hub: HubSite, site: MemberSite, sync: Sync, signal: AbortSignal): Promise<Verdict> {
  const name = uniqueName(CANARY_PREFIX.slice(0, -1));
  const cronJob = await modelSyncCronJob(site.kube, site.settings.member.transferNamespace, signal);
  const files = canaryFiles(name, sync.allowedFormats, sync.quiescence.marker);
  const { include, exclude } = sync.source;
  const reason = withoutCanary(cronJob, name, files, matcher(include, exclude));
  if (reason !== undefined || files === undefined) return reason ?? notApplicable("no canary can be made");
  const { owner } = await gatherSource(site, sync, signal);
  const traces = tracesOf(hub, site, sync, cronJob, owner);
  return judgeCanary(await sendCanary({ traces, cronJob, hub: hub.prometheus(), name, files }, signal));
}

/** Sent only where every part of its way is whole: else it would only tell once more what is red already. */
export function canaryLine(hub: HubSite, entry: MemberEntry, options: ValidateOptions): Line {
  const { cluster } = entry;
  const settle = "site" in entry ? (entry.site.settings.member.modelSync?.quiescence.settleSeconds ?? 0) : 0;
  return {
    key: `canary/${cluster}`,
    title: `A canary travels from ${cluster} to the hub`,
    needs: [
      `source/${cluster}`,
      `landing-zone/${cluster}`,
      "registry",
      `federation/${cluster}`,
      `rules/${cluster}`,
      `targets/${cluster}`,
    ],
    limitSeconds: settle + options.canarySeconds,
    cleansUp: true,
    action: 'docs/operations.md, "Validate a site"',
    check: async ({ signal }) => {
      if (!options.canary) return notApplicable("left out by --no-canary");
      const site = known(entry);
      const sync = site.settings.member.modelSync;
      return sync === undefined ? notApplicable(NO_TRANSFER) : canary(hub, site, sync, signal);
    },
  };
}
