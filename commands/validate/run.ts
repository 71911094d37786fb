import { CheckError, messageOf } from "./verdict";
import type { Problem, Status, Timing, Verdict } from "./verdict";

/** What a check may use. */
export interface CheckContext {
  /** Ends a check that takes too long, or that nobody waits for any more. */
  readonly signal: AbortSignal;
  /** Whether a line that this one hears is red: what that one tells is not told again. */
  readonly isRed: (key: string) => boolean;
}

/** One integration point. */
export interface Line {
  /** `targets/hpc`: names it for other lines and in the report. */
  readonly key: string;
  readonly title: string;
  /** Keys of lines before it without which it can not be asked. */
  readonly needs: readonly string[];
  /** Keys of lines before it that explain a part of what it finds. */
  readonly hears?: readonly string[];
  /** Seconds until it counts as failed. */
  readonly limitSeconds: number;
  /** A check that has to put something right again: it keeps to the limit by itself and is waited for. */
  readonly cleansUp?: boolean;
  /** What to do where it can not be asked at all. */
  readonly action: string;
  readonly check: (context: CheckContext) => Promise<Verdict>;
}

/** A line and what became of it. */
export interface Outcome {
  readonly number: number;
  readonly key: string;
  readonly title: string;
  readonly status: Status;
  readonly evidence: readonly string[];
  readonly problems: readonly Problem[];
  readonly timings?: readonly Timing[];
  readonly seconds: number;
}

const isRed = ({ status }: Pick<Outcome, "status">): boolean =>
  status === "failed" || status === "notChecked";

/** Rejects when the signal does. */
function aborted(signal: AbortSignal): { readonly promise: Promise<never>; readonly forget: () => void } {
  let forget = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    forget = () => signal.removeEventListener("abort", onAbort);
  });
  promise.catch(() => undefined);
  return { promise, forget };
}

function failure(error: unknown, line: Line, limit: AbortSignal): Verdict {
  const cause = limit.aborted ? `no end within ${line.limitSeconds} s` : messageOf(error);
  const action = error instanceof CheckError ? error.action : line.action;
  return { status: "failed", evidence: [], problems: [{ cause, action }] };
}

async function checked(
  line: Line,
  signal: AbortSignal,
  heard: ReadonlyMap<string, Outcome>,
): Promise<Verdict> {
  const limit = AbortSignal.timeout(line.limitSeconds * 1000);
  const either = AbortSignal.any([signal, limit]);
  const { promise, forget } = aborted(either);
  const context: CheckContext = {
    signal: either,
    isRed: (key) => {
      const outcome = heard.get(key);
      if (outcome === undefined) throw new Error(`${line.key} does not hear ${key}`);
      return isRed(outcome);
    },
  };
  try {
    const check = line.check(context);
    return await (line.cleansUp === true ? check : Promise.race([check, promise]));
  } catch (error) {
    return failure(error, line, limit);
  } finally {
    forget();
  }
}

/** Why a line is not asked, by those that it needs; undefined where it is. */
function held(
  needed: readonly Outcome[],
  interrupted: boolean,
): Pick<Outcome, "evidence" | "status"> | undefined {
  const red = needed.find(isRed);
  if (red !== undefined)
    return { status: "notChecked", evidence: [`depends on line ${red.number} (${red.title})`] };
  const absent = needed.find(({ status }) => status === "notApplicable");
  if (absent !== undefined)
    return {
      status: "notApplicable",
      evidence: [`as line ${absent.number} (${absent.title}) does not apply`],
    };
  return interrupted ? { status: "notChecked", evidence: ["interrupted before it was asked"] } : undefined;
}

/**
 * Asks every line as soon as those that it needs are known, side by side. A line whose needs are red is not asked, so
 * that one thing broken is one line red.
 *
 * @param signal interrupts all that is under way
 * @param tell hears of each line as it is known
 * @throws where a line needs or hears one that does not stand before it
 */
export async function runLines(
  lines: readonly Line[],
  signal: AbortSignal,
  tell: (outcome: Outcome) => void = () => undefined,
): Promise<readonly Outcome[]> {
  const known = new Map<string, Promise<Outcome>>();
  const before = (line: Line, keys: readonly string[]): Promise<Outcome>[] =>
    keys.map((key) => {
      const outcome = known.get(key);
      if (outcome === undefined) throw new Error(`${line.key}: no line ${key} stands before it`);
      return outcome;
    });
  const ask = async (
    line: Line,
    number: number,
    needs: readonly Promise<Outcome>[],
    hears: readonly Promise<Outcome>[],
  ): Promise<Outcome> => {
    const [needed, heard] = [await Promise.all(needs), await Promise.all(hears)];
    const start = performance.now();
    const verdict =
      held(needed, signal.aborted) ??
      (await checked(line, signal, new Map(heard.map((outcome) => [outcome.key, outcome]))));
    const { key, title } = line;
    const outcome = {
      number,
      key,
      title,
      problems: [],
      ...verdict,
      seconds: Math.round(performance.now() - start) / 1000,
    };
    tell(outcome);
    return outcome;
  };
  lines.forEach((line, index) => {
    if (known.has(line.key)) throw new Error(`two lines are called ${line.key}`);
    known.set(line.key, ask(line, index + 1, before(line, line.needs), before(line, line.hears ?? [])));
  });
  return Promise.all(known.values());
}
