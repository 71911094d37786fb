/**
 * Turns the output of `pulumi preview --diff` into the comment of a pull request:
 * `tsx scripts/previewComment.ts --stack cloud --commit SHA --exit-code 0 < output > comment.md`.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { looksSecret, plainText, scrub } from "./scrub";

/** GitHub refuses a comment of more characters. */
export const commentLimit = 65_536;
const smallestLimit = 4_096;

export interface PreviewRun {
  readonly stack: string;
  /** What the command printed, stdout and stderr as they came. */
  readonly output: string;
  /** Exit code of the command; everything but 0 is a failure. */
  readonly exitCode: number;
  /** Head commit of the pull request, 40 hexadecimal digits. */
  readonly commit: string;
  /** Most characters of the comment; default and maximum 65,536, at least 4,096. */
  readonly limit?: number;
  /** Secrets known by value, which must not appear either. */
  readonly secrets?: readonly string[];
}

/** First line of a stack's comment, by which the next run finds it. */
function commentMarker(stack: string): string {
  return `<!-- federation preview: ${stack} -->`;
}

/** Counts of the summary (`Resources:` to the end) by operation, `unchanged` among them; empty when it was not reached. */
export function operationCounts(output: string): ReadonlyMap<string, number> {
  const lines = output.split("\n");
  const start = lines.lastIndexOf("Resources:");
  const counts = new Map<string, number>();
  for (const line of start < 0 ? [] : lines.slice(start + 1)) {
    const change = /^ +[-+~=<>]* ?(\d+) to ([a-z-]+)$/.exec(line);
    const same = /(?:^| )(\d+) unchanged$/.exec(line);
    if (change === null && same === null) {
      if (/^ +\d+ changes?$/.test(line)) continue;
      break;
    }
    counts.set(change?.[2] ?? "unchanged", Number(change?.[1] ?? same?.[1]));
  }
  return counts;
}

/** Resources the preview shows under one of the operations, as `type name`, sorted, each once. */
export function resourcesOf(output: string, operations: readonly string[]): string[] {
  const names = new Set<string>();
  let operation: string | undefined;
  for (const line of output.split("\n")) {
    operation = /^\s*[-+~=<>]*\s*[^\s:]+:[^\s]*: \(([a-z-]+)\)/.exec(line)?.[1] ?? operation;
    const urn = /^\s*\[urn=urn:pulumi:(.*)\]$/.exec(line)?.[1]?.split("::");
    if (urn === undefined || operation === undefined) continue;
    const type = (urn[2] ?? "").split("$").at(-1) ?? "";
    if (operations.includes(operation)) names.add(`${type} ${urn.slice(3).join("::")}`);
    operation = undefined;
  }
  return [...names].sort();
}

/** Errors and mandatory violations with the lines that explain them (no stack frames, 15 lines each at most). */
export function errorsOf(output: string): string[] {
  const begins = /^\s*error: |^\s*\S+@v\S+ \[mandatory\]/;
  const ends =
    /^\s*at |^\s*[-+~=<>]*\s*[^\s:]+:[^\s]*: \([a-z-]+\)|^\s*--outputs:--|^Resources:|^\s*warning: |^\s*\S+@v\S+ \[[a-z]+\]|^\s*$/;
  const errors: string[] = [];
  let left = 0;
  for (const line of output.split("\n")) {
    if (begins.test(line)) left = 15;
    else if (ends.test(line)) left = 0;
    if (left-- > 0) errors.push(line.trim());
  }
  return errors;
}

/** At most `length` characters (UTF-16 units) of a text, never half of a character. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = text.slice(0, Math.max(0, length - 1));
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** As many of the first lines as fit into `budget` characters, and a line that says how many more there are. */
function firstLines(lines: readonly string[], budget: number, more: (count: number) => string): string[] {
  const kept: string[] = [];
  let used = more(lines.length).length + 1;
  for (const line of lines) {
    used += line.length + 1;
    if (used > budget) return [...kept, more(lines.length - kept.length)];
    kept.push(line);
  }
  return kept;
}

/** The lines joined when they fit into `budget`; else the first and the last of them, and how many were left out between. */
export function headAndTail(lines: readonly string[], budget: number): string {
  if (lines.join("\n").length <= budget) return lines.join("\n");
  const short = lines.map((line) => cut(line, Math.floor(budget / 8)));
  if (short.join("\n").length <= budget) return short.join("\n");
  const note = (count: number): string => `… ${count} lines left out …`;
  let room = budget - note(lines.length).length - 1;
  let tail = 0;
  const half = room / 2;
  for (; tail < short.length; tail++) {
    const cost = (short.at(-1 - tail)?.length ?? 0) + 1;
    if (room - cost < half) break;
    room -= cost;
  }
  let head = 0;
  for (; head < short.length - tail; head++) {
    const cost = (short[head]?.length ?? 0) + 1;
    if (room < cost) break;
    room -= cost;
  }
  return [
    ...short.slice(0, head),
    note(short.length - head - tail),
    ...short.slice(short.length - tail),
  ].join("\n");
}

