import {
  awaitedLoad,
  AWAITED_SECONDS,
  GPU_SCRAPES,
  jobDeadlineSeconds,
  P95_REQUESTS,
  P99_REQUESTS,
  settleSecondsOf,
  type TimedLoad,
} from "../workloads/benchmark/driver/durations";
import { measuredTargets, scaledAt } from "./benchmarkReplicas";
import type { BenchmarkTargetSettings } from "./benchmarksTypes";
import { type KeyPath, keyOf, type Problem, shown, valueAt } from "./problems";
import { NAMESPACE, type Reader } from "./reader";
import { durationMilliseconds } from "./quantities";
import { shortestGapSeconds } from "./schedules";
import type { HubObject } from "./schema";

const KEY = `${NAMESPACE}hub.benchmarks`;

/** One target under check: says what is wrong at a path in it. */
type Tell = (path: KeyPath, message: string) => Problem;

/** What a target is checked against. */
interface Site {
  readonly scrapeSeconds: number;
  /** GPU types that nodes have, or that have a price. */
  readonly gpuTypes: readonly string[];
}

const loadOf = (
  { scenarios, timeoutSeconds }: BenchmarkTargetSettings,
  { scrapeSeconds }: Site,
): TimedLoad => ({ ...scenarios, timeoutSeconds, settleSeconds: settleSecondsOf(scrapeSeconds) });

function whenProblems(target: BenchmarkTargetSettings, site: Site, tell: Tell): Problem[] {
  const { gate, schedule, version, promote, simulated } = target;
  const all = jobDeadlineSeconds(loadOf(target, site));
  const awaited = jobDeadlineSeconds(awaitedLoad(loadOf(target, site)));
  const gap = schedule === undefined ? Infinity : shortestGapSeconds(schedule);
  return [
    ...(gate === "off" && schedule === undefined
      ? [tell([], "never runs: give schedule, or a gate that is advice or gate")]
      : []),
    ...(gate !== "off" && version === undefined
      ? [tell(["version"], `is missing: gate is ${gate}, and a new version is what runs its Job again`)]
      : []),
    ...(gate === "gate" && awaited >= AWAITED_SECONDS
      ? [
          tell(
            ["gate"],
            `smoke and warm may take ${awaited} s, once repeated, and up waits for ${AWAITED_SECONDS} s: shorten scenarios.warm, or set advice`,
          ),
        ]
      : []),
    ...(gap <= all
      ? [
          tell(
            ["schedule"],
            `starts again after ${gap} s, and its scenarios may take ${all} s, once repeated: start less often, or shorten scenarios`,
          ),
        ]
      : []),
    ...(promote && schedule === undefined
      ? [tell(["promote"], "needs schedule: only runs of all scenarios move an alias, never the gate")]
      : []),
    ...(promote && simulated ? [tell(["promote"], "must be false: what is simulated moves no alias")] : []),
  ];
}

/** Limits of figures for which there would be too few samples, or none: their verdict could only be invalid. */
function sampleProblems({ slos, scenarios, protocol }: BenchmarkTargetSettings, tell: Tell): Problem[] {
  const { rate, seconds, streamsPerSecond } = scenarios.warm;
  const { warmP99Seconds, firstTokenP95Seconds } = slos;
  return [
    ...(warmP99Seconds !== undefined && rate * seconds < P99_REQUESTS
      ? [
          tell(
            ["slos", "warmP99Seconds"],
            `takes ${P99_REQUESTS} requests at the warm rate, and scenarios.warm makes ${Math.floor(rate * seconds)} (rate x seconds): load for longer, or leave the limit out`,
          ),
        ]
      : []),
    ...(firstTokenP95Seconds !== undefined && protocol !== "openai"
      ? [tell(["slos", "firstTokenP95Seconds"], "must be left out: only the protocol openai streams")]
      : []),
    ...(firstTokenP95Seconds !== undefined &&
    protocol === "openai" &&
    streamsPerSecond * seconds < P95_REQUESTS
      ? [
          tell(
            ["slos", "firstTokenP95Seconds"],
            `takes ${P95_REQUESTS} streams, and scenarios.warm opens ${Math.floor(streamsPerSecond * seconds)} (streamsPerSecond x seconds): open more, or leave the limit out`,
          ),
        ]
      : []),
  ];
}

