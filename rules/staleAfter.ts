/** Intervals that decide how soon a stalled member is seen, in seconds. */
export interface HeartbeatIntervals {
  /** Of the hub's health job for this member. */
  readonly health: number;
  /** At which the member evaluates the rule that writes its heartbeat. */
  readonly memberEvaluation: number;
  /** At which the hub evaluates the rule that judges it. */
  readonly hubEvaluation: number;
}

export interface StaleAfter {
  /** Age of the last heartbeat above which the member counts as stale. */
  readonly ageSeconds: number;
  /** Time within which a member that stops beating is marked stale, counted from when it stops. */
  readonly foundWithinSeconds: number;
}

/**
 * When a member that no longer beats is called stale.
 *
 * In health, a heartbeat that the hub reads is at most one evaluation of the member and one health interval old. Two
 * more health intervals are left for scrapes that fail or come late, so `ageSeconds` is 3 x health + the member's
 * evaluation interval. The hub sees the age at its next evaluation: a stall is found within `foundWithinSeconds`,
 * 3 x health + the member's + the hub's evaluation interval, whether the whole member is down or only its rules
 * stall while `/federate` still answers. A member's clock that is ahead by s seconds makes that s seconds later
 * (`fed_hub:heartbeat:skewed` tells).
 */
export function staleAfter({ health, memberEvaluation, hubEvaluation }: HeartbeatIntervals): StaleAfter {
  const ageSeconds = 3 * health + memberEvaluation;
  return { ageSeconds, foundWithinSeconds: ageSeconds + hubEvaluation };
}
