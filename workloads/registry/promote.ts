import { SyncError } from "../errors";
import type { Mlflow, ModelVersion, RegisteredModel } from "./mlflow";
import { aliases, versionTags } from "./names";

/** What a move of `champion` came to. */
export interface Move {
  readonly name: string;
  readonly from: string | undefined;
  readonly to: string;
  /** False when `champion` stood there already. */
  readonly moved: boolean;
}

export interface PromoteDeps {
  readonly mlflow: Mlflow;
  /** Whether the version's manifest is in the bucket: without it there is nothing to serve. */
  readonly isPublished: (version: ModelVersion) => Promise<boolean>;
  readonly now?: () => number;
}

async function modelOf(mlflow: Mlflow, name: string): Promise<RegisteredModel> {
  const model = await mlflow.model(name);
  if (model !== undefined) return model;
  throw new SyncError("not-found", `no registered model ${name}`, false);
}

async function servable(deps: PromoteDeps, name: string, version: string): Promise<ModelVersion> {
  const found = await deps.mlflow.version(name, version);
  if (found === undefined) throw new SyncError("not-found", `no version ${version} of ${name}`, false);
  if (found.tags[versionTags.retiring] !== undefined)
    throw new SyncError("refused", `version ${version} of ${name} is being removed by retention`, false);
  if (!(await deps.isPublished(found)))
    throw new SyncError("not-found", `version ${version} of ${name} has no manifest in the bucket`, false);
  return found;
}

/** Retention marks a version before it removes it and then looks at the aliases once more; we set and then look at the mark. */
async function setChampion(deps: PromoteDeps, name: string, version: string): Promise<void> {
  await deps.mlflow.setAlias(name, aliases.champion, version);
  await servable(deps, name, version);
}

/**
 * Makes a version the champion and remembers the one before. Without a version given, the candidate is promoted,
 * unless it was rolled back from. Safe to repeat.
 *
 * @throws SyncError `not-found`, `refused`, or the registry's reasons
 */
export async function promote(deps: PromoteDeps, name: string, wanted?: string): Promise<Move> {
  const { mlflow } = deps;
  const model = await modelOf(mlflow, name);
  const to = wanted ?? model.aliases[aliases.candidate];
  if (to === undefined) throw new SyncError("not-found", `${name} has no candidate`, false);
  const version = await servable(deps, name, to);
  const since = version.tags[versionTags.rolledBack];
  if (wanted === undefined && since !== undefined)
    throw new SyncError(
      "refused",
      `candidate ${to} of ${name} was rolled back ${since}: name it to promote it`,
      false,
    );
  const from = model.aliases[aliases.champion];
  if (from === to) return { name, from, to, moved: false };
  if (from !== undefined) await mlflow.setAlias(name, aliases.championPrevious, from);
  await setChampion(deps, name, to);
  if (since !== undefined) await mlflow.deleteVersionTag(name, to, versionTags.rolledBack);
  return { name, from, to, moved: true };
}

/**
 * Gives `champion` back to `champion-previous` and marks the version left. Running it again changes nothing: a
 * repeated Job must not bring the bad version back.
 *
 * @throws SyncError `not-found` when there is no previous champion or it cannot be served; or the registry's reasons
 */
export async function rollback(deps: PromoteDeps, name: string): Promise<Move> {
  const { mlflow, now = Date.now } = deps;
  const model = await modelOf(mlflow, name);
  const to = model.aliases[aliases.championPrevious];
  if (to === undefined) throw new SyncError("not-found", `${name} has no ${aliases.championPrevious}`, false);
  const from = model.aliases[aliases.champion];
  if (from === to) return { name, from, to, moved: false };
  await servable(deps, name, to);
  if (from !== undefined)
    await mlflow.setVersionTag(name, from, versionTags.rolledBack, new Date(now()).toISOString());
  await setChampion(deps, name, to);
  return { name, from, to, moved: true };
}
