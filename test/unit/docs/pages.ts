import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The repository's folder. */
const repository = join(__dirname, "../../..");

/** Every file of the repository, relative to it; without what is installed, built or left by a run. */
export const files: readonly string[] = globSync(["**", ".github/**"], {
  cwd: repository,
  withFileTypes: true,
  exclude: ({ name }) => ["node_modules", "dist", ".git", ".sandbox"].includes(name),
})
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(repository.length + 1));

export const read = (file: string): string => readFileSync(join(repository, file), "utf8");

/** What people read, by name. */
export const pages: readonly (readonly [string, string])[] = files
  .filter((file) => file === "README.md" || /^docs\/[^/]+\.md$/.test(file))
  .map((file) => [file, read(file)]);

const FENCED = /^ *```(\w*)\n([\s\S]*?)^ *```$/gm;

/** The fenced blocks of a page, those of one language where it is given. */
export const blocks = (text: string, language?: string): readonly string[] =>
  [...text.matchAll(FENCED)]
    .filter(([, of]) => language === undefined || of === language)
    .map(([, , block = ""]) => block);

/** What stands between single backquotes on a page, a line break inside as a space. */
export const spans = (text: string): readonly string[] =>
  [...text.replaceAll(FENCED, "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) =>
    code.replaceAll(/\s+/g, " "),
  );

/** The headings of a page. */
export const headings = (text: string): readonly string[] =>
  [...text.replaceAll(FENCED, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);

/** A heading's anchor, as the usual hosts of repositories make it. */
export const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
