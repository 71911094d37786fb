import { parse } from "yaml";
import { seriesByName } from "../../../metrics/series";
import { isKey, pathsOf } from "./keys";
import { anchor, blocks, files, headings, pages, read, spans } from "./pages";

/** What is wrong with a page, as `page: problem`. */
const found = (problemsOf: (text: string, page: string) => readonly string[]): readonly string[] =>
  pages.flatMap(([page, text]) => problemsOf(text, page).map((problem) => `${page}: ${problem}`));

const rooms = [
  ...new Set(files.filter((file) => file.includes("/")).map((file) => file.split("/")[0] ?? "")),
];

/** Files of existing Secrets whose names look like keys. */
const credentialFiles = ["hub.username", "hub.password"];

/** Whether a path is one of the repository's, whole or its end, a folder's with or without its slash. */
const exists = (path: string): boolean =>
  files.some(
    (file) => `/${file}`.endsWith(`/${path}`) || `/${file}`.includes(`/${path.replace(/\/$/, "")}/`),
  );

describe("what people read", () => {
  it("is more than a page", () => {
    expect(pages.map(([page]) => page).sort()).toEqual([
      "README.md",
      "docs/architecture.md",
      "docs/operations.md",
      "docs/optimization.md",
      "docs/runbook.md",
    ]);
  });

  it("names files and folders that there are", () => {
    const isPath = (code: string): boolean =>
      !code.includes("/dist/") &&
      !/[\s<>*]/.test(code) &&
      (/^[\w./-]+\.(ts|mjs|cjs|md)$/.test(code) || rooms.some((room) => code.startsWith(`${room}/`)));
    expect(
      found((text) =>
        [...spans(text), ...blocks(text).flatMap((block) => block.split(/\s+/))].filter(
          (code) => isPath(code) && !code.startsWith("dist/") && !exists(code),
        ),
      ),
    ).toEqual([]);
  });

  it("links to pages and headings that there are", () => {
    expect(
      found((text, page) =>
        [...text.matchAll(/\]\(([^)\s]+)\)/g)]
          .map(([, link = ""]) => link)
          .filter((link) => {
            const [path = "", heading] = link.split("#");
            const file = new URL(path, `file:///${page}`).pathname.slice(1);
            if (!files.includes(file)) return true;
            return heading !== undefined && !headings(read(file)).map(anchor).includes(heading);
          }),
      ),
    ).toEqual([]);
  });

  it("names settings that there are", () => {
    const named = (text: string): readonly string[] => [
      ...[...text.matchAll(/federation:([A-Za-z][\w.]*(?:\["[^"]+"\]|\[[\d*]*\]|\.\w+)*)/g)].map(
        ([, key = ""]) => key,
      ),
      ...spans(text)
        .map((code) => code.split(/[:\s]/)[0] ?? "")
        .filter((code) => /^(hub|member)\.\w/.test(code) && !credentialFiles.includes(code)),
    ];
    expect(found((text) => named(text).filter((key) => !isKey(key)))).toEqual([]);
  });

  it("is held against the settings' own schemas", () => {
    const there = ["clusterUid", "hub.serving[0].scaling.minReplicas", 'receiverSecrets["pager.key"]'];
    const not = [
      "clusterUids",
      "hub.serving[0].scaling.replicas",
      "hub.protect.all",
      "mlflowCredentials.user",
    ];
    expect([...there, ...not].filter(isKey)).toEqual(there);
  });

  it("shows stack files whose keys there are", () => {
    const stackFiles = pages
      .flatMap(([, text]) => blocks(text, "yaml"))
      .map((block) => parse(block) as object)
      .filter((block) => Object.keys(block).some((key) => key.startsWith("federation:")));
    expect(stackFiles.length).toBeGreaterThan(3);
    expect(
      stackFiles.flatMap((file) =>
        pathsOf(file)
          .map((path) => path.replace(/^federation:/, ""))
          .filter((path) => !isKey(path)),
      ),
    ).toEqual([]);
  });

  it("names recordings that there are", () => {
    expect(
      found((text) =>
        [...text.matchAll(/\bfed_(?:cluster|local|hub):[\w:]+\*?/g)]
          .map(([name]) => name)
          .filter((name) =>
            name.endsWith("*")
              ? ![...seriesByName.keys()].some((known) => known.startsWith(name.slice(0, -1)))
              : !seriesByName.has(name),
          ),
      ),
    ).toEqual([]);
  });
});

describe("wherever it stands", () => {
  /** What a pattern finds in all texts of the repository and `isWrong` takes exception to, by the pattern's groups. */
  const wrong = (pattern: RegExp, isWrong: (...groups: readonly string[]) => boolean): readonly string[] =>
    files
      .filter((file) => /\.(ts|md|yaml|yml|sh)$/.test(file))
      .flatMap((file) =>
        [...read(file).matchAll(pattern)]
          .filter(([, ...groups]) => isWrong(...groups))
          .map(([reference]) => `${file}: ${reference}`),
      );

  it("an npm script that is named is there", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    expect(wrong(/npm run (?:--silent )?([a-z][\w:]*)/g, (script = "") => !(script in scripts))).toEqual([]);
  });

  it("a section of a page that is named is there", () => {
    const reference = /\b(README|docs\/\w+\.md)(?:\]\([^)]*\))?,\s+(?:[#*]\s+)?"([^"\\]+)"/g;
    // a name may go on in the next line of a comment or of a text
    const words = (name: string): string => name.replaceAll(/[\s#*`+]+/g, " ");
    expect(
      wrong(reference, (page = "", heading = "") => {
        const name = page === "README" ? "README.md" : page;
        return !headings(read(name)).includes(words(heading));
      }),
    ).toEqual([]);
  });
});
