import * as fs from "node:fs";
import * as path from "node:path";
import { cacheFolder, paths } from "../paths";
import { diskPeak, freeGiB } from "./disk";
import { mlflowInPlace, setUpMlflow } from "./mlflow";
import { buildTools, toolsInPlace, type ToolSet, type ToolTiming } from "./tools";

/** Disk that building every tool may take at its peak, in GiB. */
export const diskBudgetGiB = 20;

export interface ToolSetUp {
  readonly timings: readonly ToolTiming[];
  /** Peak disk use of the builds above the start; 0 when nothing was built. */
  readonly peakGiB: number;
}

/** Builds and links the tools that are missing; throws when the disk could not hold, or did not keep to, the budget. */
export function setUpTools(set: ToolSet, progress: (line: string) => void): ToolSetUp {
  fs.mkdirSync(cacheFolder, { recursive: true });
  const free = freeGiB(cacheFolder);
  const complete = toolsInPlace(set) && (set === "clusters" || mlflowInPlace());
  if (!complete && free < diskBudgetGiB)
    throw new Error(
      `building the tools takes up to ${diskBudgetGiB} GiB of disk at ${cacheFolder}; ${free.toFixed(1)} GiB are free`,
    );
  const { result: timings, peakGiB } = diskPeak(cacheFolder, () => {
    const built = buildTools(paths.bin, set, progress);
    if (set === "everything")
      fs.symlinkSync(path.join(setUpMlflow(progress), "bin", "mlflow"), path.join(paths.bin, "mlflow"));
    return built;
  });
  if (complete) return { timings, peakGiB: 0 };
  progress(`disk peak of the builds: ${peakGiB.toFixed(1)} GiB (budget ${diskBudgetGiB} GiB)`);
  if (peakGiB > diskBudgetGiB) throw new Error(`the builds used ${peakGiB.toFixed(1)} GiB, over the budget`);
  return { timings, peakGiB };
}
