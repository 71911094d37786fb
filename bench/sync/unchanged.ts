import type { Row } from "../harness";
import { interleaved } from "../harness";
import type { Bench } from "./cases";
import { expectOutcome, newestPrefix, once, publish, rowsOf } from "./cases";
import type { Contender, Target } from "./contenders";
import { comparers, ours, worker } from "./contenders";
import type { Model } from "./data";
import { editInPlace, prepareCache, smallPath } from "./data";
import { measured } from "./process";
import * as path from "node:path";

/** The worker's exit code when it found a fault. */
const foundFault = 1;

/** A deleted object is found by `verify`, by name; then it is there again. */
async function proveDeletionFound(bench: Bench, model: Model, { bucket, prefix }: Target): Promise<void> {
  const { buckets, site, say } = bench;
  const key = `${prefix}${path.relative(model.folder, smallPath(model.folder, 1))}`;
  const log = path.join(site.folder, "log");
  await buckets.with(bucket, async (client) => {
    await client.delete(key);
    const { output } = await measured(worker(site, model, bucket, ["verify"]), log, foundFault);
    if (!output.includes(`"key":"${key}"`) || !output.includes('"fault":"gone"'))
      throw new Error(`verify did not find that ${key} was deleted:\n${output.slice(-2000)}`);
    for await (const version of client.listVersions(key))
      if (version.deleteMarker) await client.delete(key, version.versionId);
  });
  await measured(worker(site, model, bucket, ["verify"]), log);
  say(`  ${model.name}: verify finds a deleted object`);
}

/** An edit that keeps a file's size is planned to be sent; then the file is as it was. */
async function proveEditFound(bench: Bench, model: Model, { bucket }: Target): Promise<void> {
  const undo = editInPlace(smallPath(model.folder, model.files - 1));
  const { output } = await measured(
    worker(bench.site, model, bucket, ["plan"]),
    path.join(bench.site.folder, "log"),
  );
  undo();
  if (!output.includes('"sendFiles":1'))
    throw new Error(`plan did not find a file edited at the same size:\n${output.slice(-2000)}`);
  bench.say(`  ${model.name}: an edit that keeps the size is found`);
}

/** Every contender looks for changes where there are none. */
export async function unchanged(
  bench: Bench,
  title: string,
  model: Model,
  goals: Readonly<Record<string, number>>,
  proveDeletion: boolean,
): Promise<Row[]> {
  const { buckets, site, sizes } = bench;
  const target = await publish(bench, model);
  if (proveDeletion) await proveDeletionFound(bench, model, target);
  await proveEditFound(bench, model, target);
  prepareCache("warm", model);
  const look = (name: string, contender: Contender) => async () => {
    const ran = await once(bench, title, name, contender(model, target));
    if (name === ours) expectOutcome(ran, "unchanged");
    return ran;
  };
  const contenders = Object.fromEntries(
    Object.entries(comparers(site)).map(([name, contender]) => [name, look(name, contender)]),
  );
  const usages = await interleaved(contenders, sizes.rounds);
  const versions = await buckets.versions(target.bucket, target.prefix);
  const newest = await newestPrefix(bench, model, target.bucket);
  if (versions !== model.files || newest !== target.prefix)
    throw new Error(
      `something was sent: ${versions} versions of ${model.files} files, newest under ${newest}`,
    );
  await buckets.remove(target.bucket);
  return rowsOf(title, usages, goals);
}