/** A fence longer than any run of backticks in the text, which therefore can not end it. */
function fenceFor(text: string): string {
  let fence = "```";
  while (text.includes(fence)) fence += "`";
  return fence;
}

const code = (text: string): string => `\`${cut(text.replaceAll("`", "'"), 200)}\``;

function namedList(title: string, names: readonly string[], budget: number): string[] {
  if (names.length === 0) return [];
  const lines = names.map((name) => `- ${code(name)}`);
  return [
    `**${title} (${names.length})**`,
    "",
    ...firstLines(lines, budget, (count) => `- and ${count} more`),
    "",
  ];
}

function countsTable(counts: ReadonlyMap<string, number>, failed: boolean): string[] {
  if (counts.size === 0) return ["The preview ended before its summary: there are no counts.", ""];
  const columns = [...new Set(["create", "update", "replace", "delete", ...counts.keys(), "unchanged"])].sort(
    (a, b) => Number(a === "unchanged") - Number(b === "unchanged"),
  );
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    row(columns),
    row(columns.map(() => "---:")),
    row(columns.map((column) => String(counts.get(column) ?? 0))),
    ...(failed ? ["", "The counts are those that were reached before the failure."] : []),
    "",
  ];
}

/**
 * The comment: what ran and how it ended, counts, what would be deleted and replaced by name, errors, and the output
 * itself folded. Secrets, terminal escapes and mentions are taken out first; the rest is cut to the limit, keeping
 * the output's first and last lines. Throws a RangeError for a limit under 4,096 and an Error for a commit or stack
 * of another form.
 */
export function previewComment(run: PreviewRun): string {
  const limit = Math.min(run.limit ?? commentLimit, commentLimit);
  if (limit < smallestLimit) throw new RangeError(`limit is ${limit}, must be at least ${smallestLimit}`);
  if (!/^[0-9a-f]{40}$/.test(run.commit)) throw new Error(`commit is no full commit id: ${run.commit}`);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(run.stack))
    throw new Error(`no stack has the name ${run.stack}`);
  const text = scrub(plainText(run.output), run.secrets)
    .replace(/(?<![A-Za-z0-9_])@(?=[A-Za-z0-9])/g, "@\u200b")
    .replace(/`{17,}/g, "`".repeat(16))
    .replace(/\n+$/, "");
  const counts = operationCounts(text);
  const changed = [...counts].some(([operation, count]) => operation !== "unchanged" && count > 0);
  const failed = run.exitCode !== 0;
  const result = failed
    ? `failed (exit code ${run.exitCode})`
    : changed || counts.size === 0
      ? "succeeded"
      : "no changes";
  const fence = fenceFor(text);
  const fenced = (body: string): string => `${fence}text\n${body}\n${fence}`;
  const errors = failed ? errorsOf(text) : [];
  const head = [
    commentMarker(run.stack),
    `### Preview of \`${run.stack}\` at \`${run.commit.slice(0, 12)}\`: ${result}`,
    "",
    ...(errors.length === 0 ? [] : [fenced(headAndTail(errors, limit / 4)), ""]),
    ...countsTable(counts, failed),
    ...namedList("Deleted", resourcesOf(text, ["delete"]), limit / 8),
    ...namedList(
      "Replaced",
      resourcesOf(text, ["replace", "create-replacement", "delete-replaced"]),
      limit / 8,
    ),
  ].join("\n");
  if (text === "") return `${head}\nThe command printed nothing.\n`;
  const lines = text.split("\n");
  const comment = (body: string): string =>
    `${head}\n<details><summary>Output (${lines.length} lines)</summary>\n\n${fenced(body)}\n\n</details>\n`;
  return comment(headAndTail(lines, limit - comment("").length));
}

function main(): void {
  const { values } = parseArgs({
    options: { stack: { type: "string" }, commit: { type: "string" }, "exit-code": { type: "string" } },
  });
  const { stack, commit, "exit-code": exitCode } = values;
  if (stack === undefined || commit === undefined || !/^\d+$/.test(exitCode ?? ""))
    throw new Error("usage: previewComment --stack NAME --commit SHA --exit-code N < output > comment.md");
  const secrets = Object.entries(process.env).flatMap(([name, value]) =>
    looksSecret(name) && !/^(?:OLD)?PWD$/.test(name) && value ? [value] : [],
  );
  const output = readFileSync(0, "utf8");
  process.stdout.write(previewComment({ stack, commit, exitCode: Number(exitCode), output, secrets }));
}

if (require.main === module) main();
