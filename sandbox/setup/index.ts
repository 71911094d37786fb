import * as fs from "node:fs";
import { cacheFolder, paths } from "../paths";
import { diskPeak, freeGiB } from "./disk";
import { buildTools, toolsInPlace, type ToolTiming } from "./tools";

/** Disk that building every tool may take at its peak, and that the finished tools may keep, in GiB. */
export const diskBudget = { peakGiB: 20, keptGiB: 4 } as const;

export interface ToolSetUp {
  readonly timings: readonly ToolTiming[];
  /** Peak disk use of the builds above the start; 0 when nothing was built. */
  readonly peakGiB: number;
}

/** Builds and links the tools that are missing; throws when the disk could not hold, or did not keep to, the budget. */
export function setUpTools(progress: (line: string) => void): ToolSetUp {
  fs.mkdirSync(cacheFolder, { recursive: true });
  const free = freeGiB(cacheFolder);
  if (!toolsInPlace() && free < diskBudget.peakGiB)
    throw new Error(
      `building the tools takes up to ${diskBudget.peakGiB} GiB of disk at ${cacheFolder}; ${free.toFixed(1)} GiB are free`,
    );
  const { result: timings, peakGiB } = diskPeak(cacheFolder, () => buildTools(paths.bin, progress));
  if (timings.length === 0) return { timings, peakGiB: 0 };
  progress(`disk peak of the builds: ${peakGiB.toFixed(1)} GiB (budget ${diskBudget.peakGiB} GiB)`);
  if (peakGiB > diskBudget.peakGiB)
    throw new Error(`the builds used ${peakGiB.toFixed(1)} GiB, over the budget`);
  return { timings, peakGiB };
}
