import { claimKey } from "../publish/keys";
import type { RetryDeps } from "../../retry";
import { retrying } from "../../retry";
import type { Manifest } from "../types";
import { SyncError } from "../types";
import type { ClaimDeps } from "./claims";
import { acquire } from "./claims";
import { advanceCandidate, keepLowest, versionsWithDigest } from "./converge";
import type { Mlflow, ModelVersion, Tags } from "../../registry/mlflow";
import { ownerTag, registeredName, sourceUri, versionTags } from "../../registry/names";
import type { TransferFigures } from "./run";
import { ensureRun } from "./run";

export interface RegisterDeps {
  readonly mlflow: Mlflow;
  readonly claims: ClaimDeps;
  /** How often a creation is tried; each try first looks whether an earlier one succeeded. */
  readonly retry: RetryDeps;
  readonly bucketName: string;
  /** Template of registered names, with `{member}` and `{model}`. */
  readonly registeredName: string;
  /** Names of registered models without an owner that this member may take over. */
  readonly adopt?: readonly string[];
  /** Experiment that holds the transfers' runs. */
  readonly experiment: string;
  readonly now?: () => number;
}

/** Tags of a manifest's version; all but `registered` follow from the manifest. */
function tagsOf(manifest: Manifest, registered: string): Tags {
  const { source, slurmJob, trained, quiescent, uploaded, verified } = manifest.provenance;
  return {
    [versionTags.digest]: manifest.digest,
    [versionTags.snapshot]: manifest.snapshot,
    [versionTags.bytes]: String(manifest.totals.bytes),
    [versionTags.files]: String(manifest.totals.files),
    [versionTags.sourceCluster]: manifest.member,
    [versionTags.path]: source,
    ...(slurmJob === undefined ? {} : { [versionTags.slurmJob]: slurmJob }),
    [versionTags.trained]: trained,
    [versionTags.quiescent]: quiescent,
    [versionTags.uploaded]: uploaded,
    [versionTags.verified]: verified,
    [versionTags.registered]: registered,
  };
}

/** Makes sure that the registered model exists and belongs to this member. */
async function ensureOwned(deps: RegisterDeps, name: string, manifest: Manifest): Promise<void> {
  const { mlflow, adopt = [] } = deps;
  const { member, model } = manifest;
  let there = await mlflow.model(name);
  if (there === undefined) {
    await mlflow.createModel(name, { [ownerTag]: member }, `Model ${model} of cluster ${member}`);
    there = await mlflow.model(name);
  }
  if (there?.tags[ownerTag] === undefined && adopt.includes(name)) {
    await mlflow.setModelTag(name, ownerTag, member);
    there = await mlflow.model(name);
  }
  const owner = there?.tags[ownerTag];
  if (owner === member) return;
  const whose = owner === undefined ? "has no owner and is not listed for adoption" : `belongs to ${owner}`;
  throw new SyncError(
    "name-taken",
    `registered model ${name} ${whose}: not touched for ${member}/${model}`,
    false,
  );
}

/** Creates the version, or finds what an earlier try, another worker or a late request created. */
const ensureVersion = async (
  deps: RegisterDeps,
  name: string,
  manifest: Manifest,
  runId: string,
): Promise<ModelVersion> =>
  retrying(async () => {
    const { mlflow, now = Date.now } = deps;
    const search = (): Promise<ModelVersion[]> => versionsWithDigest(mlflow, name, manifest.digest);
    const found = await search();
    if (found.length === 0) {
      const tags = tagsOf(manifest, new Date(now()).toISOString());
      const description = `${manifest.totals.files} files, ${manifest.totals.bytes} bytes from ${manifest.member}`;
      await mlflow.createVersion(name, sourceUri(deps.bucketName, manifest.prefix), tags, runId, description);
      found.push(...(await search()));
    }
    const kept = await keepLowest(mlflow, found);
    if (kept !== undefined) return kept;
    throw new SyncError("registry-unavailable", `version of ${name} vanished after its creation`, true);
  }, deps.retry);

/**
 * Registers a published, verified manifest: afterwards exactly one version carries its digest, and `candidate` names
 * the version trained last. Safe to repeat, to interrupt anywhere and to run from several workers at once: content is
 * looked up by digest before and after each creation, and of several the lowest number stays. A creation that the
 * server carries out only after we gave up on it is found and removed by the next call (`isSettled` asks for one).
 *
 * @param figures costs of the transfer, when this worker made it
 * @throws SyncError `name-taken`, `refused`, `denied` for good; `registry-unavailable`, `claimed-elsewhere` and the
 * bucket's own transient reasons when a later run can succeed
 */
export async function registerVersion(
  deps: RegisterDeps,
  manifest: Manifest,
  figures?: TransferFigures,
): Promise<{ name: string; version: string }> {
  const name = registeredName(deps.registeredName, manifest.member, manifest.model);
  await ensureOwned(deps, name, manifest);
  const claim = await acquire(deps.claims, claimKey(manifest.member, manifest.model, manifest.digest));
  try {
    const runId = await ensureRun(deps, name, manifest, figures);
    const { version } = await ensureVersion(deps, name, manifest, runId);
    await advanceCandidate(deps.mlflow, name);
    return { name, version };
  } finally {
    await claim.release();
  }
}
