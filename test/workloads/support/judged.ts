import { judge, type Judgement } from "../../../workloads/benchmark/analysis/judge";
import type { SloId, State } from "../../../workloads/benchmark/analysis/judged";
import type { Result } from "../../../workloads/benchmark/result";
import { benchmark, type Run, type Said } from "./benchmark";

/** A run with what its result comes to. */
export interface JudgedRun extends Omit<Run, "result"> {
  readonly result: Result;
  readonly judgement: Judgement;
}

/** Runs the driver and judges the result that it wrote; fails with what the driver said where it wrote none. */
export async function judgedRun(url: string, said: Said, before: readonly string[] = []): Promise<JudgedRun> {
  const run = await benchmark(url, said, before);
  const { result } = run;
  if (result === undefined)
    throw new Error(`the driver wrote no result, exit code ${run.code}:\n${run.output}`);
  return { ...run, result, judgement: judge(result) };
}

/** Runs again where a run was no evidence, as every caller of the driver may: a machine is busy at times. */
export async function retried(attempt: () => Promise<JudgedRun>, retries = 1): Promise<JudgedRun> {
  const run = await attempt();
  return run.judgement.verdict === "invalid" && retries > 0 ? retried(attempt, retries - 1) : run;
}

/** The state of each target that was judged. */
export const statesOf = ({ verdicts }: Judgement): Partial<Record<SloId, State>> =>
  Object.fromEntries(verdicts.map(({ slo, state }) => [slo, state]));

/** What a person looks at next: every verdict with its reasons, every recommendation, and what the driver said. */
export function storyOf({ judgement, code, output }: JudgedRun): string {
  return [
    `verdict ${judgement.verdict}, exit code ${code}`,
    ...judgement.verdicts.map(
      ({ slo, state, measured = "nothing", limit, reasons }) =>
        `  ${slo}: ${state}, measured ${measured}, limit ${limit}${reasons.map(({ kind, text }) => `\n    ${kind}: ${text}`).join("")}`,
    ),
    ...judgement.recommendations.map(
      ({ id, because, change }) =>
        `  advice ${id}: ${because.text}; ${change.setting}: ${change.from ?? "unknown"} -> ${change.to}`,
    ),
    "what the driver said:",
    ...output
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
  ].join("\n");
}

/** Makes assertions about a run; one that fails says the whole story. */
export function expecting(run: JudgedRun, assertions: () => void): void {
  try {
    assertions();
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${storyOf(run)}`, {
      cause: error,
    });
  }
}
