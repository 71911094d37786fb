import { plan } from "../../../workloads/model-sync/commands/plan";
import { parseManifest } from "../../../workloads/model-sync/publish/manifest";
import { versionsOf } from "../../../workloads/model-sync/registry/converge";
import type { Mlflow, ModelVersion } from "../../../workloads/registry/mlflow";
import type { S3Client } from "../../../workloads/s3/client";
import type { SettingsInput } from "../../../workloads/model-sync/settings";
import { stages as stagesOfVersion } from "../../../workloads/model-sync/state/types";
import type { Manifest } from "../../../workloads/model-sync/types";
import { sha256 } from "../support/registry";
import type { Site } from "../support/site";
import type { ModelFiles, Stage } from "./stages";
import { model, versionsAfter } from "./stages";

/** The servers as root sees them. */
export interface Truth {
  readonly bucket: S3Client;
  readonly registry: Mlflow;
}

/** Everything that a member has in bucket, registry and state, as far as it must be the same after every fault. */
export interface World {
  readonly versions: readonly Readonly<Record<string, unknown>>[];
  readonly aliases: Readonly<Record<string, string>>;
  /** Status of each transfer's run, by the content it is of. */
  readonly runs: readonly string[];
  /** SHA-256 of what each published version's manifest leads to, by path. */
  readonly published: readonly Readonly<Record<string, string>>[];
  /** What contradicts a manifest. */
  readonly broken: readonly string[];
  /** Objects that belong to no version. */
  readonly strays: readonly string[];
  readonly uploads: readonly string[];
  /** Claims that would keep other workers waiting for longer than a claim stands. */
  readonly claims: readonly string[];
  /** What the state says of the model. */
  readonly state: unknown;
  /** What one more run would do. */
  readonly plan: readonly string[];
}

const folder = (site: Site, kind: string): string => `${kind}/${site.member}/`;

async function keysUnder(bucket: S3Client, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.list(prefix)) keys.push(key);
  return keys;
}

interface Published {
  readonly manifests: readonly Manifest[];
  /** SHA-256 by path, of each manifest in the same order. */
  readonly contents: readonly Readonly<Record<string, string>>[];
  readonly broken: readonly string[];
}

async function readManifests({ bucket }: Truth, site: Site): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for (const key of await keysUnder(bucket, folder(site, "manifests")))
    found.push(parseManifest((await bucket.get(key))!.body, key));
  return found.sort((a, b) => (a.provenance.trained < b.provenance.trained ? -1 : 1));
}

/** Reads every manifest of the member and every byte that they lead to. */
async function readPublished(truth: Truth, site: Site): Promise<Published> {
  const manifests = await readManifests(truth, site);
  const broken: string[] = [];
  const contents: Record<string, string>[] = [];
  for (const { prefix, files } of manifests) {
    const found: Record<string, string> = {};
    for (const { path, sha256: expected, size, versionId } of files) {
      const there = await truth.bucket.get(prefix + path);
      found[path] = there ? sha256(there.body) : "nothing";
      if (found[path] !== expected || there?.body.length !== size)
        broken.push(`${prefix}${path}: not the published bytes`);
      if (there?.info.versionId !== versionId) broken.push(`${prefix}${path}: not the published object`);
    }
    contents.push(found);
  }
  return { manifests, contents, broken };
}

/** What the store's own sums of the objects say against the manifests; the bytes are read at the end. */
async function notWhole({ bucket }: Truth, manifests: readonly Manifest[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { prefix, files } of manifests)
    for (const { path, size, crc32, versionId } of files) {
      const there = await bucket.head(prefix + path);
      if (there?.size !== size || there.crc32 !== crc32 || there.versionId !== versionId)
        wrong.push(`${prefix}${path}: not what was published`);
    }
  return wrong;
}

const registeredName = (site: Site): string => `${site.member}-${model}`;

/** What is wrong with the registered versions: each must lead to a manifest with its digest. */
function unfounded(site: Site, versions: readonly ModelVersion[], manifests: readonly Manifest[]): string[] {
  return versions.flatMap(({ version, source, tags }) => {
    const of = manifests.find(({ digest }) => digest === tags.digest);
    if (of && source === `s3://models/${of.prefix.slice(0, -1)}`) return [];
    return [`version ${version} of ${registeredName(site)} leads to nothing whole: ${source}`];
  });
}

/**
 * What is half or unfounded right now, whatever was just interrupted; nothing, if all is well.
 *
 * @param done the stage that a run says it has brought to a good end
 */
