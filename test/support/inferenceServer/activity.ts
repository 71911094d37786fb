/** One request, on the clock of `performance.now`. */
export interface Piece {
  readonly arrivedMs: number;
  /** When a worker took it on, and when it was done. */
  readonly startMs: number;
  readonly doneMs: number;
}

/** What a server does at a moment. */
export interface Doing {
  readonly running: number;
  readonly waiting: number;
  /** Requests that arrived in the last second. */
  readonly rate: number;
  /** Requests in work, mean over the last second. */
  readonly busy: number;
}

const SECOND_MS = 1000;

/** Remembers the requests of the last second and those under way. */
export class Activity {
  /** Requests taken on so far, and the seconds of work in them. */
  requests = 0;
  seconds = 0;
  private pieces: Piece[] = [];

  take(piece: Piece): void {
    this.requests++;
    this.seconds += (piece.doneMs - piece.startMs) / SECOND_MS;
    this.pieces.push(piece);
  }

  at(nowMs: number): Doing {
    const since = nowMs - SECOND_MS;
    this.pieces = this.pieces.filter(({ arrivedMs, doneMs }) => arrivedMs > since || doneMs > since);
    const open = this.pieces.filter(({ doneMs }) => doneMs > nowMs);
    const running = open.filter(({ startMs }) => startMs <= nowMs).length;
    const workedMs = this.pieces.reduce(
      (sum, { startMs, doneMs }) => sum + Math.max(0, Math.min(doneMs, nowMs) - Math.max(startMs, since)),
      0,
    );
    return {
      running,
      waiting: open.length - running,
      rate: this.pieces.filter(({ arrivedMs }) => arrivedMs > since).length,
      busy: workedMs / SECOND_MS,
    };
  }
}
