/**
 * `npm run benchmark:report -- RESULT.json`: judges the result of a benchmark run again and writes its report: judgement
 * as JSON, Markdown, and one HTML page that needs no network. Nothing but the file is asked. With `--schema result` or
 * `--schema judged` it prints the JSON Schema of what runs keep.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod";
import { PAGE_WIDTH } from "../workloads/benchmark/report/html";
import { reportOf } from "../workloads/benchmark/report";
import { judgedSchema } from "../workloads/benchmark/report/judgedSchema";
import { parseResult, resultSchema } from "../workloads/benchmark/result";
import { takePagePicture } from "./preview/png";

const USAGE =
  "npm run benchmark:report -- RESULT.json [--out DIR] [--png] | npm run --silent benchmark:report -- --schema result|judged";

/** What runs keep as JSON: `result.json` and `judged.json`. */
const schemas = { result: resultSchema, judged: judgedSchema } as const;

/** What the gate says by its exit code; 3 is an error. */
const CODES = { pass: 0, fail: 1, invalid: 2 } as const;

/** JSON Schema of one of these; refinements that it has no words for stay the program's. */
export function schemaText(name: string): string {
  const schema = schemas[name as keyof typeof schemas] as z.ZodType | undefined;
  if (schema === undefined)
    throw new Error(`--schema ${name}: one of ${Object.keys(schemas).join(", ")}\nusage: ${USAGE}`);
  return JSON.stringify(z.toJSONSchema(schema), undefined, 2);
}

interface Options {
  readonly file: string;
  /** Default: where the result lies. */
  readonly out: string;
  readonly png: boolean;
}

/** Options of a command line; throws with the usage where they make no sense. */
export function reportOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { out: { type: "string" }, png: { type: "boolean", default: false } },
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new Error(`usage: ${USAGE}`);
  return { file, out: values.out ?? path.dirname(file), png: values.png };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Writes the report; returns the exit code of its verdict. */
export async function writeReport({ file, out, png }: Options): Promise<number> {
  const { judgement, json, markdown, html } = reportOf(parseResult(readJson(file)));
  fs.mkdirSync(out, { recursive: true });
  const page = path.join(out, "report.html");
  fs.writeFileSync(path.join(out, "judgement.json"), json);
  fs.writeFileSync(path.join(out, "report.md"), markdown);
  fs.writeFileSync(page, html);
  console.log(markdown);
  console.log(page);
  if (png) console.log(await takePagePicture(page, path.join(out, "report.png"), PAGE_WIDTH));
  return CODES[judgement.verdict];
}

/** Runs one command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [first, name] = args;
  if (first !== "--schema") return writeReport(reportOptions(args));
  console.log(schemaText(name ?? ""));
  return 0;
}

if (require.main === module) {
  Promise.resolve()
    .then(() => main(process.argv.slice(2)))
    .then(
      (code) => {
        process.exitCode = code;
      },
      (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 3;
      },
    );
}
