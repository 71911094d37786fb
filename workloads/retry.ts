import { setTimeout as sleep } from "node:timers/promises";
import { SyncError } from "./errors";

/** How often and how long what can pass is tried again. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Upper bound of the first wait in milliseconds; doubles with every try. */
  readonly baseMs: number;
  /** Upper bound of any wait in milliseconds. */
  readonly capMs: number;
}

export const defaultRetry: RetryPolicy = { attempts: 6, baseMs: 250, capMs: 15_000 };

/** What `retrying` needs from outside, injected by tests. */
export interface RetryDeps {
  readonly policy: RetryPolicy;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly wait?: (ms: number) => Promise<unknown>;
  readonly onRetry?: (error: SyncError, attempt: number, waitMs: number) => void;
}

/** The wait before try `attempt + 1` (attempt counts from 1): half fixed, half random, doubling up to the cap. */
export function retryDelay(attempt: number, policy: RetryPolicy, random: number): number {
  const bound = Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1));
  return bound / 2 + (bound / 2) * random;
}

/** Runs `action` until it succeeds, fails for good (an error that is not transient) or the tries are used up. */
export async function retrying<T>(action: (attempt: number) => Promise<T>, deps: RetryDeps): Promise<T> {
  const { policy, random = Math.random, wait = sleep } = deps;
  for (let attempt = 1; ; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      if (!(error instanceof SyncError) || !error.transient || attempt >= policy.attempts) throw error;
      const waitMs = retryDelay(attempt, policy, random());
      deps.onRetry?.(error, attempt, waitMs);
      await wait(waitMs);
    }
  }
}
