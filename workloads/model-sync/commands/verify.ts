import type { VerifyReport } from "../publish/verify";
import { verify } from "../publish/verify";
import type { ReadBackPolicy } from "../publish/readBack";
import type { Worker } from "../worker";
import type { Print } from "./print";

/** Lines for people. */
function verifyLines({ summary, faults, rewritten }: VerifyReport): string[] {
  const { versions, objects, bytesReadBack } = summary;
  return [
    ...faults.map(({ key, fault, detail }) => `${fault.padEnd(8)} ${key}  ${detail}`),
    ...rewritten.map((key) => `rewritten ${key}  another version with the same bytes`),
    `${versions} versions, ${objects} objects, ${bytesReadBack} bytes read back: ${faults.length} faults`,
  ];
}

/** Finds what changed or vanished after it was published. Returns 0, or 1 when anything did. */
export async function verifyCommand(
  worker: Worker,
  options: { readonly readBack?: ReadBackPolicy; readonly json: boolean },
  print: Print,
): Promise<number> {
  const report = await verify(worker, options.readBack ?? worker.settings.verify.readBack);
  if (options.json)
    print(JSON.stringify({ event: "verified", ...report.summary, rewritten: report.rewritten.length }));
  if (options.json) for (const fault of report.faults) print(JSON.stringify({ event: "fault", ...fault }));
  else verifyLines(report).forEach(print);
  return report.faults.length > 0 ? 1 : 0;
}
