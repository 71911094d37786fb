import { defaultRetry, retrying } from "../../retry";
import { basicAuthorization, exchangeWith } from "../../registry/http";
import { Mlflow, quoted, type RegisteredModel, type Tags } from "../../registry/mlflow";
import { aliases, versionTags } from "../../registry/names";
import { promote } from "../../registry/promote";
import type { Judgement } from "../analysis/judge";
import type { Result } from "../result";
import { readNamedFile } from "./files";
import type { RegistrySettings } from "./services";
import { SettingsError } from "./settingsError";

/** What the registry says of a model when the run begins. */
export interface Registered {
  /** The version that is measured. */
  readonly version: string;
  /** The version that holds the alias `champion`. */
  readonly champion: string | undefined;
}

/** A judged run with the place of its report; absent where no store keeps it. */
export interface Measured {
  readonly result: Result;
  readonly judgement: Judgement;
  readonly report: string | undefined;
}

/** The registry as a run works with it. */
export interface Registry {
  /**
   * The version that is measured: the one asked for, else the one that the alias names.
   *
   * @throws SettingsError where there is none
   */
  find(asked: string | undefined): Promise<Registered>;
  /** Writes figures and verdict: a run of the experiment `benchmarks`, and tags of the version. Safe to repeat. */
  record(measured: Measured): Promise<void>;
  /** Moves `champion` to the version where nothing holds it back. Says what it did, and why. */
  promote(before: Registered, judgement: Judgement): Promise<string>;
}

export const EXPERIMENT = "benchmarks";
const PREFIX = "benchmark.";

/** `warmP95Seconds` as `warm_p95_seconds`. */
export const snakeCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([a-z])([0-9])/g, "$1_$2")
    .toLowerCase();

/** Figures of a run by the names that they have in the registry. */
export const metricsOf = ({ summary }: Judgement): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(summary.figures).flatMap(([figure, value]) =>
      value === undefined ? [] : [[snakeCase(figure), value] as const],
    ),
  );

/** Tags of the version, with the prefix `benchmark.`; the run last, as it vouches for the others. */
function versionTagsOf({ result, judgement, report }: Measured): Tags {
  const figures = Object.entries(metricsOf(judgement)).map(([name, value]) => [name, String(value)] as const);
  const all = {
    ...Object.fromEntries(figures),
    verdict: judgement.verdict,
    simulated: String(judgement.simulated),
    ...(report !== undefined && { report }),
    ended: result.endedAt,
    run: result.run,
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`${PREFIX}${name}`, value]));
}

function runTagsOf(name: string, { result, judgement, report }: Measured): Tags {
  return {
    benchmark_run: result.run,
    model: name,
    model_version: result.target.version,
    cluster: result.target.cluster,
    verdict: judgement.verdict,
    simulated: String(judgement.simulated),
    conditions: judgement.summary.conditions,
    ...(report !== undefined && { report }),
  };
}

const aliasesText = ({ aliases: known }: RegisteredModel): string =>
  Object.entries(known)
    .map(([alias, version]) => `${alias} ${version}`)
    .sort()
    .join(", ") || "none";

/** The registry that the settings name, for the model that the target serves as `served`. */
export function registryAt(
  { url, caFile, usernameFile, passwordFile, model: named, alias }: RegistrySettings,
  served: string,
): Registry {
  const name = named ?? served;
  const retry = { policy: defaultRetry };
  const exchange = exchangeWith({
    url,
    ...(caFile !== undefined && { ca: readNamedFile(caFile) }),
    ...(usernameFile !== undefined &&
      passwordFile !== undefined && {
        authorization: () => basicAuthorization(readNamedFile(usernameFile), readNamedFile(passwordFile)),
      }),
  });
  const mlflow = new Mlflow(exchange, retry);

  async function model(): Promise<RegisteredModel> {
    const found = await mlflow.model(name);
    if (found !== undefined) return found;
    throw new SettingsError(
      `registry: ${url} knows no model ${name}: register it, or set registry.model to the name that it has there`,
    );
  }

  /** The one run of the experiment that holds this run's figures, made when absent. */
  async function runOf(measured: Measured): Promise<string> {
    const experiment = await mlflow.experiment(EXPERIMENT);
    const { run, startedAt } = measured.result;
    return retrying(async () => {
      // a creation whose reply was lost is found by the next try
      const [known] = await mlflow.runs(experiment, `tags.benchmark_run = ${quoted(run)}`);
      const tags = runTagsOf(name, measured);
      return (known ?? (await mlflow.createRun(experiment, run, Date.parse(startedAt), tags))).runId;
    }, retry);
  }

  return {
    find: async (asked) => {
      const found = await model();
      const version = asked ?? found.aliases[alias];
      if (version === undefined)
        throw new SettingsError(
          `registry.alias: no version of ${name} is called ${alias} (aliases: ${aliasesText(found)}): set target.version, or another alias`,
        );
      if ((await mlflow.version(name, version)) === undefined)
        throw new SettingsError(
          `target.version: ${url} knows no version ${version} of ${name} (aliases: ${aliasesText(found)})`,
        );
      return { version, champion: found.aliases[aliases.champion] };
    },
    record: async (measured) => {
      const { version } = measured.result.target;
      await mlflow.finishRun(
        await runOf(measured),
        Date.parse(measured.result.endedAt),
        metricsOf(measured.judgement),
      );
      const tags = versionTagsOf(measured);
      // figures of an earlier run do not stand beside those of this one
      const before = (await mlflow.version(name, version))?.tags ?? {};
      for (const tag of Object.keys(before))
        if (tag.startsWith(PREFIX) && tags[tag] === undefined)
          await mlflow.deleteVersionTag(name, version, tag);
      for (const [tag, value] of Object.entries(tags)) await mlflow.setVersionTag(name, version, tag, value);
    },
    promote: async ({ version, champion: compared }, { hold }) => {
      const stays = (why: string): string => `champion of ${name} stays ${compared ?? "nobody"}: ${why}`;
      if (hold.length > 0) return stays(hold.join("; "));
      const { aliases: now } = await model();
      const champion = now[aliases.champion];
      if (champion === version) return `champion of ${name} is ${version} already`;
      if (champion !== compared)
        return `champion of ${name} stays ${champion ?? "nobody"}: it was ${compared ?? "nobody"} when this run began, so that the run compares with another`;
      const rolledBack = (await mlflow.version(name, version))?.tags[versionTags.rolledBack];
      if (rolledBack !== undefined)
        return stays(`an operator rolled back from ${version} at ${rolledBack}; promote it by hand`);
      // what has just answered a benchmark is there to be served
      await promote({ mlflow, isPublished: () => Promise.resolve(true) }, name, version);
      const { aliases: after } = await model();
      if (after[aliases.champion] !== version)
        throw new Error(
          `champion of ${name} was set to ${version} and is ${after[aliases.champion] ?? "nobody"}: does something else move it?`,
        );
      return `champion of ${name} moved from ${compared ?? "nobody"} to ${version}`;
    },
  };
}
