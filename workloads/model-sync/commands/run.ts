import { listModels } from "../files/scan";
import { matcher } from "../files/patterns";
import { unsettledFor } from "../files/quiescence";
import { checkRoot } from "../files/rootGuard";
import type { ConsiderOptions } from "../publish/consider";
import { consider } from "../publish/consider";
import type { ModelResult } from "../publish/outcome";
import { applyResult, asSyncError, isGood, observationOf } from "../publish/outcome";
import { abortOrphans, unfinishedUploads } from "../publish/orphans";
import { syncModel } from "../publish/syncModel";
import type { ModelState, RunSummary, SyncState } from "../state/types";
import { forEachLimit } from "../transfer/pools";
import type { Outcome, Reason } from "../types";
import type { Worker } from "../worker";

export interface RunReport {
  readonly results: readonly ModelResult[];
  readonly summary: RunSummary;
  /** Uploads of earlier runs that nobody would have finished. */
  readonly abortedUploads: number;
}

/** Milliseconds between two writes of the state while a run goes on. */
const flushMs = 10_000;

/** Step 1: the models under the root, after proof that the root is there. */
export function findModels(worker: Worker): string[] {
  const { root, rootGuard, models } = worker.settings;
  checkRoot(root, rootGuard);
  return listModels(root, matcher(models.include, models.exclude));
}

function mergeRetries(state: SyncState, retries: Worker["retries"]): SyncState["retries"] {
  const sums = { ...state.retries };
  for (const [reason, count] of retries) sums[reason as Reason] = (sums[reason as Reason] ?? 0) + count;
  return sums;
}

/** Collects results and writes them into the state from time to time, one write at a time. */
class Journal {
  private pending: ModelResult[] = [];
  private lastFlush: number;

  constructor(private readonly worker: Worker) {
    this.lastFlush = worker.now();
  }

  async add(result: ModelResult): Promise<void> {
    this.pending.push(result);
    if (this.worker.now() - this.lastFlush >= flushMs) await this.flush();
  }

  /** Writes what was collected. A store that does not take it loses no more than time: the run goes on, and is not ok. */
  async flush(finish: (state: SyncState) => SyncState = (state) => state): Promise<boolean> {
    const { store, now, retries, events } = this.worker;
    const [taken, counted] = [this.pending, new Map(retries)];
    this.pending = [];
    this.lastFlush = now();
    retries.clear();
    try {
      await store.update((state) => {
        const models = { ...state.models };
        for (const result of taken) models[result.model] = applyResult(models[result.model], result, now());
        return finish({ ...state, models, retries: mergeRetries(state, counted) });
      });
      return true;
    } catch (error) {
      const { reason, message } = asSyncError(error);
      events.warn(`state not stored, ${reason}: ${message}`);
      this.pending = [...taken, ...this.pending];
      for (const [why, count] of counted) retries.set(why, (retries.get(why) ?? 0) + count);
      return false;
    }
  }
}

function isSettling({ outcome, reason }: ModelResult): boolean {
  return (outcome === "waiting" || outcome === "stuck") && reason === "not-quiescent";
}

function settleLeft(worker: Worker, { change }: ModelResult): number {
  const seen = observationOf(change.observed ?? undefined);
  return seen ? unsettledFor(seen, worker.now(), worker.settings.quiescence.settleSeconds * 1000) : 0;
}

/**
 * Drops what the state says of models that are no longer on disk: one that was never published is forgotten, of the
 * others stays what was published.
 */
export function withoutVanished(
  models: SyncState["models"],
  names: ReadonlySet<string>,
): SyncState["models"] {
  const kept = Object.entries(models).flatMap(([name, model]): [string, ModelState][] => {
    if (names.has(name)) return [[name, model]];
    const { published, seen, counters } = model;
    return published ? [[name, { published, outcome: "unchanged", seen, counters }]] : [];
  });
  return Object.fromEntries(kept);
}

function summarize(results: readonly ModelResult[], started: string, finished: string): RunSummary {
  const outcomes: Partial<Record<Outcome, number>> = {};
  for (const { outcome } of results) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return { started, finished, ok: results.every(isGood), outcomes };
}

/**
 * Brings every model as far as it goes: list, identify, transfer, publish, validate, register, update the state. One
 * model's failure never stops another's. Throws only when nothing can be done: the root is not there, the store or its
 * credentials do not answer.
 */
export async function run(worker: Worker, options: ConsiderOptions = {}): Promise<RunReport> {
  const { events, settings, store, now } = worker;
  const started = new Date(now()).toISOString();
  events.step("list", settings.root);
  const names = findModels(worker);
  const [state, uploads] = await Promise.all([store.read(), unfinishedUploads(worker)]);
  events.step("identify", `${names.length} models`);
  const journal = new Journal(worker);
  const results = new Map<string, ModelResult>();
  const stillToSend = new Set<string>();
  const look = (which: readonly string[]): Promise<void> =>
    forEachLimit(which, settings.parallel.models, async (name) => {
      const [stored, first] = [state.models[name], results.get(name)];
      const before = first ? applyResult(stored, first, now()) : stored;
      const decision = await consider(worker, name, before, options);
      const result = await syncModel(worker, decision, before);
      results.set(name, result);
      if ("local" in decision && result.outcome === "failed") {
        stillToSend.add(`${name}/${decision.local.snapshot}`);
      }
      await journal.add(result);
    });
  await look(names);
  const settling = [...results.values()].filter(isSettling);
  const longest = (): number => Math.max(...settling.map((result) => settleLeft(worker, result)));
  if (settling.length > 0) {
    // One window for all of them; what they looked like is kept, should this run end before the second look.
    await journal.flush();
    // Again, for the moment by which a timer may come early.
    for (let left = longest(); left > 0; left = longest()) await worker.wait(left);
    await look(settling.map(({ model }) => model));
  }
  const sorted = [...results.values()].sort((a, b) => (a.model < b.model ? -1 : 1));
  const abortedUploads = await abortOrphans(worker, uploads, stillToSend);
  events.step("update-state", `${sorted.length} models`);
  const summary = summarize(sorted, started, new Date(now()).toISOString());
  const present = new Set(names);
  const stored = await journal.flush((latest) => ({
    ...latest,
    models: withoutVanished(latest.models, present),
    lastRun: summary,
    ...(summary.ok && { lastSuccess: summary.finished }),
  }));
  return { results: sorted, summary: { ...summary, ok: summary.ok && stored }, abortedUploads };
}
