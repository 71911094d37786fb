/**
 * `npm run bench:sync`: the model-sync worker against `mc mirror`, `s5cmd` and `rclone copy`, which bring the same models
 * to the same MinIO on loopback, without TLS for any of them. The worker hashes every byte that it reads (SHA-256), and
 * the server checks a CRC-32 of every object; the peers, each with its defaults, prove nothing of the content.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { paths, sandboxFolder } from "../sandbox/paths";
import { setUpTools } from "../sandbox/setup";
import { freeGiB } from "../sandbox/setup/disk";
import { buildWorker } from "../scripts/build";
import { dispose, minioCredentials } from "../test/workloads/support/servers";
import type { Row } from "./harness";
import { finish, machine, resultOf } from "./harness";
import type { Bench } from "./sync/cases";
import { oneShard, publish, readBack, upload } from "./sync/cases";
import type { Site } from "./sync/contenders";
import { comparers, senders } from "./sync/contenders";
import type { Cache, Model } from "./sync/data";
import { makeLarge, makeSmall } from "./sync/data";
import type { CaseName } from "./sync/options";
import { bytesText, diskNeed, parseOptions, shards } from "./sync/options";
import { Buckets, startStore } from "./sync/store";
import { unchanged } from "./sync/unchanged";

const folder = path.join(sandboxFolder, "bench-sync");

/** Largest part of each peer's time: as fast as mc and s5cmd, 1.5 times as fast as rclone. */
const largeGoal = { "mc mirror": 1, "s5cmd cp": 1, "rclone copy": 1 / 1.5 };
const unchangedGoal = { "mc mirror": 1, "s5cmd sync": 1, "rclone copy --checksum": 1 / 2.5 };
const manyUnchangedGoal = { "mc mirror": 1 / 3, "s5cmd sync": 1 / 3, "rclone copy --checksum": 1 / 3 };

async function large(bench: Bench): Promise<Row[]> {
  const model = makeLarge(bench.models, bench.sizes.shardBytes);
  const title = `${bytesText(shards * bench.sizes.shardBytes)} in ${shards} shards`;
  const rows = [
    ...(await upload(bench, title, model, "cold", largeGoal)),
    ...(await upload(bench, title, model, "warm", largeGoal)),
  ];
  const target = await publish(bench, model);
  rows.push(...(await readBack(bench, model, target)), await oneShard(bench, model, target));
  await bench.buckets.remove(target.bucket);
  return rows;
}

const smallTitle = ({ smallFiles, smallBytes }: Bench["sizes"]): string =>
  `${smallFiles} files of ${bytesText(smallBytes)}`;

const small =
  (cache: Cache) =>
  (bench: Bench): Promise<Row[]> => {
    const { sizes, models } = bench;
    const model = makeSmall(models, "small", sizes.smallFiles, sizes.smallBytes);
    return upload(bench, smallTitle(sizes), model, cache, 1);
  };

async function nothingChanged(bench: Bench): Promise<Row[]> {
  const { sizes, models } = bench;
  const run = async (model: Model, goal: Readonly<Record<string, number>>, first: boolean): Promise<Row[]> =>
    unchanged(bench, `nothing changed, ${model.files} files`, model, goal, first);
  const one = makeSmall(path.join(models, "one"), "small", sizes.smallFiles, sizes.smallBytes);
  const rows = await run(one, unchangedGoal, true);
  const many = makeSmall(path.join(models, "many"), "many", sizes.manyFiles, sizes.manyBytes);
  return [...rows, ...(await run(many, manyUnchangedGoal, false))];
}

const cases: Readonly<Record<CaseName, (bench: Bench) => Promise<Row[]>>> = {
  large,
  "small-cold": small("cold"),
  "small-warm": small("warm"),
  unchanged: nothingChanged,
};

/** Every command as it is run, but for names of buckets. */
function announce(site: Site, say: Bench["say"]): void {
  const model: Model = { root: "MODELS", name: "MODEL", folder: "MODELS/MODEL", files: 0, bytes: 0 };
  const target = { bucket: "BUCKET", prefix: "MODEL/" };
  for (const [name, contender] of Object.entries({ ...senders(site), ...comparers(site) })) {
    const { program, args } = contender(model, target);
    say(`${name.padEnd(24)} ${[path.basename(program), ...args].join(" ")}`);
  }
}

function clean(): void {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function main(args: readonly string[]): Promise<void> {
  const { sizes, cases: asked } = parseOptions(args);
  const say = (line: string): void => console.log(line);
  clean();
  fs.mkdirSync(folder, { recursive: true });
  const [need, free] = [diskNeed(sizes) / 1024 ** 3, freeGiB(folder)];
  if (free < need)
    throw new Error(
      `needs ${need.toFixed(1)} GiB of disk at ${sandboxFolder}, ${free.toFixed(1)} GiB are free`,
    );
  setUpTools(["sandbox", "bench"], say);
  const store = await startStore(path.join(paths.bin, "minio"), folder);
  process.once("exit", clean);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void dispose(store).finally(() => process.exit(1)));
  try {
    const site: Site = {
      bin: paths.bin,
      worker: buildWorker("model-sync", folder).file,
      folder,
      endpoint: store.url,
      credentials: minioCredentials,
    };
    say(`MinIO on loopback without TLS, a new bucket with versions for each run; ${sizes.rounds} rounds`);
    announce(site, say);
    const bench: Bench = {
      site,
      buckets: new Buckets(store.url, folder),
      sizes,
      models: path.join(folder, "models"),
      say,
    };
    const rows: Row[] = [];
    for (const name of asked) {
      say(`» ${name}`);
      rows.push(...(await cases[name](bench)));
      fs.rmSync(bench.models, { recursive: true, force: true });
    }
    finish(resultOf(sizes.name, machine(), rows));
  } finally {
    await dispose(store);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
