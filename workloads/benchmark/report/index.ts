import { judge } from "../analysis/judge";
import type { Judgement } from "../analysis/judge";
import type { Result } from "../result";
import { documentOf } from "./document";
import { html } from "./html";
import { markdown } from "./markdown";

/** A judged result in the three forms in which it is kept; the same result gives the same bytes. */
export interface Report {
  readonly judgement: Judgement;
  readonly json: string;
  readonly markdown: string;
  readonly html: string;
}

/** Infinite ends of intervals are no JSON: they are left out. */
const finite = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? undefined : value;

/** The judgement without the evidence, which stands in the result. */
function judgementJson({ knee, ...rest }: Judgement): string {
  if (knee === undefined) return JSON.stringify(rest, finite, 1);
  const { load: _, steps, ...found } = knee;
  const told = steps.map(({ load: { targetRate, achievedRate, replicas }, ...step }) => ({
    rate: targetRate,
    achievedRate,
    replicas,
    ...step,
  }));
  return JSON.stringify({ ...rest, knee: { ...found, steps: told } }, finite, 1);
}

export function reportOf(result: Result): Report {
  const judgement = judge(result);
  const document = documentOf(result, judgement);
  return {
    judgement,
    json: `${judgementJson(judgement)}\n`,
    markdown: markdown(document),
    html: html(document),
  };
}
