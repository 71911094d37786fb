/**
 * First come, first served by `capacity` workers. It knows at arrival when each piece of work will be done, so that a
 * timer that fires late delays one answer and never the work behind it: the capacity is exactly the one declared.
 */
export class FifoQueue {
  private readonly freeAtMs: number[];

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new Error(`capacity ${capacity}: a whole number of workers from 1 up`);
    this.freeAtMs = Array.from({ length: capacity }, () => -Infinity);
  }

  /** The time at which work that arrives at `arrivalMs` and takes `serviceMs` is done, on the clock of the arrivals. */
  admit(arrivalMs: number, serviceMs: number): number {
    const free = Math.min(...this.freeAtMs);
    const doneMs = Math.max(arrivalMs, free) + serviceMs;
    this.freeAtMs[this.freeAtMs.indexOf(free)] = doneMs;
    return doneMs;
  }
}