function rateProblems({ scenarios }: BenchmarkTargetSettings, tell: Tell): Problem[] {
  const { warm, saturation, soak, autoscaling } = scenarios;
  const half = soak === undefined ? 0 : soak.rate * soak.windowSeconds * Math.floor(soak.windows / 2);
  return [
    ...(warm.rate * warm.seconds < P95_REQUESTS
      ? [
          tell(
            ["scenarios", "warm"],
            `must make ${P95_REQUESTS} requests (rate x seconds): P95 takes as many`,
          ),
        ]
      : []),
    ...(soak !== undefined && half < P95_REQUESTS
      ? [
          tell(
            ["scenarios", "soak"],
            `must make ${P95_REQUESTS} requests in each half of its windows (rate x windowSeconds): P95 takes as many`,
          ),
        ]
      : []),
    ...(saturation !== undefined && saturation.startRate > saturation.maxRate
      ? [tell(["scenarios", "saturation", "maxRate"], `must be at least startRate (${saturation.startRate})`)]
      : []),
    ...(autoscaling !== undefined && autoscaling.rateAfter <= autoscaling.rateBefore
      ? [
          tell(
            ["scenarios", "autoscaling", "rateAfter"],
            `must be above rateBefore (${autoscaling.rateBefore})`,
          ),
        ]
      : []),
  ];
}

function protocolProblems({ protocol, corpus, scenarios }: BenchmarkTargetSettings, tell: Tell): Problem[] {
  const prompts =
    corpus.kind === "words" ||
    (corpus.kind === "examples" && corpus.examples.every((example) => "prompt" in example));
  const rows =
    corpus.kind === "rows" ||
    (corpus.kind === "examples" && corpus.examples.every((example) => "instances" in example));
  const openai = protocol === "openai";
  return [
    ...((openai ? prompts : rows)
      ? []
      : [
          tell(
            ["corpus", "kind"],
            `must be ${openai ? "words, or examples with prompts" : "rows, or examples with instances"}: the protocol is ${protocol}`,
          ),
        ]),
    ...("input" in corpus && protocol !== "kserve-v2"
      ? [
          tell(
            ["corpus", "input"],
            `must be left out: only kserve-v2 names inputs, and the protocol is ${protocol}`,
          ),
        ]
      : []),
    ...(scenarios.warm.streamsPerSecond > 0 && !openai
      ? [tell(["scenarios", "warm", "streamsPerSecond"], "must be 0: only the protocol openai streams")]
      : []),
  ];
}

function scaleProblems(target: BenchmarkTargetSettings, tell: Tell): Problem[] {
  const { scenarios, disruptive, replicas } = target;
  const asks = (["coldStart", "autoscaling"] as const).filter((name) => scenarios[name] !== undefined);
  return [
    ...(disruptive
      ? []
      : asks.map((name) =>
          tell(["scenarios", name], "needs disruptive: true, as it makes pods come and go; or leave it out"),
        )),
    ...(scenarios.coldStart?.live === true && scenarios.coldStart.kinds.every((kind) => kind === "deployment")
      ? [
          tell(
            ["scenarios", "coldStart", "kinds"],
            "must name pod-restart or scale-from-zero: of the served model itself only these can be timed",
          ),
        ]
      : []),
    ...(scenarios.autoscaling !== undefined && replicas.max === replicas.min
      ? [
          tell(
            ["replicas", "max"],
            `must be above min (${replicas.min}): autoscaling goes from one to the other`,
          ),
        ]
      : []),
  ];
}

function gpuProblems(target: BenchmarkTargetSettings, site: Site, tell: Tell): Problem[] {
  const { gpuType, gpusPerReplica, scenarios } = target;
  const least = GPU_SCRAPES * site.scrapeSeconds;
  const short = (path: KeyPath, seconds: number | undefined): Problem[] =>
    seconds === undefined || seconds >= least
      ? []
      : [
          tell(
            path,
            `must be at least ${least}: a mean of GPUs takes ${GPU_SCRAPES} scrapes, one each ${site.scrapeSeconds} s (hub.prometheus.scrapeInterval)`,
          ),
        ];
  if (gpuType === undefined)
    return gpusPerReplica === 0
      ? []
      : [tell(["gpusPerReplica"], "needs gpuType; leave it out for a model on CPUs")];
  return [
    ...(site.gpuTypes.includes(gpuType)
      ? []
      : [
          tell(
            ["gpuType"],
            `must be of hub.kubernetes.nodes or hub.pricePerGpuHour: ${site.gpuTypes.join(", ") || "neither has any"}`,
          ),
        ]),
    ...short(["scenarios", "warm", "seconds"], scenarios.warm.seconds),
    ...short(["scenarios", "saturation", "stepSeconds"], scenarios.saturation?.stepSeconds),
  ];
}

