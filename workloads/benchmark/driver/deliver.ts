import { reportOf, type Report } from "../report";
import type { Result } from "../result";
import { writeWhole } from "./files";
import type { Registered, Registry } from "./registry";
import { messageOf } from "./served";
import type { Settings } from "./settings";
import type { Store } from "./store";
import type { Verdict } from "./verdict";

/** Where a run's outcome goes beside its file. */
export interface Places {
  readonly store?: Store | undefined;
  readonly registry?: { readonly at: Registry; readonly before: Registered } | undefined;
  readonly say: (line: string) => void;
}

/** Something that was to be written and is not; names where. */
class Undelivered extends Error {}

async function reaching<T>(what: string, url: string | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new Undelivered(`${what}: ${url ?? ""}: ${messageOf(error)}`, { cause: error });
  }
}

async function withHistory(
  result: Result,
  { store: named }: Settings,
  { store, say }: Places,
): Promise<Result> {
  if (store === undefined) return result;
  const { runs, unknown } = await reaching("store", named?.url, () => store.history(result.target.model));
  for (const key of unknown) say(`store: ${key} is no summary of a run: left out`);
  // a run that was repeated is not compared with itself
  return { ...result, history: runs.filter(({ run }) => run !== result.run) };
}

async function kept(
  result: Result,
  report: Report,
  settings: Settings,
  { store, registry, say }: Places,
): Promise<void> {
  const uri = store && (await reaching("store", settings.store?.url, () => store.keep(result, report)));
  if (uri !== undefined) say(`report: ${uri}`);
  if (registry === undefined) return;
  const { judgement } = report;
  await reaching("registry", settings.registry?.url, async () => {
    await registry.at.record({ result, judgement, report: uri });
    if (settings.registry?.promote) say(await registry.at.promote(registry.before, judgement));
  });
}

/**
 * Judges a result and writes it: to its file first and whatever happens, then to the store, then to the registry, where a
 * good one may move `champion`. What cannot be written is an error and takes nothing away from what is.
 */
export async function deliver(result: Result, settings: Settings, places: Places): Promise<Verdict> {
  const { resultFile } = settings;
  const write = (whole: Result): void => writeWhole(resultFile, `${JSON.stringify(whole, undefined, 2)}\n`);
  write(result);
  try {
    const whole = await withHistory(result, settings, places);
    write(whole);
    const report = reportOf(whole);
    places.say(report.markdown);
    await kept(whole, report, settings, places);
    places.say(`${report.judgement.verdict}: ${resultFile}`);
    return report.judgement.verdict;
  } catch (error) {
    if (!(error instanceof Undelivered)) throw error;
    const { verdict } = reportOf(result).judgement;
    places.say(`error: ${error.message}\nthe result is ${verdict}, and lies in ${resultFile}`);
    return "error";
  }
}
