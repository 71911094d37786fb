import { Histogram } from "../vllm/histogram";

/** Bounds that OpenTelemetry advises for durations of HTTP requests, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Milliseconds between two requests, and what the shortest and the longest take. */
const load = { every: 1_000, shortest: 20, longest: 220 };

/**
 * The proxy before a model server, both made up: a request a second, each of its own duration, every answer good.
 * Nothing is random: at the same moment after its start it is always the same.
 */
export class SimulatedProxy {
  /** Requests that were answered, all with 200. */
  readonly duration = new Histogram(bounds);
  private next = 0;

  /** Works up to a moment, milliseconds after the start; one that has passed changes nothing. */
  advance(to: number): void {
    for (;;) {
      const took = load.shortest + ((this.next * 37) % (load.longest - load.shortest + 1));
      if (this.next * load.every + took > to) return;
      this.duration.observe(took / 1_000);
      this.next += 1;
    }
  }
}
