import { duration } from "../format";
import { requestUrl } from "./corpus";
import { longestRunSeconds } from "./durations";
import type { Declared } from "./settings";

const versionText = ({ target, registry }: Declared): string =>
  target.version ?? `(the version that ${registry?.url ?? ""} calls ${registry?.alias ?? ""})`;

const kindsOf = ({ kinds, live }: NonNullable<Declared["coldStart"]>): readonly string[] =>
  live ? kinds.filter((kind) => kind !== "deployment") : [...new Set(["deployment", ...kinds])];

/** What a run would write, and where. */
function writes({ target, store, registry, remoteWrite, resultFile }: Declared): readonly string[] {
  const model = registry?.model ?? target.model;
  const version = target.version ?? "VERSION";
  return [
    `writes ${resultFile}`,
    ...(remoteWrite ? [`writes k6's series to ${remoteWrite.url}`] : []),
    ...(store
      ? [
          `writes ${target.model}/${version}/RUN/{result.json,judged.json,report.md,report.html} and ${target.model}/summaries/RUN.json to the bucket ${store.bucket} at ${store.url}`,
        ]
      : []),
    ...(registry
      ? [
          `writes a run of the experiment benchmarks and tags benchmark.* of ${model} ${version} to ${registry.url}`,
          registry.promote
            ? `moves the alias champion of ${model}, where the verdict is pass, nothing is simulated and nothing got worse`
            : "moves no alias",
        ]
      : []),
  ];
}

/** How long all of it takes at most; what is not asked takes no time. */
function longest({ asked, smoke, warm, timeoutSeconds, prometheus, ...more }: Declared): string {
  const of = <T>(name: Declared["asked"][number], load: T): T | undefined =>
    asked.includes(name) ? load : undefined;
  const seconds = longestRunSeconds({
    smoke: of("smoke", smoke),
    warm: of("warm", warm),
    saturation: of("saturation", more.saturation),
    soak: of("soak", more.soak),
    autoscaling: of("autoscaling", more.autoscaling),
    coldStart: of("coldStart", more.coldStart),
    timeoutSeconds,
    settleSeconds: prometheus?.settleSeconds ?? 0,
  });
  return duration(seconds);
}

/** What a run would do, for a person: load, duration, the objects it touches, and what it writes where. */
export function planLines(settings: Declared): readonly string[] {
  const { target, asked, warm, smoke, saturation, soak, autoscaling, coldStart, kubernetes } = settings;
  const lines: Partial<Record<Declared["asked"][number], string>> = {
    smoke: `smoke: ${smoke.rate} requests per second for ${smoke.seconds} s`,
    warm: `warm: ${warm.rate} requests per second for ${warm.warmUpSeconds + warm.seconds} s, ${warm.streamsPerSecond} streams per second beside it`,
    ...(saturation && {
      saturation: `saturation: steps of ${saturation.stepSeconds} s at least, from ${saturation.startRate} to at most ${saturation.maxRate} requests per second, for at most ${saturation.limitSeconds} s`,
    }),
    ...(soak && {
      soak: `soak: ${soak.rate} requests per second for ${soak.windows * soak.windowSeconds} s`,
    }),
    ...(coldStart && {
      coldStart: `coldStart: ${kindsOf(coldStart).join(", ")}, for at most ${coldStart.limitSeconds} s each`,
    }),
    ...(autoscaling && {
      autoscaling: `autoscaling: ${autoscaling.rateBefore}, then ${autoscaling.rateAfter} requests per second for ${autoscaling.beforeSeconds + autoscaling.holdSeconds} s, then at most ${autoscaling.returnSeconds} s without`,
    }),
  };
  const { namespace, deployment } = kubernetes ?? { namespace: "", deployment: "" };
  const touched = [
    ...(asked.includes("coldStart")
      ? [
          coldStart?.live
            ? `replicas and pods of ${namespace}/${deployment} itself, which serves nothing meanwhile; its replicas are given back`
            : `a copy of Deployment and Service of ${namespace}/${deployment}, made, scaled, its pods deleted, removed again`,
        ]
      : []),
    ...(asked.includes("autoscaling")
      ? [`replicas of ${namespace}/${deployment}, by its own autoscaler`]
      : []),
  ];
  const allowed = settings.disruptive || touched.length === 0;
  return [
    `${target.model} ${versionText(settings)} on ${target.cluster} at ${requestUrl(target)}`,
    ...asked.flatMap((scenario) => lines[scenario] ?? []),
    `takes ${longest(settings)} at most, where the target answers`,
    `objects touched: ${touched.length === 0 ? "none" : touched.join("; ")}`,
    ...(allowed ? [] : ["disruptive is not set: scenarios that touch objects will not run"]),
    ...writes(settings),
  ];
}
