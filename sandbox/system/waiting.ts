import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface WaitOptions {
  /** Milliseconds from now until the wait fails. */
  readonly deadline: number;
  /** Milliseconds between two looks; default 100. */
  readonly interval?: number;
  /** Log file whose last lines are shown when the wait fails. */
  readonly log?: string;
  /** Asked before each look; a text ends the wait at once with that reason. */
  readonly hopeless?: () => string | undefined;
}

/**
 * Looks until `condition` answers something other than undefined or false, and answers that. A condition that
 * throws is looked at again; its last error is part of the message when the deadline passes.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  options: WaitOptions,
): Promise<T> {
  const end = Date.now() + options.deadline;
  let lastError = "";
  for (;;) {
    const reason = options.hopeless?.();
    if (reason !== undefined) throw new Error(waitMessage(`${what}: ${reason}`, lastError, options.log));
    try {
      const found = await condition();
      if (found !== undefined && found !== false) return found;
      lastError = "";
    } catch (error) {
      lastError = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() >= end) {
      const seconds = Math.round(options.deadline / 1000);
      throw new Error(waitMessage(`${what}: not within ${seconds} s`, lastError, options.log));
    }
    await sleep(options.interval ?? 100);
  }
}

function waitMessage(head: string, lastError: string, log: string | undefined): string {
  const lines = [head];
  if (lastError !== "") lines.push(`last error: ${lastError}`);
  if (log !== undefined) lines.push(`end of ${log}:`, tailOf(log));
  return lines.join("\n");
}

/** The last lines of a file (at most 16 KiB of it), or a note that it is not there. */
function tailOf(file: string, lines = 25): string {
  if (!existsSync(file)) return "(no such file)";
  const handle = openSync(file, "r");
  try {
    const size = fstatSync(handle).size;
    const length = Math.min(size, 16 * 1024);
    const buffer = Buffer.alloc(length);
    readSync(handle, buffer, 0, length, size - length);
    return buffer.toString("utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } finally {
    closeSync(handle);
  }
}
