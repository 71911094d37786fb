import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";

export type KeyPath = readonly (string | number)[];

/** One thing wrong with a setting. */
export interface Problem {
  /** Whole key path, `federation:hub.members[0].url`. */
  readonly key: string;
  /** The value as it may be shown; absent where it is missing, secret or beside the point. */
  readonly value?: string;
  /** What is allowed, beginning with a verb, or what to do. */
  readonly message: string;
}

/** `federation:hub` and `["members", 0, "url"]` to `federation:hub.members[0].url`. */
export function keyOf(root: string, path: KeyPath): string {
  return path.reduce<string>(
    (key, part) => (typeof part === "number" ? `${key}[${part}]` : `${key}.${part}`),
    root,
  );
}

/** The value at a path of parsed YAML or JSON; undefined where there is none. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? (Reflect.get(at, part) as unknown) : undefined),
    value,
  );
}

const SHOWN = 80;

/** A value for an error message: JSON, at most 80 characters, of longer text only the number of lines, no user info of URLs. */
export function shown(value: unknown): string {
  if (typeof value === "string" && value.includes("\n"))
    return `[text of ${value.trimEnd().split("\n").length} lines]`;
  const json = JSON.stringify(value).replace(/\/\/[^/@"\s]*@/g, "//[user]@");
  return json.length > SHOWN ? `${json.slice(0, SHOWN)}...` : json;
}

/** Problems of a schema's issues; `secret` keeps every value out of them. */
export function problemsOf(
  root: string,
  value: unknown,
  error: z.ZodError,
  secret = false,
): readonly Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((name) => ({
        key: keyOf(root, [...path, name]),
        message: `unknown key; ${issue.message}`,
      }));
    const wrong = valueAt(value, path);
    const key = keyOf(root, path);
    if (wrong === undefined) return [{ key, message: `is missing: ${issue.message}` }];
    return [{ key, message: issue.message, ...(secret ? {} : { value: shown(wrong) }) }];
  });
}

function line(problem: Problem): string {
  return problem.value === undefined
    ? `  - ${problem.key}: ${problem.message}`
    : `  - ${problem.key} = ${problem.value}: ${problem.message}`;
}

/** Every problem of a stack's settings in one error; nothing has been touched when it is thrown. */
export class SettingsError extends pulumi.RunError {
  public constructor(
    readonly stackName: string,
    readonly problems: readonly Problem[],
  ) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(
      `stack "${stackName}": ${count} in its settings, nothing was touched\n${problems.map(line).join("\n")}`,
    );
    this.name = "SettingsError";
  }
}
