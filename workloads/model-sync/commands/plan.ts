import { unsettledFor } from "../files/quiescence";
import type { ConsiderOptions, Decision } from "../publish/consider";
import { consider } from "../publish/consider";
import { asSyncError, outcomeOf } from "../publish/outcome";
import { checkModel, reusable } from "../publish/publishModel";
import type { ModelState } from "../state/types";
import { forEachLimit } from "../transfer/pools";
import type { Worker } from "../worker";
import { findModels } from "./run";

/** What `run` would do with one model now. */
export interface PlannedModel {
  readonly model: string;
  readonly action: "send" | "settle" | "read-again" | "register" | "nothing" | "wait" | "refuse";
  readonly detail: string;
  readonly sendFiles: number;
  readonly sendBytes: number;
  readonly copyFiles: number;
  readonly copyBytes: number;
}

const nothing = { sendFiles: 0, sendBytes: 0, copyFiles: 0, copyBytes: 0 };

async function planModel(
  worker: Worker,
  decision: Decision,
  before: ModelState | undefined,
): Promise<PlannedModel> {
  const { settings, now, registrar, transfer } = worker;
  const maxWaitMs = settings.quiescence.maxWaitSeconds * 1000;
  if (decision.kind === "broken") {
    const { name, error, seen } = decision;
    const waits = ["waiting", "stuck"].includes(outcomeOf(error, seen, now(), maxWaitMs));
    return {
      model: name,
      action: waits ? "wait" : "refuse",
      detail: `${error.reason}: ${error.message}`,
      ...nothing,
    };
  }
  const { local } = decision;
  const base = { model: local.name, ...nothing };
  if (decision.kind === "quarantined")
    return { ...base, action: "refuse", detail: `quarantined: ${decision.why.detail}` };
  if (decision.kind === "recheck")
    return { ...base, action: "read-again", detail: `published as ${local.snapshot}, not proven unchanged` };
  if (decision.kind === "unchanged") {
    const known = await registrar?.settled({ model: local.name, digest: decision.found.digest });
    if (known || !registrar)
      return {
        ...base,
        action: "nothing",
        detail: known ? `${known.name} version ${known.version}` : local.snapshot,
      };
    return { ...base, action: "register", detail: before?.published?.digest ?? local.snapshot };
  }
  const unsettled = unsettledFor(decision.seen, now(), settings.quiescence.settleSeconds * 1000);
  try {
    await checkModel(worker, local);
  } catch (error) {
    const { reason, message } = asSyncError(error);
    const waits = outcomeOf(asSyncError(error), decision.seen, now(), maxWaitMs) === "waiting";
    return { ...base, action: waits ? "wait" : "refuse", detail: `${reason}: ${message}` };
  }
  const earlier = await reusable(worker, local);
  const copied = local.scan.files.filter(
    (file) => earlier.has(file.path) && file.size <= transfer.copyObjectMaxBytes,
  );
  const copyBytes = copied.reduce((sum, file) => sum + file.size, 0);
  return {
    model: local.name,
    action: decision.settled ? "send" : "settle",
    detail: decision.settled
      ? local.snapshot
      : `looks the same for another ${Math.ceil(unsettled / 1000)} s before it is sent`,
    sendFiles: local.scan.files.length - copied.length,
    sendBytes: local.bytes - copyBytes,
    copyFiles: copied.length,
    copyBytes,
  };
}

/** Looks at everything that `run` looks at, and changes nothing. */
export async function plan(worker: Worker, options: ConsiderOptions = {}): Promise<PlannedModel[]> {
  worker.events.step("list", worker.settings.root);
  const names = findModels(worker);
  const state = await worker.store.read();
  worker.events.step("identify", `${names.length} models`);
  const planned: PlannedModel[] = [];
  await forEachLimit(names, worker.settings.parallel.models, async (name) => {
    const before = state.models[name];
    planned.push(await planModel(worker, await consider(worker, name, before, options), before));
  });
  return planned.sort((a, b) => (a.model < b.model ? -1 : 1));
}
