/** Every key of the bucket that the worker reads or writes. All lie under the member's own name (least privilege). */

/** Most bytes of an object's key in S3. */
export const keyLimit = 1024;

/** Prefix of one version's files; it loads as it is. */
export function snapshotPrefix(member: string, model: string, snapshot: string): string {
  return `models/${member}/${model}/${snapshot}/`;
}

/** Every file of every model of one member lies under it. */
export function memberPrefix(member: string): string {
  return `models/${member}/`;
}

export function manifestKey(member: string, model: string, snapshot: string): string {
  return `${manifestsPrefix(member)}${model}/${snapshot}.json`;
}

export function manifestsPrefix(member: string): string {
  return `manifests/${member}/`;
}

export function stateKey(member: string): string {
  return `state/${member}/state.json`;
}

/** Hashes of one model's files as of its last published version. */
export function fileCacheKey(member: string, model: string): string {
  return `state/${member}/files/${model}.json`;
}

export function claimKey(member: string, model: string, digest: string): string {
  return `claims/${member}/${model}/${digest}.json`;
}

/** Takes a key under `models/<member>/` apart; undefined for any other key. */
export function parseFileKey(
  member: string,
  key: string,
): { readonly model: string; readonly snapshot: string; readonly path: string } | undefined {
  const prefix = memberPrefix(member);
  if (!key.startsWith(prefix)) return undefined;
  const [model, snapshot, ...path] = key.slice(prefix.length).split("/");
  if (model === undefined || snapshot === undefined || path.length === 0) return undefined;
  return { model, snapshot, path: path.join("/") };
}
