import * as fs from "node:fs";
import { Worker } from "node:worker_threads";

/** Gibibytes free on the file system of `folder`. */
export function freeGiB(folder: string): number {
  const { bavail, bsize } = fs.statfsSync(folder);
  return (bavail * bsize) / 2 ** 30;
}

/**
 * Watches how much disk is used while `during` runs, on a thread of its own because builds block this one.
 * Returns the largest use above the start, in GiB; it counts everything that wrote to that file system meanwhile.
 */
export function diskPeak<T>(folder: string, during: () => T): { result: T; peakGiB: number } {
  const before = freeGiB(folder);
  const lowest = new Float64Array(new SharedArrayBuffer(8));
  lowest[0] = before;
  const worker = new Worker(
    `const { workerData } = require("node:worker_threads");
     const fs = require("node:fs");
     setInterval(() => {
       const { bavail, bsize } = fs.statfsSync(workerData.folder);
       workerData.lowest[0] = Math.min(workerData.lowest[0], (bavail * bsize) / 2 ** 30);
     }, 500);`,
    { eval: true, workerData: { folder, lowest } },
  );
  worker.unref();
  try {
    const result = during();
    return { result, peakGiB: Math.max(0, before - Math.min(lowest[0], freeGiB(folder))) };
  } finally {
    void worker.terminate();
  }
}
