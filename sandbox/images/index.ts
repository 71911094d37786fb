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
import { join } from "node:path";
import { recipes, type ImageName, type ImageRecipe } from "./catalogue";
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
}

/** Raised when the same binaries shall be laid out differently: archives kept from before are made anew. */
const layout = 1;

/** No such registry exists, so an image that was not imported fails to start at once. */
const registry = "registry.sandbox";

/**
 * Makes an image archive of each recipe from the static binaries in `bin`. The same binaries give the same
 * references; archives already made of binaries that did not change since are kept.
 *
 * @throws when a binary is missing, naming it
 */
export async function buildImages(bin: string, outDir: string): Promise<ImageArchive[]> {
  mkdirSync(outDir, { recursive: true });
  const built: ImageArchive[] = [];
  for (const recipe of recipes) {
    built.push(kept(recipe, bin, outDir) ?? build(recipe, bin, outDir));
    // Hundreds of megabytes are hashed: let others have a turn between two images.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const archives = new Set(built.map(({ archive }) => archive));
  for (const file of readdirSync(outDir)) {
    if (file.endsWith(".tar") && !archives.has(join(outDir, file))) rmSync(join(outDir, file));
  }
  return built;
}

/** The image of a recipe, from the bytes of its binaries. */
export function imageOf(recipe: ImageRecipe, read: (tool: string) => Buffer): OciImage {
  const owner = { uid: recipe.user ?? 0, gid: recipe.user ?? 0 };
  const parents = new Set(
    ["etc/passwd", "tmp/x", ...Object.keys(recipe.binaries)]
      .map((path) => path.slice(0, path.lastIndexOf("/") + 1))
      .filter((folder) => folder !== ""),
  );
  const layer: TarEntry[] = [
    ...[...parents].sort().map((path) => ({ path, mode: path === "tmp/" ? 0o1777 : 0o755 })),
    ...(recipe.folders ?? []).map((path) => ({ path, ...owner })),
    { path: "etc/passwd", content: Buffer.from(passwd(recipe.user)) },
    { path: "etc/group", content: Buffer.from(group(recipe.user)) },
    ...Object.entries(recipe.binaries).map(([path, tool]) => ({ path, content: read(tool), mode: 0o755 })),
  ];
  return ociImage(`${registry}/${recipe.name}`, layer, {
    ...recipe.config,
    Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    ...(recipe.user === undefined ? {} : { User: `${recipe.user}:${recipe.user}` }),
  });
}

function passwd(user: number | undefined): string {
  const lines = ["root:x:0:0:root:/:/sbin/nologin"];
  if (user !== undefined) lines.push(`nobody:x:${user}:${user}:nobody:/:/sbin/nologin`);
  return `${lines.join("\n")}\n`;
}

function group(user: number | undefined): string {
  return user === undefined ? "root:x:0:\n" : `root:x:0:\nnobody:x:${user}:\n`;
}

function build(recipe: ImageRecipe, bin: string, outDir: string): ImageArchive {
  const image = imageOf(recipe, (tool) => {
    const file = join(bin, tool);
    if (!existsSync(file)) throw new Error(`image ${recipe.name}: no binary ${tool} in ${bin}`);
    return readFileSync(file);
  });
  const archive = join(outDir, `${recipe.name}-${image.reference.slice(-64).slice(0, 16)}.tar`);
  writeWhole(archive, image.archive);
  const note: Note = { inputs: fingerprint(recipe, bin), reference: image.reference, archive };
  writeWhole(noteFile(recipe, outDir), Buffer.from(JSON.stringify(note)));
  return { name: recipe.name, reference: image.reference, archive };
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

function kept(recipe: ImageRecipe, bin: string, outDir: string): ImageArchive | undefined {
  const file = noteFile(recipe, outDir);
  if (!existsSync(file)) return undefined;
  const { inputs, reference, archive } = JSON.parse(readFileSync(file, "utf8")) as Note;
  if (inputs !== fingerprint(recipe, bin) || !existsSync(archive)) return undefined;
  return { name: recipe.name, reference, archive };
}

/** Recipe, and size and time of each binary: a binary that changed has another. */
function fingerprint(recipe: ImageRecipe, bin: string): string {
  const files = Object.values(recipe.binaries).map((tool) => {
    const stat = statSync(join(bin, tool), { throwIfNoEntry: false });
    return [tool, stat?.size, stat?.mtimeMs, stat?.ino];
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
