import { SyncError } from "../errors";

/** Aliases that the worker moves; everything else in a registered model belongs to its users. */
export const aliases = {
  candidate: "candidate",
  champion: "champion",
  championPrevious: "champion-previous",
} as const;

/** Tag of a registered model: the member whose models are its versions. */
export const ownerTag = "owner";

/** Tags of a version. Times are ISO 8601, sizes bytes. */
export const versionTags = {
  digest: "digest",
  snapshot: "snapshot",
  bytes: "bytes",
  files: "files",
  sourceCluster: "source_cluster",
  path: "path",
  slurmJob: "slurm_job",
  trained: "trained",
  quiescent: "quiescent",
  uploaded: "uploaded",
  verified: "verified",
  registered: "registered",
  /** Set when an operator rolled back from this version: it is not promoted again by itself. */
  rolledBack: "rolled_back",
  /** Set by retention just before it removes the version: it cannot be promoted any more. */
  retiring: "retiring",
} as const;

/**
 * The registered model's name for one member's model; `template` holds `{member}` and `{model}`.
 *
 * @throws SyncError `refused` for a name that MLflow or the URI of its source cannot carry.
 */
export function registeredName(template: string, member: string, model: string): string {
  const name = template.replace(/\{(member|model)\}/g, (_, key: string) =>
    key === "member" ? member : model,
  );
  const bad = /[/:\\?#]|\p{Cc}/u.test(name) || (name.includes("'") && name.includes('"'));
  if (bad || name.trim() === "" || name === "." || name === "..")
    throw new SyncError("refused", `MLflow cannot hold a model named ${JSON.stringify(name)}`, false);
  return name;
}

/** Where a version's files lie, as KServe and MLflow read it; no trailing slash. */
export const sourceUri = (bucket: string, prefix: string): string =>
  `s3://${bucket}/${prefix.replace(/\/$/, "")}`;
