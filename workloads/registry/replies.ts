import * as z from "zod";
import { SyncError } from "../errors";
import type { Answer } from "./http";

export type Tags = Readonly<Record<string, string>>;

export interface RegisteredModel {
  readonly name: string;
  readonly tags: Tags;
  /** Alias to version number. */
  readonly aliases: Readonly<Record<string, string>>;
}

export interface ModelVersion {
  readonly name: string;
  /** A number, as the registry writes it. */
  readonly version: string;
  readonly source: string;
  readonly status: string;
  readonly tags: Tags;
}

export interface Run {
  readonly runId: string;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly status: string;
}

const pairs = z.array(z.object({ key: z.string(), value: z.string().default("") })).default([]);
const tagsOf = (list: z.infer<typeof pairs>): Tags =>
  Object.fromEntries(list.map(({ key, value }) => [key, value]));
export const versionReply = z
  .object({
    name: z.string(),
    version: z.string(),
    source: z.string().default(""),
    status: z.string().default("READY"),
    tags: pairs,
  })
  .transform((reply): ModelVersion => ({ ...reply, tags: tagsOf(reply.tags) }));
export const modelReply = z
  .object({
    name: z.string(),
    tags: pairs,
    aliases: z.array(z.object({ alias: z.string(), version: z.string() })).default([]),
  })
  .transform((reply): RegisteredModel => ({
    name: reply.name,
    tags: tagsOf(reply.tags),
    aliases: Object.fromEntries(reply.aliases.map(({ alias, version }) => [alias, version])),
  }));
export const runReply = z
  .object({
    info: z.object({ run_id: z.string(), start_time: z.number().default(0), status: z.string().default("") }),
  })
  .transform(({ info }): Run => ({ runId: info.run_id, startMs: info.start_time, status: info.status }));
const errorReply = z.object({ error_code: z.string().default(""), message: z.string().default("") });
/** What every paged reply ends with. */
export const page = { next_page_token: z.string().default("") };
/** For replies that say nothing more than their status. */
export const nothing = z.unknown();

/** A reply's JSON; undefined when it is none. */
export function parsed(answer: Answer): unknown {
  try {
    return JSON.parse(answer.text === "" ? "{}" : answer.text);
  } catch {
    return undefined;
  }
}

/** An answer of the registry that is not a success, as an error with a named reason. */
export function refusal(what: string, answer: Answer): SyncError {
  const { error_code: code, message } = errorReply
    .catch({ error_code: "", message: "" })
    .parse(parsed(answer));
  const text = `MLflow ${what}: ${answer.status} ${code} ${(message || answer.text).slice(0, 300)}`.trim();
  if (answer.status === 429 || answer.status >= 500) return new SyncError("registry-unavailable", text, true);
  if (answer.status === 401 || answer.status === 403) return new SyncError("denied", text, false);
  if (answer.status === 404 && code === "RESOURCE_DOES_NOT_EXIST")
    return new SyncError("not-found", text, false);
  return new SyncError("refused", text, false, { cause: code });
}

export const isReason = (error: unknown, reason: string): boolean =>
  error instanceof SyncError && error.reason === reason;
