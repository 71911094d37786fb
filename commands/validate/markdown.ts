import type { Validation } from "./report";
import type { Status } from "./verdict";

/** Words for people; a column of its own, so that a page without colours says the same. */
const words: Readonly<Record<Status, string>> = {
  ok: "ok",
  failed: "**FAILED**",
  notApplicable: "n/a",
  notChecked: "**not checked**",
};

/** Text of a table's cell: a bar would end it, a line break the row. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replace(/\s*\n\s*/g, " ");

type Row = Validation["lines"][number];

/** The checklist: a row a line, then each failure with its cause and what to do. */
export function validationMarkdown(validation: Validation): string {
  const { stack, started, finished, counts, lines } = validation;
  const took = (Date.parse(finished) - Date.parse(started)) / 1000;
  const row = ({ number, title, status, evidence, problems }: Row): string => {
    const shown = status === "failed" ? problems.map(({ cause }) => cause) : evidence;
    return `| ${number} | ${cell(title)} | ${words[status]} | ${shown.map(cell).join("<br>")} |`;
  };
  return [
    `# Validation of ${stack}`,
    "",
    `${counts.ok} ok, ${counts.failed} failed, ${counts.notChecked} not checked, ${counts.notApplicable} not applicable; ` +
      `${started}, ${took.toFixed(0)} s`,
    "",
    "|  | integration point | status | evidence, or cause |",
    "| --- | --- | --- | --- |",
    ...lines.map(row),
    "",
    ...lines.filter(({ status }) => status === "failed").flatMap(failure),
    ...lines.flatMap(way),
  ].join("\n");
}

function failure({ number, title, problems, evidence }: Row): readonly string[] {
  return [
    `## ${number}. ${title}`,
    "",
    ...problems.flatMap(({ cause, action }) => [`- ${cause}`, `  - do: ${action}`]),
    ...(evidence.length === 0 ? [] : ["", `Besides: ${evidence.join("; ")}.`]),
    "",
  ];
}

function way({ title, timings }: Row): readonly string[] {
  if (timings === undefined || timings.length === 0) return [];
  return [
    `## ${title}, stage by stage`,
    "",
    "| stage | seconds |",
    "| --- | ---: |",
    ...timings.map(({ stage, seconds }) => `| ${cell(stage)} | ${seconds.toFixed(1)} |`),
    "",
  ];
}
