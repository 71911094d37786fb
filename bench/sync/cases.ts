import * as path from "node:path";
import type { Goal, Row } from "../harness";
import { compare, interleaved } from "../harness";
import type { Contender, Site, Target } from "./contenders";
import { member, ours, senders, worker } from "./contenders";
import type { Cache, Model } from "./data";
import { prepareCache, shardName, writeShard } from "./data";
import type { Sizes } from "./options";
import { bytesText, shards } from "./options";
import type { Ran, Usage } from "./process";
import { measured } from "./process";
import type { Buckets } from "./store";
import { countingProxy } from "./store";

/** What every case works with. */
export interface Bench {
  readonly site: Site;
  readonly buckets: Buckets;
  readonly sizes: Sizes;
  /** Folder for models. */
  readonly models: string;
  readonly say: (line: string) => void;
}

const memoryLimitMiB = 300;
const mebibyte = 1024 ** 2;

/** The rows of one case: its times against the goals, the worker's memory against its limit, processor times. */
export function rowsOf(title: string, usages: Readonly<Record<string, readonly Usage[]>>, goal: Goal): Row[] {
  const of = (what: (usage: Usage) => number): Record<string, number[]> =>
    Object.fromEntries(Object.entries(usages).map(([name, list]) => [name, list.map(what)]));
  const peaks = Object.entries(of(({ peakMiB }) => peakMiB)).map(([name, list]) => [
    name,
    [Math.max(...list)],
  ]);
  const limit = { [limitName]: [memoryLimitMiB] };
  const memory = { ...(Object.fromEntries(peaks) as Record<string, number[]>), ...limit };
  return [
    compare(
      title,
      "s",
      of(({ seconds }) => seconds),
      ours,
      goal,
    ),
    compare(`${title}: peak memory`, "MiB", memory, ours, { [limitName]: 1 }),
    compare(
      `${title}: processor time`,
      "s",
      of(({ cpuSeconds }) => cpuSeconds),
      ours,
      {},
    ),
  ];
}

/** Stands among the contenders of rows that hold a figure of ours against a fixed limit. */
const limitName = "limit";

/** Runs a contender once and says what it took. */
export async function once(
  { site, say }: Bench,
  title: string,
  name: string,
  command: ReturnType<Contender>,
): Promise<Ran> {
  const ran = await measured(command, path.join(site.folder, "log"));
  say(
    `  ${title}: ${name} ${ran.seconds.toFixed(2)} s, ${ran.cpuSeconds.toFixed(2)} s of processor, ${Math.round(ran.peakMiB)} MiB`,
  );
  return ran;
}

/** Every contender brings the model to an empty bucket, in every round. */
export async function upload(
  bench: Bench,
  title: string,
  model: Model,
  cache: Cache,
  goal: Goal,
): Promise<Row[]> {
  const { buckets, site, sizes } = bench;
  const told = `${title}, ${cache} page cache`;
  const send = (name: string, contender: Contender) => async (): Promise<Usage> => {
    const target = { bucket: await buckets.make(), prefix: `${model.name}/` };
    prepareCache(cache, model);
    const ran = await once(bench, told, name, contender(model, target));
    const prefix = name === ours ? `models/${member}/${model.name}/` : target.prefix;
    const { files, bytes } = await buckets.count(target.bucket, prefix);
    if (files !== model.files || bytes !== model.bytes)
      throw new Error(
        `${name} brought ${files} files of ${bytes} bytes, not ${model.files} of ${model.bytes}`,
      );
    await buckets.remove(target.bucket);
    return ran;
  };
  const contenders = Object.fromEntries(
    Object.entries(senders(site)).map(([name, contender]) => [name, send(name, contender)]),
  );
  return rowsOf(told, await interleaved(contenders, sizes.rounds), goal);
}

/** Fails unless the worker said that of its one model. */
export function expectOutcome(ran: Ran, outcome: string): void {
  const said = new RegExp(`"outcome":"${outcome}"`).test(ran.output);
  if (!said) throw new Error(`the worker did not say ${outcome}:\n${ran.output.slice(-2000)}`);
}

/**
 * Publishes a model with the worker and returns where its version lies. The second run reads the files again, since the
 * first had just seen them for the first time; from then on their looks prove them unchanged.
 */
export async function publish(bench: Bench, model: Model): Promise<Target> {
  const bucket = await bench.buckets.make();
  const run = (): ReturnType<Contender> => worker(bench.site, model, bucket);
  expectOutcome(await once(bench, `${model.name}, to begin with`, "published", run()), "published");
  expectOutcome(await once(bench, `${model.name}, to begin with`, "read again", run()), "unchanged");
  return { bucket, prefix: await newestPrefix(bench, model, bucket) };
}

/** Prefix of the version that was published last. */
export async function newestPrefix({ buckets }: Bench, model: Model, bucket: string): Promise<string> {
  const manifests: { readonly key: string; readonly lastModified: string }[] = [];
  await buckets.with(bucket, async (client) => {
    for await (const row of client.list(`manifests/${member}/${model.name}/`)) manifests.push(row);
  });
  manifests.sort((a, b) => (a.lastModified < b.lastModified ? 1 : -1));
  const snapshot = path.basename(manifests[0]?.key ?? "", ".json");
  return `models/${member}/${model.name}/${snapshot}/`;
}

/** One shard of the published model changes: the bytes that the worker sends, headers and manifest included. */
export async function oneShard(bench: Bench, model: Model, { bucket, prefix }: Target): Promise<Row> {
  const { buckets, site, sizes } = bench;
  writeShard(model.folder, 2, sizes.shardBytes, Math.floor(Date.now() / 1000));
  const proxy = await countingProxy(site.endpoint);
  const ran = await once(
    bench,
    `one shard of ${shards} changed`,
    ours,
    worker(site, model, bucket, ["run"], {}, proxy.url),
  );
  await proxy.close();
  expectOutcome(ran, "published");
  const changed = await newestPrefix(bench, model, bucket);
  if (changed === prefix) throw new Error(`${shardName(2)} was written anew, and no new version published`);
  const { files, bytes } = await buckets.count(bucket, changed);
  if (files !== model.files || bytes !== model.bytes)
    throw new Error(
      `the new version has ${files} files of ${bytes} bytes, the model ${model.files} of ${model.bytes}`,
    );
  const sent = { [ours]: [proxy.sent() / mebibyte], [limitName]: [sizes.shardBytes / mebibyte + 1] };
  return compare(`one shard of ${shards} changed: sent`, "MiB", sent, ours, { [limitName]: 1 });
}

/** Every byte of the published versions is read back and hashed. */
export async function readBack(bench: Bench, model: Model, { bucket }: Target): Promise<Row[]> {
  const title = `full read-back of ${bytesText(model.bytes)}`;
  const contenders = {
    [ours]: () =>
      once(bench, title, ours, worker(bench.site, model, bucket, ["verify", "--read-back", "all"])),
  };
  return rowsOf(title, await interleaved<Usage>(contenders, bench.sizes.rounds), {});
}
