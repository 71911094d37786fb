import {
  parseResult,
  type FailureKind,
  type Load,
  type Result,
  type ResultInput,
  type Scenario,
} from "../result";
import { StepError } from "./load";
import { completed, messageOf, type Means } from "./served";
import { autoscaling } from "./stopwatch/autoscaling";
import { coldStarts } from "./stopwatch/coldStart";
import { KubernetesError } from "./stopwatch/kubernetes";
import { saturation, smoke, soak, warm } from "./scenarios";
import type { Driver, RunError, Window } from "./steps";

type Evidence = NonNullable<ResultInput["evidence"]>;

const failedOnly = ({ requests, failures = {} }: NonNullable<Evidence["smoke"]>): FailureKind | undefined => {
  const kinds = Object.entries(failures) as [FailureKind, number][];
  const [worst] = kinds.sort(([, a], [, b]) => b - a);
  return kinds.reduce((sum, [, count]) => sum + count, 0) === requests ? worst?.[0] : undefined;
};

type Evidences = { -readonly [K in keyof Evidence]: Evidence[K] };

async function runScenario(
  means: Means,
  driver: Driver,
  scenario: Scenario,
  evidence: Evidences,
): Promise<void> {
  const { settings } = means;
  const complete = (windows: readonly Window[]): Promise<readonly Load[]> =>
    completed(means, scenario, windows, driver.fault);
  switch (scenario) {
    case "smoke":
      evidence.smoke = await smoke(driver);
      return;
    case "warm": {
      const { window, streaming } = await warm(driver);
      const [whole] = await complete([window]);
      if (whole !== undefined) evidence.warm = { load: whole, ...(streaming && { streaming }) };
      return;
    }
    case "saturation": {
      if (settings.saturation === undefined) return;
      const { steps, stopped } = await saturation(driver, settings.saturation);
      const loads = await complete(steps.map(({ window }) => window));
      evidence.saturation = {
        steps: steps.flatMap(({ purpose }, at) => {
          const whole = loads[at];
          return whole === undefined ? [] : [{ purpose, load: whole }];
        }),
        stopped,
      };
      return;
    }
    case "soak": {
      if (settings.soak === undefined) return;
      evidence.soak = { windows: [...(await complete(await soak(driver, settings.soak)))] };
      return;
    }
    case "coldStart":
    case "autoscaling":
      return watchCluster(means, driver, scenario, evidence);
  }
}

const kindOf = (error: unknown): RunError["kind"] => {
  if (error instanceof StepError) return error.kind;
  return error instanceof KubernetesError ? "kubernetes" : "generator";
};

/** The scenarios that make pods come and go. */
async function watchCluster(
  means: Means,
  driver: Driver,
  scenario: "coldStart" | "autoscaling",
  evidence: Evidences,
): Promise<void> {
  const { settings, site } = means;
  if (site === undefined) return;
  if (!settings.disruptive) {
    driver.fault({
      scenario,
      kind: "not-allowed",
      message: "it makes pods come and go: set disruptive to allow it",
    });
    return;
  }
  if (scenario === "coldStart" && settings.coldStart !== undefined) {
    const starts = await coldStarts(driver, site, settings.coldStart, (kind, error) =>
      driver.fault({ scenario, kind: kindOf(error), message: `${kind}: ${messageOf(error)}` }),
    );
    if (starts.length > 0) evidence.coldStart = [...starts];
  }
  if (scenario === "autoscaling" && settings.autoscaling !== undefined) {
    const { measured, window } = await autoscaling(driver, site, settings.autoscaling);
    const [load] = await completed(means, scenario, [window], driver.fault);
    evidence.autoscaling = { ...measured, ...(load && { load }) };
  }
}

/**
 * Runs the scenarios that are asked for, in their order, and returns a checked result, whatever happened on the way:
 * what could not be measured is in `errors`. Where every request of the smoke test fails, nothing else is run.
 */
export async function runBenchmark(means: Means, now: () => Date = () => new Date()): Promise<Result> {
  const { settings } = means;
  const errors: RunError[] = [];
  const evidence: Evidences = {};
  const startedAt = now().toISOString();
  let dead: FailureKind | undefined;
  for (const scenario of settings.asked) {
    const fault = (error: RunError): void => {
      errors.push(error);
      means.say(`${error.scenario}: ${error.kind}: ${error.message}`);
    };
    if (dead !== undefined) {
      fault({ scenario, kind: dead, message: "not run, as every request of the smoke test failed" });
      continue;
    }
    try {
      await runScenario(means, { ...means, fault }, scenario, evidence);
    } catch (error) {
      fault({
        scenario,
        kind: kindOf(error),
        message: messageOf(error),
      });
    }
    if (evidence.smoke !== undefined) dead = failedOnly(evidence.smoke);
  }
  return parseResult({
    schema: 1,
    run: settings.run,
    startedAt,
    endedAt: now().toISOString(),
    target: settings.target,
    asked: settings.asked,
    evidence,
    errors,
    tools: means.tools,
  } satisfies ResultInput);
}
