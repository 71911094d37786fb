import { Histogram } from "./histogram";
import { askedOf, nextArrival, type Asked } from "./load";
import { cache, slots } from "./model";

/** Bounds that vLLM gives its histograms, in seconds. */
const bounds = {
  firstToken: [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160,
    640, 2560,
  ],
  perOutputToken: [
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
  ],
  duration: [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680],
};

/** What a token takes, in milliseconds: the more requests run, the longer each waits for its next. */
const read = { first: 20, perToken: 0.1 };
const write = { alone: 5, perOther: 0.2 };

interface Arrived {
  readonly asked: Asked;
  readonly at: number;
}

interface Running extends Arrived {
  /** When its first token is written, and its last. */
  readonly first: number;
  readonly last: number;
  begun: boolean;
}

const seconds = (from: number, to: number): number => (to - from) / 1_000;

/**
 * An engine under a load, one as made up as the other: a queue, so many requests at once, a cache that never fills.
 * Nothing is random: at the same moment after its start it is always the same.
 */
export class SimulatedEngine {
  readonly firstToken = new Histogram(bounds.firstToken);
  readonly perOutputToken = new Histogram(bounds.perOutputToken);
  readonly duration = new Histogram(bounds.duration);
  /** Requests ended by reason; the last two never are. */
  readonly ended = { stop: 0, length: 0, abort: 0, error: 0 };
  promptTokens = 0;
  generationTokens = 0;
  prefixQueries = 0;
  prefixHits = 0;

  private running: Running[] = [];
  private readonly queue: Arrived[] = [];
  private next = { number: 0, at: 0 };

  /** Works up to a moment, milliseconds after the start; one that has passed changes nothing. */
  advance(to: number): void {
    for (;;) {
      const at = Math.min(
        this.next.at,
        ...this.running.map(({ begun, first, last }) => (begun ? last : first)),
      );
      if (at > to) return;
      this.step(at);
      if (this.next.at === at) this.arrive(at);
      this.admit(at);
    }
  }

  get counts(): { readonly running: number; readonly waiting: number } {
    return { running: this.running.length, waiting: this.queue.length };
  }

  /** Used share of the key-value cache. */
  get cacheUsed(): number {
    const blocks = this.running.map(({ asked }) =>
      Math.ceil((asked.prompt + asked.output) / cache.tokensPerBlock),
    );
    return blocks.reduce((sum, one) => sum + one, 0) / cache.blocks;
  }

  /** First tokens and last ones that are written at this moment. */
  private step(at: number): void {
    for (const one of this.running) {
      if (one.begun || one.first > at) continue;
      one.begun = true;
      this.promptTokens += one.asked.prompt;
      this.generationTokens += 1;
      this.firstToken.observe(seconds(one.at, one.first));
    }
    const done = this.running.filter(({ begun, last }) => begun && last <= at);
    this.running = this.running.filter((one) => !done.includes(one));
    for (const { asked, at: arrived, first, last } of done) {
      this.generationTokens += asked.output - 1;
      this.perOutputToken.observe(seconds(first, last) / (asked.output - 1));
      this.duration.observe(seconds(arrived, last));
      this.ended[asked.reason] += 1;
    }
  }

  private arrive(at: number): void {
    const { number } = this.next;
    this.queue.push({ asked: askedOf(number), at });
    this.next = { number: number + 1, at: nextArrival(number, at) };
  }

  /** Takes from the queue what there is room for. */
  private admit(at: number): void {
    while (this.running.length < slots) {
      const one = this.queue.shift();
      if (one === undefined) return;
      const { prompt, cached, output } = one.asked;
      this.prefixQueries += prompt;
      this.prefixHits += cached;
      const first = at + read.first + read.perToken * (prompt - cached);
      const last = first + (output - 1) * (write.alone + write.perOther * this.running.length);
      this.running.push({ ...one, first, last, begun: false });
    }
  }
}
