/**
 * `npm run build`: bundles each worker into one file that a stock Node or k6 image runs as it is, with its SHA-256 beside
 * it.
 * The same source gives the same bytes, so that an unchanged worker rolls nothing.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { buildSync, type BuildOptions } from "esbuild";
import { BUNDLE_LIMIT } from "../components/transfer/bundle";
import manifest from "../package.json";

const repository = path.join(__dirname, "..");

/** A worker as it was built. */
export interface BuiltWorker {
  readonly name: string;
  /** The bundle; `<file>.sha256` stands beside it, for `sha256sum --check`. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a worker is built from, and for what. */
interface Entry {
  /** Where it begins. */
  readonly entry: string;
  /** Its bundle. */
  readonly file: string;
  readonly target: Pick<BuildOptions, "platform" | "format" | "target" | "external">;
}

const node: Entry["target"] = { platform: "node", format: "cjs", target: "node24" };
const k6: Entry["target"] = {
  platform: "neutral",
  format: "esm",
  target: "es2023",
  external: ["k6", "k6/*"],
};

/** Every worker by its name. */
const entries: Readonly<Record<string, Entry>> = {
  "model-sync": {
    entry: "workloads/model-sync/main.ts",
    file: "workloads/model-sync/dist/model-sync.cjs",
    target: node,
  },
  benchmark: {
    entry: "workloads/benchmark/driver/main.ts",
    file: "workloads/benchmark/dist/benchmark.cjs",
    target: node,
  },
  "benchmark-load": {
    entry: "workloads/benchmark/load/main.ts",
    file: "workloads/benchmark/dist/load.mjs",
    target: k6,
  },
};

function entryOf(name: string): Entry {
  const entry = entries[name];
  if (entry === undefined) throw new Error(`no worker ${name}; there are ${Object.keys(entries).join(", ")}`);
  return entry;
}

/** Where a worker's bundle stands. */
export function bundleFile(name: string, root = repository): string {
  return path.join(root, entryOf(name).file);
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function bundleText({ entry, target }: Entry, revision: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: repository,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    ...target,
    write: false,
    define: {
      "process.env.MODEL_SYNC_VERSION": JSON.stringify(manifest.version),
      "process.env.MODEL_SYNC_REVISION": JSON.stringify(revision),
      "process.env.BENCHMARK_VERSION": JSON.stringify(`${manifest.version}+${revision}`),
    },
  });
  return outputFiles[0]?.text ?? "";
}

/** Writes a file so that a reader sees the old content or the new one, and never a part. */
function replace(file: string, text: string): void {
  const fresh = `${file}.${process.pid}`;
  fs.writeFileSync(fresh, text);
  fs.renameSync(fresh, file);
}

/**
 * Builds one worker. Its revision is the hash of the bundle that has none: no commit, as that would change with every
 * edit of something else.
 */
export function buildWorker(name: string, root = repository): BuiltWorker {
  const entry = entryOf(name);
  const text = bundleText(entry, sha256(bundleText(entry, "")).slice(0, 12));
  const bytes = Buffer.byteLength(text);
  if (bytes > BUNDLE_LIMIT) {
    throw new Error(
      `${name}: the bundle has ${bytes} bytes, a ConfigMap takes ${BUNDLE_LIMIT}; leave a dependency out of ${entry.entry}`,
    );
  }
  const file = bundleFile(name, root);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  // its sum first: what stands between both is refused, never half believed
  replace(`${file}.sha256`, `${sha256(text)}  ${path.basename(file)}\n`);
  replace(file, text);
  return { name, file, bytes, sha256: sha256(text) };
}

/** Builds every worker. */
export function buildWorkers(root = repository): readonly BuiltWorker[] {
  return Object.keys(entries).map((name) => buildWorker(name, root));
}

if (require.main === module) {
  for (const { name, file, bytes, sha256: sum } of buildWorkers()) {
    const size = `${(bytes / 1024).toFixed(1)} KiB of ${BUNDLE_LIMIT / 1024} KiB`;
    console.log(`${name}: ${path.relative(repository, file)}, ${size}, SHA-256 ${sum}`);
  }
}
