/** A cumulative histogram, as Prometheus knows it. */
export class Histogram {
  sum = 0;
  private readonly counts: number[];

  /** @param bounds upper bounds, ascending, without the infinite one */
  constructor(private readonly bounds: readonly number[]) {
    this.counts = [...bounds, Infinity].map(() => 0);
  }

  observe(value: number): void {
    const at = this.bounds.findIndex((bound) => value <= bound);
    const bucket = at < 0 ? this.bounds.length : at;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** How many values lie at or below each bound; the last bound is infinite. */
  get buckets(): readonly { readonly le: number; readonly count: number }[] {
    let below = 0;
    return [...this.bounds, Infinity].map((le, index) => ({ le, count: (below += this.counts[index] ?? 0) }));
  }
}
