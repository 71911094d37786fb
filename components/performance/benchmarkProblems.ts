import { AWAITED_SECONDS, jobDeadlineSeconds } from "../../workloads/benchmark/driver/durations";
import { parseSettings } from "../../workloads/benchmark/driver/settings";
import { SettingsError } from "../../workloads/benchmark/driver/settingsError";
import { bundleProblems } from "../transfer/bundle";
import { isTimeZone, scheduleProblem } from "../transfer/schedule";
import { benchmarkConfig, loadOf } from "./benchmarkConfig";
import type { BenchmarkTarget, InferenceBenchmarkArgs } from "./types";

/** Longest name that leaves room for what a CronJob appends to its own. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/;

function isHttps(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === "https:";
}

/** Longest name of a Deployment whose copy has a name of its own. */
const DEPLOYMENT = 57;

/** What of a target can not be, whatever the driver says. */
function targetProblems(target: BenchmarkTarget, scrapeSeconds: number): readonly string[] {
  const { name, gate, schedule, timeZone, version, disruptive, promote, simulated, scenarios, workload } =
    target;
  const awaited = jobDeadlineSeconds(loadOf(target, scrapeSeconds, "awaited"));
  const asks = (["coldStart", "autoscaling"] as const).filter((one) => scenarios[one] !== undefined);
  const wrongSchedule = schedule === undefined ? undefined : scheduleProblem(schedule);
  return [
    ...(NAME.test(name) ? [] : [`target.name: "${name}"; write at most 40 of a-z, 0-9 and inner hyphens`]),
    ...(workload.deployment.length <= DEPLOYMENT
      ? []
      : [
          `target.workload.deployment: "${workload.deployment}"; at most ${DEPLOYMENT} characters leave room for the name of its copy`,
        ]),
    ...(wrongSchedule === undefined ? [] : [`target.schedule: ${wrongSchedule}`]),
    ...(isTimeZone(timeZone)
      ? []
      : [`target.timeZone: "${timeZone}"; write an IANA name such as Europe/Berlin`]),
    ...(gate === "off" && schedule === undefined
      ? ["target: never runs; give a schedule, or a gate that is advice or gate"]
      : []),
    ...(gate !== "off" && version === undefined
      ? [`target.version: absent, and gate is ${gate}; without it a new version would not run the Job again`]
      : []),
    ...(gate === "gate" && awaited >= AWAITED_SECONDS
      ? [
          `target.scenarios: smoke and warm may take ${awaited} s, once repeated, and up waits for ${AWAITED_SECONDS} s; shorten warm`,
        ]
      : []),
    ...(asks.length > 0 && !disruptive
      ? [`target.disruptive: false, and ${asks.join(" and ")} need it; they make pods come and go`]
      : []),
    ...(promote && (schedule === undefined || simulated)
      ? [
          "target.promote: needs a schedule, as only runs of all scenarios move an alias, and no simulated target",
        ]
      : []),
  ];
}

/** What the driver itself would refuse of its settings. */
function settingsProblems(args: InferenceBenchmarkArgs): readonly string[] {
  const places = { prometheusUrl: "https://prometheus.invalid:9090", bucket: "benchmarks" };
  try {
    parseSettings(benchmarkConfig(args, places, "all"));
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message.split("\n").map((line) => `driver's settings, ${line}`);
  }
}

/** Everything wrong with the arguments: field, value, what is allowed. */
export function benchmarkProblems(args: InferenceBenchmarkArgs): readonly string[] {
  const { scripts, target, store, registry, prometheus } = args;
  const problems = [
    ...bundleProblems(scripts.driver).map((problem) => `scripts.driver, ${problem}`),
    ...bundleProblems(scripts.load).map((problem) => `scripts.load, ${problem}`),
    ...Object.entries({ "store.url": store.url, "registry.url": registry.url }).flatMap(([field, url]) =>
      isHttps(url) ? [] : [`${field}: "${url}" is no https URL; write https://host:port`],
    ),
    ...targetProblems(target, prometheus.scrapeSeconds),
  ];
  // the driver would only say the same again
  return problems.length > 0 ? problems : settingsProblems(args);
}
