import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import {
  claimKey,
  fileCacheKey,
  manifestsPrefix,
  memberPrefix,
} from "../../../workloads/model-sync/publish/keys";
import { quoted } from "../../../workloads/registry/mlflow";
import { StateStore } from "../../../workloads/model-sync/state/store";
import { MODEL_SYNC_CRON_JOB } from "../lines/source";
import type { Bucket, Registry } from "../stores";
import { messageOf } from "../verdict";
import { ABANDONED_MS, removeFolder } from "./fileSystem";
import type { Volume } from "./fileSystem";
import { CANARY_PREFIX } from "./model";

/** Everything that a canary leaves its traces in. */
export interface Traces {
  readonly member: string;
  readonly volume: Volume;
  readonly bucket: Bucket;
  readonly registry: Registry;
  /** Registered name of a model of this member. */
  readonly registeredName: (model: string) => string;
}

const withoutEnd = (prefix: string, end: string): string => prefix.slice(0, prefix.length - end.length);

/** Prefixes and keys of one model of a member, in every folder of the bucket. */
export function placesOf(member: string, model: string): readonly string[] {
  return [
    `${memberPrefix(member)}${model}/`,
    `${manifestsPrefix(member)}${model}/`,
    withoutEnd(claimKey(member, model, ""), ".json"),
    fileCacheKey(member, model),
  ];
}

/** Removes every version of every object of a model; the member's own user could not. Returns how many there were. */
async function removeObjects({ client }: Bucket, member: string, model: string): Promise<number> {
  let removed = 0;
  for (const place of placesOf(member, model))
    for await (const { key, versionId } of client.listVersions(place)) {
      await client.delete(key, versionId);
      removed++;
    }
  return removed;
}

const versionsReply = z.object({
  model_versions: z.array(z.object({ run_id: z.string().default("") })).default([]),
});

/** Removes a registered model with its versions and the runs of their transfer; one that is not there is no error. */
async function unregister({ exchange, mlflow }: Registry, name: string): Promise<void> {
  if ((await mlflow.model(name)) === undefined) return;
  const query = new URLSearchParams({ filter: `name = ${quoted(name)}` }).toString();
  const found = await exchange("GET", `/api/2.0/mlflow/model-versions/search?${query}`);
  const { model_versions: versions } = versionsReply.parse(JSON.parse(found.text));
  for (const { run_id: run } of versions) if (run !== "") await mlflow.deleteRun(run);
  const { status, text } = await exchange("DELETE", "/api/2.0/mlflow/registered-models/delete", { name });
  if (status !== 200 && status !== 404) throw new Error(`MLflow: ${name}: ${status} ${text.slice(0, 200)}`);
}

/** The worker's memory of a model: with it, its metrics would be told for ever. */
async function forget({ client }: Bucket, member: string, model: string): Promise<void> {
  const store = new StateStore(client, member);
  if (!(model in (await store.read()).models)) return;
  await store.update((state) => ({
    ...state,
    models: Object.fromEntries(Object.entries(state.models).filter(([name]) => name !== model)),
  }));
}

interface Job {
  readonly metadata: {
    readonly name: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly status?: { readonly active?: number };
}

/** Names of the worker's scheduled runs that are under way. */
export async function activeRuns(
  { kube, namespace }: Pick<Volume, "kube" | "namespace">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { items } = await kube.get<{ items: readonly Job[] }>(
    `/apis/batch/v1/namespaces/${namespace}/jobs`,
    signal,
  );
  return items
    .filter(
      ({ metadata, status }) =>
        (status?.active ?? 0) > 0 &&
        metadata.ownerReferences?.some(
          ({ kind, name }) => kind === "CronJob" && name === MODEL_SYNC_CRON_JOB,
        ),
    )
    .map(({ metadata }) => metadata.name);
}

/**
 * Waits for the runs that could have seen the folder: one of them could publish the canary once more behind our back.
 *
 * @param earlier those that began before there was one, and may go on for hours
 */
async function runsEnded(volume: Volume, earlier: readonly string[], signal: AbortSignal): Promise<void> {
  let left = (await activeRuns(volume, signal)).filter((name) => !earlier.includes(name));
  while (left.length > 0) {
    await sleep(500, undefined, { signal });
    const now = await activeRuns(volume, signal);
    left = left.filter((name) => now.includes(name));
  }
}

/** Canaries in the bucket that runs which were killed left behind. */
async function abandoned({ client }: Bucket, member: string, now: number): Promise<readonly string[]> {
  const newest = new Map<string, number>();
  for (const folder of [memberPrefix(member), manifestsPrefix(member)])
    for await (const { key, lastModified } of client.list(`${folder}${CANARY_PREFIX}`)) {
      const [name = ""] = key.slice(folder.length).split("/");
      newest.set(name, Math.max(newest.get(name) ?? 0, Date.parse(lastModified)));
    }
  return [...newest].filter(([, time]) => now - time > ABANDONED_MS).map(([name]) => name);
}

export interface Removed {
  /** Objects and delete markers that were in the bucket. */
  readonly objects: number;
  /** Canaries of earlier runs that went with it. */
  readonly abandoned: readonly string[];
  /** What could not be removed, and why. */
  readonly left: readonly string[];
}

/**
 * Removes every trace of a canary: first its folder, so that no run brings it again, then what runs have published and
 * registered of it. What fails does not hold up the rest. Aliases go with the registered model.
 *
 * @param earlier runs that began before the canary was there
 */
export async function removeCanary(
  traces: Traces,
  name: string,
  earlier: readonly string[],
  signal: AbortSignal,
): Promise<Removed> {
  const { member, volume, bucket, registry, registeredName } = traces;
  const left: string[] = [];
  const attempt = async (what: string, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      left.push(`${what}: ${messageOf(error)}`);
    }
  };
  let objects = 0;
  let old: readonly string[] = [];
  await attempt("folder", () => removeFolder(volume, name, signal));
  await attempt("runs under way", () => runsEnded(volume, earlier, signal));
  await attempt("canaries of earlier runs", async () => {
    old = (await abandoned(bucket, member, Date.now())).filter((one) => one !== name);
  });
  for (const model of [name, ...old]) {
    await attempt(`objects of ${model}`, async () => {
      objects += await removeObjects(bucket, member, model);
    });
    await attempt(`registered model of ${model}`, () => unregister(registry, registeredName(model)));
    await attempt(`state of ${model}`, () => forget(bucket, member, model));
  }
  return { objects, abandoned: old, left };
}
