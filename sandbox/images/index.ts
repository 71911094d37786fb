import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { join, normalize, relative } from "node:path";
import { optional } from "../../settings/optional";
import type { ClusterName } from "../clusters/topology";
import { recipes, type ImageName, type ImageRecipe } from "./catalogue";
import { sharedLibraries } from "./libraries";
import { ociImage, type OciImage } from "./oci";
import type { TarEntry } from "./tar";

export type { ImageName } from "./catalogue";

/** An image ready to be imported. */
export interface ImageArchive {
  readonly name: ImageName;
  /** By digest: `registry.sandbox/prometheus@sha256:...`. */
  readonly reference: string;
  /** Path of the archive. */
  readonly archive: string;
  /** The only cluster that runs it; both where absent. */
  readonly cluster?: ClusterName;
}

/** Raised when the same files shall be laid out differently: archives kept from before are made anew. */
const layout = 1;

/** No such registry exists, so an image that was not imported fails to start at once. */
const registry = "registry.sandbox";

/**
 * Makes an image archive of each recipe from the static binaries in `bin` and the programs of this machine. The same
 * files give the same references; archives already made of files that did not change since are kept.
 *
 * @throws when a file is missing, naming it
 */
export async function buildImages(
  bin: string,
  outDir: string,
  from: readonly ImageRecipe[] = recipes,
): Promise<ImageArchive[]> {
  mkdirSync(outDir, { recursive: true });
  const built: ImageArchive[] = [];
  for (const recipe of from) {
    const sources = sourcesOf(recipe, bin);
    const inputs = fingerprint(recipe, sources);
    built.push(kept(recipe, inputs, outDir) ?? build(recipe, sources, inputs, outDir));
    // Hundreds of megabytes are hashed: let others have a turn between two images.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const archives = new Set(built.map(({ archive }) => archive));
  for (const file of readdirSync(outDir)) {
    if (file.endsWith(".tar") && !archives.has(join(outDir, file))) rmSync(join(outDir, file));
  }
  return built;
}

/** The reference of an image among those built. */
export function referenceOf(name: ImageName, images: readonly ImageArchive[]): string {
  const image = images.find((candidate) => candidate.name === name);
  if (image === undefined) throw new Error(`no image ${name} was built`);
  return image.reference;
}

/** Path in the image to the file on this machine that it is. */
type Sources = Readonly<Record<string, string>>;

function sourcesOf({ name, binaries = {}, programs = {}, trees = {} }: ImageRecipe, bin: string): Sources {
  for (const tool of Object.values(binaries))
    if (!existsSync(join(bin, tool))) throw new Error(`image ${name}: no binary ${tool} in ${bin}`);
  for (const source of [...Object.values(programs), ...Object.values(trees)])
    if (!existsSync(source)) throw new Error(`image ${name}: ${source} is not there`);
  const files = Object.entries(trees).flatMap(([path, folder]) =>
    filesIn(folder).map((file) => [join(path, relative(folder, file)), file] as const),
  );
  const extensions = files.flatMap(([, file]) => (/\.so(?:\.|$)/.test(file) ? [file] : []));
  const inTrees = new Set(files.map(([, file]) => file));
  const libraries = [
    ...Object.values(programs).flatMap((program) => sharedLibraries(program)),
    ...sharedLibraries(...extensions),
  ]
    // extensions name what lies beside them by a way up and down again
    .map((file) => normalize(file))
    .filter((file) => !inTrees.has(file))
    .map((file) => [file.slice(1), file] as const);
  return Object.fromEntries([
    ...Object.entries(binaries).map(([path, tool]) => [path, join(bin, tool)] as const),
    ...Object.entries(programs),
    ...libraries.sort(([a], [b]) => (a < b ? -1 : 1)),
    ...files,
  ]);
}

/** Every file below a folder, in the order of their paths; what a link leads to counts as lying there. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile());
}

/** The image of a recipe, from the content of its files by their paths in it. */
export function imageOf(recipe: ImageRecipe, files: Readonly<Record<string, Buffer>>): OciImage {
  const owner = { uid: recipe.user ?? 0, gid: recipe.user ?? 0 };
  const accounts = {
    root: 0,
    ...(recipe.user === undefined ? {} : { nobody: recipe.user }),
    ...recipe.accounts,
  };
  const parents = new Set(["etc/passwd", "tmp/x", ...Object.keys(files)].flatMap(foldersAbove));
  const layer: TarEntry[] = [
    ...[...parents].sort().map((path) => ({ path, mode: path === "tmp/" ? 0o1777 : 0o755 })),
    ...(recipe.folders ?? []).map((path) => ({ path, ...owner })),
    {
      path: "etc/passwd",
      content: lines(accounts, (name, id) => `${name}:x:${id}:${id}:${name}:/:/sbin/nologin`),
    },
    { path: "etc/group", content: lines(accounts, (name, id) => `${name}:x:${id}:`) },
    ...Object.entries(files).map(([path, content]) => ({ path, content, mode: 0o755 })),
  ];
  return ociImage(`${registry}/${recipe.name}`, layer, {
    ...recipe.config,
    Env: [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      ...Object.entries(recipe.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    ],
    ...(recipe.user === undefined ? {} : { User: `${recipe.user}:${recipe.user}` }),
  });
}

/** `a/`, `a/b/` of `a/b/c`. */
function foldersAbove(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => `${names.slice(0, index + 1).join("/")}/`);
}

function lines(
  accounts: Readonly<Record<string, number>>,
  line: (name: string, id: number) => string,
): Buffer {
  return Buffer.from(
    Object.entries(accounts)
      .map(([name, id]) => `${line(name, id)}\n`)
      .join(""),
  );
}

function build(recipe: ImageRecipe, sources: Sources, inputs: string, outDir: string): ImageArchive {
  const image = imageOf(
    recipe,
    Object.fromEntries(Object.entries(sources).map(([path, file]) => [path, readFileSync(file)])),
  );
  const archive = join(outDir, `${recipe.name}-${image.reference.slice(-64).slice(0, 16)}.tar`);
  writeWhole(archive, image.archive);
  const note: Note = { inputs, reference: image.reference, archive };
  writeWhole(noteFile(recipe, outDir), Buffer.from(JSON.stringify(note)));
  return archiveOf(recipe, image.reference, archive);
}

function archiveOf({ name, cluster }: ImageRecipe, reference: string, archive: string): ImageArchive {
  return { name, reference, archive, ...optional("cluster", cluster) };
}

/** What was built last, and from what. */
interface Note {
  readonly inputs: string;
  readonly reference: string;
  readonly archive: string;
}

function noteFile(recipe: ImageRecipe, outDir: string): string {
  return join(outDir, `${recipe.name}.json`);
}

function kept(recipe: ImageRecipe, now: string, outDir: string): ImageArchive | undefined {
  const file = noteFile(recipe, outDir);
  if (!existsSync(file)) return undefined;
  const { inputs, reference, archive } = JSON.parse(readFileSync(file, "utf8")) as Note;
  if (inputs !== now || !existsSync(archive)) return undefined;
  return archiveOf(recipe, reference, archive);
}

/** Recipe, and size and time of each file: one that changed has another. */
function fingerprint(recipe: ImageRecipe, sources: Sources): string {
  const files = Object.entries(sources).map(([path, file]) => {
    const { size, mtimeMs, ino } = statSync(file);
    return [path, size, mtimeMs, ino];
  });
  return createHash("sha256")
    .update(JSON.stringify([layout, recipe, files]))
    .digest("hex");
}

function writeWhole(file: string, content: Buffer): void {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, file);
}
