import type { LocalModel } from "../files/model";
import { lookAt } from "../files/model";
import type { Observation } from "../files/quiescence";
import { observe, unsettledFor } from "../files/quiescence";
import type { ModelState } from "../state/types";
import type { SyncError } from "../types";
import type { Worker } from "../worker";
import type { ManifestText } from "./manifest";
import { fetchManifestText } from "./manifest";
import { asSyncError, observationOf } from "./outcome";
import type { PublishedVersion } from "./version";
import { versionOfText } from "./version";

/** What a look at one model, the state and the bucket says is to be done. */
export type Decision =
  /** Published, and not one file was written since it was read. */
  | {
      readonly kind: "unchanged";
      readonly local: LocalModel;
      readonly text: ManifestText;
      readonly found: PublishedVersion;
    }
  /** Published, but nothing proves that the bytes are still those: they are read and compared. */
  | {
      readonly kind: "recheck";
      readonly local: LocalModel;
      readonly text: ManifestText;
      readonly found: PublishedVersion;
      readonly seen: Observation;
    }
  /** These very files were refused before. */
  | {
      readonly kind: "quarantined";
      readonly local: LocalModel;
      readonly why: NonNullable<ModelState["quarantined"]>;
    }
  /** New or changed; `settled` when this look and an earlier one, a settle window apart, saw the same. */
  | {
      readonly kind: "changed";
      readonly local: LocalModel;
      readonly seen: Observation;
      readonly settled: boolean;
    }
  /** Cannot be looked at. */
  | { readonly kind: "broken"; readonly name: string; readonly error: SyncError; readonly seen: Observation };

export interface ConsiderOptions {
  /** Forget what was quarantined. */
  readonly retryQuarantined?: boolean;
}

/** Looks at one model; never throws. */
export async function consider(
  worker: Worker,
  name: string,
  before: ModelState | undefined,
  options: ConsiderOptions,
): Promise<Decision> {
  const earlier = observationOf(before?.observed);
  const known = before?.published;
  const why = before?.quarantined;
  const textOf = (snapshot: string): Promise<ManifestText | undefined> =>
    fetchManifestText(worker.s3, worker.settings.member, name, snapshot);
  try {
    // Most likely nothing changed: what will be asked for then comes while the files are looked at.
    const likely = known && !why ? textOf(known.snapshot) : undefined;
    likely?.catch(() => undefined);
    const local = await lookAt(worker.settings, name);
    const looked = worker.now();
    const seen = observe(earlier, local.identity, looked);
    if (why?.snapshot === local.snapshot && options.retryQuarantined !== true)
      return { kind: "quarantined", local, why };
    const text = await (known?.snapshot === local.snapshot && likely ? likely : textOf(local.snapshot));
    const settled = unsettledFor(seen, looked, worker.settings.quiescence.settleSeconds * 1000) <= 0;
    if (!text) return { kind: "changed", local, seen, settled };
    const found = versionOfText(text, known);
    const proven =
      known?.snapshot === local.snapshot && known.identity === local.identity && why === undefined;
    return proven ? { kind: "unchanged", local, text, found } : { kind: "recheck", local, text, found, seen };
  } catch (error) {
    const reason = asSyncError(error);
    return {
      kind: "broken",
      name,
      error: reason,
      seen: observe(earlier, `error:${reason.reason}`, worker.now()),
    };
  }
}