/** Names differ, and no two targets start the same Deployment. */
function clashes(targets: readonly BenchmarkTargetSettings[], tellAt: (index: number) => Tell): Problem[] {
  const copy = ({ scenarios, namespace, workload }: BenchmarkTargetSettings): string | undefined =>
    scenarios.coldStart === undefined ? undefined : `${namespace}/${workload.deployment}`;
  return targets.flatMap((target, index) => {
    const before = targets.slice(0, index);
    const same = before.findIndex(({ name }) => name === target.name);
    const copied = copy(target);
    const other = copied === undefined ? -1 : before.findIndex((one) => copy(one) === copied);
    const tell = tellAt(index);
    return [
      ...(same < 0 ? [] : [tell(["name"], `must differ from ${KEY}[${same}].name`)]),
      ...(other < 0
        ? []
        : [
            tell(
              ["scenarios", "coldStart"],
              `must stand at one target of a Deployment: ${KEY}[${other}] times starts of ${copied ?? ""} as well`,
            ),
          ]),
    ];
  });
}

function hubProblems(hub: HubObject): Problem[] {
  const { benchmarksNamespace: namespace } = hub;
  const taken = (["namespace", "agentsNamespace", "transferNamespace"] as const).find(
    (key) => hub[key] === namespace,
  );
  return [
    ...(hub.prometheus.existingSecrets === undefined
      ? []
      : [
          {
            key: KEY,
            message:
              "needs the users that npm run init makes: not possible together with hub.prometheus.existingSecrets",
          },
        ]),
    ...(hub.landingZone === undefined
      ? [
          {
            key: KEY,
            message: "needs hub.landingZone: results are kept in its bucket, and its registry is told",
          },
        ]
      : []),
    ...(taken === undefined
      ? []
      : [
          {
            key: `${NAMESPACE}hub.benchmarksNamespace`,
            value: shown(namespace),
            message: `must differ from hub.${taken}`,
          },
        ]),
  ];
}

/** What one value alone can not tell of the targets; `raw` is what the stack file says. */
export function benchmarkProblems(hub: HubObject, raw: unknown): readonly Problem[] {
  const { kubernetes, pricePerGpuHour, prometheus } = hub;
  const targets = measuredTargets(hub);
  if (targets.length === 0) return [];
  const tellAt =
    (index: number): Tell =>
    (path, message) => {
      const at = ["benchmarks", index, ...path];
      const value = valueAt(raw, at);
      const key = keyOf(`${NAMESPACE}hub`, at);
      return value === undefined || path.length === 0
        ? { key, message }
        : { key, value: shown(value), message };
    };
  const site: Site = {
    scrapeSeconds: (durationMilliseconds(prometheus.scrapeInterval) ?? 0) / 1000,
    gpuTypes: [
      ...new Set([
        ...kubernetes.nodes.flatMap(({ gpuType }) => gpuType ?? []),
        ...Object.keys(pricePerGpuHour),
      ]),
    ],
  };
  return [
    ...hubProblems(hub),
    ...clashes(targets, tellAt),
    ...targets.flatMap((target, index) => {
      const tell = tellAt(index);
      const scaled = scaledAt(hub, target);
      return [
        ...(scaled >= 0 && valueAt(raw, ["benchmarks", index, "replicas"]) !== undefined
          ? [tell(["replicas"], `must be left out: ${NAMESPACE}hub.serving[${scaled}].scaling says how many`)]
          : []),
        ...whenProblems(target, site, tell),
        ...rateProblems(target, tell),
        ...sampleProblems(target, tell),
        ...protocolProblems(target, tell),
        ...scaleProblems(target, tell),
        ...gpuProblems(target, site, tell),
      ];
    }),
  ];
}

/** Tells the reader of them; none where the hub's object is unreadable. */
export function checkBenchmarks(reader: Reader, hub: HubObject | undefined): void {
  if (hub !== undefined) reader.add(...reader.masked("hub", benchmarkProblems(hub, reader.json("hub"))));
}
