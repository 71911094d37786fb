import type { LocalModel } from "../files/model";
import { isStuck } from "../files/quiescence";
import type { Observation } from "../files/quiescence";
import type { ModelState } from "../state/types";
import type { Manifest, SyncError } from "../types";
import type { RegisteredVersion, Worker } from "../worker";
import type { Decision } from "./consider";
import type { ModelResult, StateChange } from "./outcome";
import { asSyncError, observedState, outcomeOf } from "./outcome";
import { publishModel } from "./publishModel";
import { recheck } from "./recheck";
import type { PublishedVersion } from "./version";
import { publishedState, versionOf } from "./version";

const size = (local: LocalModel): { readonly bytes: number; readonly files: number } => ({
  bytes: local.bytes,
  files: local.scan.files.length,
});

/** A model that did not come through. Its published version and its sums stay as they are. */
function failedResult(
  worker: Worker,
  name: string,
  error: SyncError,
  local: LocalModel | undefined,
  seen: Observation | undefined,
): ModelResult {
  const { now, settings } = worker;
  const outcome = outcomeOf(error, seen, now(), settings.quiescence.maxWaitSeconds * 1000);
  const quarantined = outcome === "quarantined" && local !== undefined;
  const at = new Date(now()).toISOString();
  return {
    model: name,
    outcome,
    reason: error.reason,
    detail: error.message,
    ...(local ? size(local) : { bytes: 0, files: 0 }),
    change: {
      ...(seen && { observed: observedState(seen) }),
      ...(quarantined && {
        quarantined: {
          snapshot: local.snapshot,
          reason: error.reason,
          detail: error.message.slice(0, 500),
          at,
        },
      }),
      ...(error.reason === "checksum-mismatch" && { counters: { checksumMismatches: 1 } }),
    },
  };
}

/** Step 6 for a published version, and the model's result. A registry that cannot take it now leaves it published. */
async function registerAndReport(
  worker: Worker,
  local: LocalModel,
  before: ModelState | undefined,
  published: { readonly found: PublishedVersion; readonly manifest: () => Manifest },
  done: Pick<StateChange, "counters"> & {
    readonly identity: string | undefined;
    readonly isNew: boolean;
    readonly retries: number;
  },
): Promise<ModelResult> {
  const { registrar, events } = worker;
  const { found, manifest } = published;
  const base = { model: local.name, ...size(local) };
  const change = (registered?: { version: RegisteredVersion; at: number }): StateChange => ({
    published: publishedState(found, before, done.identity, registered),
    observed: null,
    quarantined: null,
    ...(done.counters && { counters: done.counters }),
  });
  if (!registrar) return { ...base, outcome: done.isNew ? "published" : "unchanged", change: change() };
  try {
    const there = done.isNew
      ? undefined
      : await registrar.settled({ model: local.name, digest: found.digest });
    if (there)
      return {
        ...base,
        outcome: "unchanged",
        version: there,
        change: change({ version: there, at: worker.now() }),
      };
    events.step("register", local.name);
    const figures = done.counters && {
      sentBytes: done.counters.bytesSent ?? 0,
      sentFiles: done.counters.filesSent ?? 0,
      copiedFiles: done.counters.filesCopied ?? 0,
      retries: done.retries,
    };
    const version = await registrar.register(manifest(), figures);
    return { ...base, outcome: "registered", version, change: change({ version, at: worker.now() }) };
  } catch (error) {
    const { reason, message } = asSyncError(error);
    const outcome = reason === "name-taken" ? "rejected" : "published";
    return { ...base, outcome, reason, detail: message, change: change() };
  }
}

const retriesSoFar = (worker: Worker): number =>
  [...worker.retries.values()].reduce((sum, count) => sum + count, 0);

function unsettledResult(worker: Worker, local: LocalModel, seen: Observation): ModelResult {
  const stuck = isStuck(seen, worker.now(), worker.settings.quiescence.maxWaitSeconds * 1000);
  const detail = `changing since ${new Date(seen.changing).toISOString()}`;
  const change: StateChange = { observed: observedState(seen) };
  return {
    model: local.name,
    outcome: stuck ? "stuck" : "waiting",
    reason: "not-quiescent",
    detail,
    ...size(local),
    change,
  };
}

/** Takes one model as far as it goes; never throws. */
export async function syncModel(
  worker: Worker,
  decision: Decision,
  before: ModelState | undefined,
): Promise<ModelResult> {
  if (decision.kind === "broken")
    return failedResult(worker, decision.name, decision.error, undefined, decision.seen);
  const { local } = decision;
  const seen = "seen" in decision ? decision.seen : undefined;
  const retries = retriesSoFar(worker);
  try {
    if (decision.kind === "quarantined") {
      const { reason, detail } = decision.why;
      return { model: local.name, outcome: "quarantined", reason, detail, ...size(local), change: {} };
    }
    if (decision.kind === "unchanged" || decision.kind === "recheck") {
      const { text, found } = decision;
      if (decision.kind === "recheck") await recheck(worker, local, text.manifest(), decision.seen);
      const done = { identity: local.identity, isNew: false, retries: 0 };
      const published = { found, manifest: () => text.manifest() };
      return await registerAndReport(worker, local, before, published, done);
    }
    if (!decision.settled) return unsettledResult(worker, local, decision.seen);
    const { manifest, counters, trusted } = await publishModel(worker, local, decision.seen);
    const published = { found: versionOf(manifest), manifest: () => manifest };
    return await registerAndReport(worker, local, before, published, {
      counters,
      identity: trusted ? local.identity : undefined,
      isNew: true,
      retries: retriesSoFar(worker) - retries,
    });
  } catch (error) {
    return failedResult(worker, local.name, asSyncError(error), local, seen);
  }
}
