import * as fs from "node:fs";
import * as path from "node:path";
import { cacheFolder, paths } from "../paths";
import { diskPeak, freeGiB } from "./disk";
import { kserveInPlace, setUpKserve } from "./kserve";
import { mlflowInPlace, mlflowProgram, setUpMlflow } from "./mlflow";
import { buildTools, toolSetNames, toolsInPlace, type ToolSet, type ToolTiming } from "./tools";

/** Disk that building every tool may take at its peak, in GiB. */
const diskBudgetGiB = 20;

export interface ToolSetUp {
  readonly timings: readonly ToolTiming[];
  /** Peak disk use of the builds above the start; 0 when nothing was built. */
  readonly peakGiB: number;
}

/**
 * Builds and links the tools of these sets that are missing; throws when the disk could not hold, or did not keep
 * to, the budget.
 */
export function setUpTools(sets: readonly ToolSet[], progress: (line: string) => void): ToolSetUp {
  fs.mkdirSync(cacheFolder, { recursive: true });
  const free = freeGiB(cacheFolder);
  const complete = sets.every(setInPlace);
  if (!complete && free < diskBudgetGiB)
    throw new Error(
      `building the tools takes up to ${diskBudgetGiB} GiB of disk at ${cacheFolder}; ${free.toFixed(1)} GiB are free`,
    );
  const { result: timings, peakGiB } = diskPeak(cacheFolder, () => {
    const built = sets.flatMap((set) => buildTools(paths.bin, set, progress));
    if (sets.includes("sandbox")) {
      setUpMlflow(progress);
      setUpKserve(progress);
    }
    if (mlflowInPlace()) fs.symlinkSync(mlflowProgram(), path.join(paths.bin, "mlflow"));
    return built;
  });
  if (complete) return { timings, peakGiB: 0 };
  progress(`disk peak of the builds: ${peakGiB.toFixed(1)} GiB (budget ${diskBudgetGiB} GiB)`);
  if (peakGiB > diskBudgetGiB) throw new Error(`the builds used ${peakGiB.toFixed(1)} GiB, over the budget`);
  return { timings, peakGiB };
}

/** Whether everything of a set is in place at its pins; MLflow and KServe, no Go modules, belong to the sandbox's. */
export function setInPlace(set: ToolSet): boolean {
  return toolsInPlace(set) && (set !== "sandbox" || (mlflowInPlace() && kserveInPlace()));
}

/** The set of that name. */
export function parseToolSet(word: string): ToolSet {
  const found = toolSetNames.find((name) => name === word);
  if (found === undefined) throw new Error(`no set of tools ${word}; there are ${toolSetNames.join(", ")}`);
  return found;
}
