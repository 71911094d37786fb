import * as fs from "node:fs";
import * as path from "node:path";
import { measured } from "../sync/process";
import { STEP } from "./options";
import { head } from "./site";
import type { RawSeries } from "./site";

/** What writing a history took. */
export interface Seeded {
  readonly series: number;
  readonly samples: number;
  /** Highest resident memory of promtool. */
  readonly peakMiB: number;
}

/** Seconds that are written as text at a time: what bounds the disk and the memory of it. */
const PIECE = 3600;
const FLUSH = 4 << 20;

/** One piece as OpenMetrics; returns the number of samples. */
function writePiece(file: string, series: readonly RawSeries[], from: number, to: number): number {
  const out = fs.openSync(file, "w");
  let text = "";
  let samples = 0;
  try {
    for (const { name, labels, value } of series) {
      const start = head(name, labels);
      for (let time = from; time < to; time += STEP) {
        const number = value(time);
        if (Number.isNaN(number)) continue;
        text += `${start} ${number} ${time}\n`;
        samples++;
      }
      if (text.length > FLUSH) {
        fs.writeSync(out, text);
        text = "";
      }
    }
    fs.writeSync(out, `${text}# EOF\n`);
    return samples;
  } finally {
    fs.closeSync(out);
  }
}

/**
 * Writes the series' history, a sample each {@link STEP} seconds from `from` up to and without `to`, as blocks of a TSDB
 * by `promtool tsdb create-blocks-from openmetrics`. Series of one name must follow each other.
 */
export async function seed(
  promtool: string,
  data: string,
  series: readonly RawSeries[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Seeded> {
  fs.mkdirSync(data, { recursive: true });
  const text = path.join(path.dirname(data), "history.txt");
  let samples = 0;
  let peakMiB = 0;
  try {
    // promtool reads a file once more for each block that it reaches into: pieces end where blocks do
    for (let start = from; start < to; start = (Math.floor(start / PIECE) + 1) * PIECE) {
      samples += writePiece(text, series, start, Math.min(to, (Math.floor(start / PIECE) + 1) * PIECE));
      const args = ["tsdb", "create-blocks-from", "openmetrics", "--quiet", text, data];
      const ran = await measured({ program: promtool, args, env: {} }, `${text}.log`);
      peakMiB = Math.max(peakMiB, ran.peakMiB);
    }
    return { series: series.length, samples, peakMiB };
  } finally {
    fs.rmSync(text, { force: true });
    fs.rmSync(`${text}.log`, { force: true });
  }
}

/** Bytes of everything below a folder. */
export function bytesOf(folder: string): number {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0);
}
