/**
 * `npm run validate -- --stack NAME`: asks every integration point of a hub and its members, read-only but for one tiny
 * canary model that it removes again; prints a checklist with the evidence for each line.
 */
import { writeFileSync } from "node:fs";
import { pulumiCli } from "./pulumiCli";
import { linesOf } from "./validate/lines";
import { kubeOf } from "./validate/kubeconfig";
import { validationMarkdown } from "./validate/markdown";
import { validateOptions } from "./validate/options";
import { validationOf } from "./validate/report";
import { runLines } from "./validate/run";
import type { Outcome } from "./validate/run";
import { sitesOf } from "./validate/sites";

/** 0 where nothing failed, 1 where something did, 2 where it could not begin; 130 after an interruption. */
const CODES = { ok: 0, failed: 1, error: 2, interrupted: 130 } as const;

const progress = ({ number, title, status, seconds }: Outcome): void =>
  console.error(`${String(number).padStart(3)} ${status.padEnd(13)} ${title} (${seconds.toFixed(1)} s)`);

/** Milliseconds within which one Ctrl-C can arrive more than once: from the terminal, and handed on by npm. */
const ONE_PRESS_MS = 2_000;

/** The first signal lets what was made be removed; another one does not wait. */
function interruption(): AbortController {
  const controller = new AbortController();
  let first = 0;
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => {
      const now = Date.now();
      if (controller.signal.aborted && now - first > ONE_PRESS_MS) process.exit(CODES.interrupted);
      if (controller.signal.aborted) return;
      first = now;
      console.error("interrupted: removing what was made; once more to leave it");
      controller.abort(new Error("interrupted"));
    });
  return controller;
}

async function main(args: readonly string[]): Promise<number> {
  const options = validateOptions(args);
  const { signal } = interruption();
  const started = new Date();
  const lines = linesOf(sitesOf({ reader: pulumiCli(), kubeOf }, options), options);
  const outcomes = await runLines(lines, signal, progress);
  const validation = validationOf(options.stack, outcomes, { started, finished: new Date() });
  const markdown = validationMarkdown(validation);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(validation, null, 2)}\n`);
  if (options.markdown !== undefined) writeFileSync(options.markdown, markdown);
  console.log(markdown);
  if (signal.aborted) return CODES.interrupted;
  return validation.ok ? CODES.ok : CODES.failed;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = CODES.error;
  },
);