export async function halfThings(truth: Truth, site: Site, done?: Stage): Promise<readonly string[]> {
  const versions = await versionsOf(truth.registry, registeredName(site));
  const manifests = await readManifests(truth, site);
  const missing =
    done === undefined || versions.length === versionsAfter[done].length
      ? []
      : [`the run says that all is well, and registered are ${versions.length} versions`];
  return [...(await notWhole(truth, manifests)), ...unfounded(site, versions, manifests), ...missing];
}

/** Claims that stand longer than a claim may: one of a worker that was killed runs out by itself. */
async function lastingClaims({ bucket }: Truth, site: Site, holdSeconds: number): Promise<string[]> {
  const lasting: string[] = [];
  for (const key of await keysUnder(bucket, folder(site, "claims"))) {
    const { expires } = JSON.parse((await bucket.get(key))!.body.toString()) as { expires: string };
    if (!(Date.parse(expires) <= Date.now() + holdSeconds * 1000)) lasting.push(key);
  }
  return lasting;
}

async function runsOf({ registry }: Truth, site: Site): Promise<string[]> {
  const runs = await registry.runs(
    await registry.experiment(site.member),
    `tags.source_cluster = '${site.member}'`,
  );
  return runs.map(({ status }) => status);
}

/** Looks at everything; `settings` are those of a run that nothing stands in the way of. */
export async function worldOf(truth: Truth, site: Site, settings: Partial<SettingsInput>): Promise<World> {
  const { bucket, registry } = truth;
  const { manifests, contents, broken } = await readPublished(truth, site);
  const versions = await versionsOf(registry, registeredName(site));
  const wanted = new Set(manifests.flatMap(({ prefix, files }) => files.map(({ path }) => prefix + path)));
  const worker = site.worker(settings);
  try {
    const { published, quarantined, observed } = (await worker.store.read()).models[model] ?? {};
    return {
      versions: versions.map(({ version, tags }) => ({
        version,
        digest: tags.digest,
        snapshot: tags.snapshot,
        files: tags.files,
        bytes: tags.bytes,
      })),
      aliases: (await registry.model(registeredName(site)))?.aliases ?? {},
      runs: await runsOf(truth, site),
      published: contents,
      broken: [...broken, ...unfounded(site, versions, manifests)],
      strays: (await keysUnder(bucket, folder(site, "models"))).filter((key) => !wanted.has(key)),
      uploads: (await bucket.uploads.list())
        .map(({ key }) => key)
        .filter((key) => key.startsWith(folder(site, "models"))),
      claims: await lastingClaims(truth, site, worker.settings.claim.holdSeconds),
      state: {
        snapshot: published?.snapshot,
        digest: published?.digest,
        files: published?.files,
        bytes: published?.bytes,
        version: published?.version,
        trusted: published?.identity !== undefined,
        stages: Object.keys(published?.stages ?? {}).sort(),
        quarantined,
        observed,
      },
      plan: (await plan(worker)).map(({ model: name, action, detail }) => `${name}: ${action}, ${detail}`),
    };
  } finally {
    worker.s3.close();
  }
}

const hashRows = (rows: readonly (readonly (string | number)[])[]): string =>
  sha256(rows.map((row) => row.map((cell) => `${cell}\0`).join("")).join(""));

/** What a version is called and holds, worked out from the files alone. */
function describe(files: ModelFiles, number: number) {
  const rows = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  const bytes = rows.reduce((sum, [, { content }]) => sum + content.length, 0);
  return {
    contents: Object.fromEntries(rows.map(([path, { content }]) => [path, sha256(content)])),
    version: String(number),
    digest: hashRows(rows.map(([path, { content }]) => [path, content.length, sha256(content)])),
    snapshot: hashRows(
      rows.map(([path, { content, mtimeMs }]) => [path, content.length, `${mtimeMs}000000`]),
    ).slice(0, 32),
    files: rows.length,
    bytes,
  };
}

/** What must stand after a stage, worked out from the files alone. */
export function expectedWorld(site: Site, stage: Stage): World {
  const all = versionsAfter[stage].map((files, at) => describe(files, at + 1));
  const last = all.at(-1)!;
  const name = registeredName(site);
  return {
    versions: all.map(({ version, digest, snapshot, files, bytes }) => ({
      version,
      digest,
      snapshot,
      files: String(files),
      bytes: String(bytes),
    })),
    aliases: { candidate: last.version },
    runs: all.map(() => "FINISHED"),
    published: all.map(({ contents }) => contents),
    broken: [],
    strays: [],
    uploads: [],
    claims: [],
    state: {
      snapshot: last.snapshot,
      digest: last.digest,
      files: last.files,
      bytes: last.bytes,
      version: { name, version: last.version },
      trusted: true,
      stages: [...stagesOfVersion].sort(),
    },
    plan: [`${model}: nothing, ${name} version ${last.version}`],
  };
}
