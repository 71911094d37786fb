import type { Target } from "../result";
import type { CorpusEntry } from "./step";

/** What was found in an answer. */
export interface Checked {
  readonly right: boolean;
  /** As the server counts them; absent where the protocol tells none. */
  readonly tokens?: { readonly prompt: number; readonly output: number };
}

type Json = Readonly<Record<string, unknown>>;

const wrong: Checked = { right: false };

/** Whether two JSON values are the same, numbers within `tolerance` of the expected one's size. */
export function agrees(found: unknown, expected: unknown, tolerance: number): boolean {
  if (typeof expected === "number")
    return (
      typeof found === "number" &&
      Math.abs(found - expected) <= tolerance * Math.max(1e-9, Math.abs(expected))
    );
  if (Array.isArray(expected))
    return (
      Array.isArray(found) &&
      found.length === expected.length &&
      expected.every((value, at) => agrees(found[at], value, tolerance))
    );
  if (typeof expected === "object" && expected !== null) {
    if (typeof found !== "object" || found === null) return false;
    return Object.entries(expected).every(([key, value]) => agrees((found as Json)[key], value, tolerance));
  }
  return found === expected;
}

/** The first object of a list; undefined where there is none. */
const first = (list: unknown): Json | undefined =>
  Array.isArray(list) && typeof list[0] === "object" && list[0] !== null ? (list[0] as Json) : undefined;

/** The values of an answer of KServe's protocols; undefined where it has not their form. */
function values(protocol: Target["protocol"], answer: Json): readonly unknown[] | undefined {
  if (protocol === "kserve-v1") return Array.isArray(answer.predictions) ? answer.predictions : undefined;
  const data = first(answer.outputs)?.data;
  return Array.isArray(data) ? (data as readonly unknown[]) : undefined;
}

const isAnswer = (value: unknown): boolean =>
  value !== null && (typeof value !== "number" || isFinite(value));

function checkCompletion(answer: Json, entry: CorpusEntry): Checked {
  const text = first(answer.choices)?.text;
  if (typeof text !== "string" || text === "") return wrong;
  const usage = answer.usage as { prompt_tokens?: unknown; completion_tokens?: unknown } | undefined;
  const [prompt, output] = [usage?.prompt_tokens, usage?.completion_tokens];
  return {
    right: entry.expect === undefined || text === entry.expect,
    ...(typeof prompt === "number" && typeof output === "number" && { tokens: { prompt, output } }),
  };
}

/**
 * Checks an answer that came with a good status: its form always, its content where the corpus says what is right. An
 * answer that is no JSON is a wrong one.
 */
export function checkAnswer(
  protocol: Target["protocol"],
  body: string | null,
  entry: CorpusEntry,
  tolerance: number,
): Checked {
  let answer: unknown;
  try {
    answer = JSON.parse(body ?? "");
  } catch {
    return wrong;
  }
  if (typeof answer !== "object" || answer === null) return wrong;
  if (protocol === "openai") return checkCompletion(answer as Json, entry);
  const found = values(protocol, answer as Json);
  if (found === undefined || found.length === 0 || !found.every(isAnswer)) return wrong;
  if (entry.answers !== undefined && found.length !== entry.answers) return wrong;
  return { right: entry.expect === undefined || agrees(found, entry.expect, tolerance) };
}
