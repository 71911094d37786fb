import type { Mlflow, ModelVersion, RegisteredModel } from "../../registry/mlflow";
import { quoted } from "../../registry/mlflow";
import { aliases, ownerTag, versionTags } from "../../registry/names";

const byNumber = (a: ModelVersion, b: ModelVersion): number => Number(a.version) - Number(b.version);

/** Time of training of a version in milliseconds since 1970; versions without one are the oldest. */
function trainedMs(version: ModelVersion | undefined): number {
  const time = Date.parse(version?.tags[versionTags.trained] ?? "");
  return Number.isNaN(time) ? -Infinity : time;
}

/** The versions of one registered model, lowest number first. */
export const versionsOf = async (mlflow: Mlflow, name: string): Promise<ModelVersion[]> =>
  (await mlflow.versions(`name = ${quoted(name)}`)).sort(byNumber);

/** The versions of one registered model with this content, lowest number first. */
export const versionsWithDigest = async (
  mlflow: Mlflow,
  name: string,
  digest: string,
): Promise<ModelVersion[]> =>
  (await mlflow.versions(`name = ${quoted(name)} AND tags.${versionTags.digest} = ${quoted(digest)}`)).sort(
    byNumber,
  );

/**
 * Leaves one version per digest: the lowest number stays, aliases of the others move to it, the others go.
 * Any number of workers may do this at once: a lowest number never changes, so all agree on what stays.
 */
export async function keepLowest(
  mlflow: Mlflow,
  found: readonly ModelVersion[],
): Promise<ModelVersion | undefined> {
  const [kept, ...others] = [...found].sort(byNumber);
  if (kept === undefined || others.length === 0) return kept;
  const model = await mlflow.model(kept.name);
  for (const other of others) {
    for (const [alias, version] of Object.entries(model?.aliases ?? {}))
      if (version === other.version) await mlflow.setAlias(kept.name, alias, kept.version);
    await mlflow.deleteVersion(other.name, other.version);
  }
  return kept;
}

/** The version that `candidate` should name: the one trained last, the lowest number among equals. */
const newestTrained = (versions: readonly ModelVersion[]): ModelVersion | undefined =>
  [...versions].sort((a, b) => trainedMs(b) - trainedMs(a) || byNumber(a, b))[0];

/**
 * Moves `candidate` to the version trained last, only ever forward. The registry offers no conditional move, so what
 * stands after a move is read again: a worker that moved it back by racing another moves it forward itself.
 */
export async function advanceCandidate(mlflow: Mlflow, name: string): Promise<void> {
  for (;;) {
    const [versions, model] = await Promise.all([versionsOf(mlflow, name), mlflow.model(name)]);
    const target = newestTrained(versions);
    const current = versions.find(({ version }) => version === model?.aliases[aliases.candidate]);
    if (target === undefined || (current !== undefined && trainedMs(current) >= trainedMs(target))) return;
    await mlflow.setAlias(name, aliases.candidate, target.version);
  }
}

/** What the registry holds of one member, read in two requests; see `isSettled`. */
export interface RegistryView {
  readonly models: ReadonlyMap<string, RegisteredModel>;
  /** By registered name. */
  readonly versions: ReadonlyMap<string, readonly ModelVersion[]>;
}

/** Everything that this member owns in the registry. */
export async function registryView(mlflow: Mlflow, member: string): Promise<RegistryView> {
  const models = await mlflow.models(`tags.${ownerTag} = ${quoted(member)}`);
  const versions = await mlflow.versions(`tags.${versionTags.sourceCluster} = ${quoted(member)}`);
  return {
    models: new Map(models.map((model) => [model.name, model])),
    versions: new Map(models.map(({ name }) => [name, versions.filter((version) => version.name === name)])),
  };
}

/**
 * The version of this content when nothing is left to do for it: exactly one carries the digest, and `candidate`
 * stands at the version trained last. Otherwise undefined, and `registerVersion` brings it there.
 */
export function isSettled(view: RegistryView, name: string, digest: string): ModelVersion | undefined {
  const versions = view.versions.get(name) ?? [];
  const [only, ...others] = versions.filter(({ tags }) => tags[versionTags.digest] === digest);
  const candidate = versions.find(
    ({ version }) => version === view.models.get(name)?.aliases[aliases.candidate],
  );
  const forward = trainedMs(candidate) >= trainedMs(newestTrained(versions));
  return others.length === 0 && candidate !== undefined && forward ? only : undefined;
}
