import type { ModelState, Stage } from "../state/types";
import type { Manifest } from "../types";
import type { RegisteredVersion } from "../worker";
import type { ManifestText } from "./manifest";

/** What the state keeps of a published version. */
export type PublishedVersion = NonNullable<ModelState["published"]>;

const epoch = (iso: string): number => Date.parse(iso) / 1000;

/** What a manifest says of its version. */
export function versionOf({ snapshot, digest, totals, provenance }: Manifest): PublishedVersion {
  const uploaded = epoch(provenance.uploaded);
  const stages: Partial<Record<Stage, number>> = {
    trained: epoch(provenance.trained),
    quiescent: epoch(provenance.quiescent),
    hashed: uploaded,
    uploaded,
    verified: epoch(provenance.verified),
  };
  return { snapshot, digest, ...totals, stages };
}

/** The same of a fetched manifest. What the state says of this very text holds; any other is read. */
export function versionOfText(text: ManifestText, known: PublishedVersion | undefined): PublishedVersion {
  if (known?.manifest === text.sha256) return known;
  return { ...versionOf(text.manifest()), manifest: text.sha256 };
}

/** A version as the state is to keep it; stages reached before are kept when it is the same. */
export function publishedState(
  found: PublishedVersion,
  before: ModelState | undefined,
  identity: string | undefined,
  registered: { readonly version: RegisteredVersion; readonly at: number } | undefined,
): PublishedVersion {
  const { snapshot, digest, files, bytes, manifest, stages } = found;
  const known = before?.published?.snapshot === snapshot ? before.published : undefined;
  const version = registered?.version ?? known?.version;
  return {
    snapshot,
    digest,
    files,
    bytes,
    ...(manifest !== undefined && { manifest }),
    ...(identity !== undefined && { identity }),
    ...(version && { version }),
    stages: {
      ...stages,
      ...known?.stages,
      ...(registered && known?.stages.registered === undefined && { registered: registered.at / 1000 }),
    },
  };
}
