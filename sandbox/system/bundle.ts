import { build } from "esbuild";

/** One script of a TypeScript file and all that it imports, for a Node of its own. The same source gives the same text. */
export async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    write: false,
    logLevel: "silent",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`${entry}: nothing was bundled`);
  return file.text;
}
