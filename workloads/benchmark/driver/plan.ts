import { requestUrl } from "./corpus";
import type { Settings } from "./settings";

/** What a run would do, for a person: load, duration and the objects it touches. */
export function planLines(settings: Settings): readonly string[] {
  const { target, asked, warm, smoke, saturation, soak, autoscaling, coldStart, kubernetes } = settings;
  const lines: Partial<Record<Settings["asked"][number], string>> = {
    smoke: `smoke: ${smoke.rate} requests per second for ${smoke.seconds} s`,
    warm: `warm: ${warm.rate} requests per second for ${warm.warmUpSeconds + warm.seconds} s, ${warm.streamsPerSecond} streams per second beside it`,
    ...(saturation && {
      saturation: `saturation: steps of ${saturation.stepSeconds} s at least, from ${saturation.startRate} to at most ${saturation.maxRate} requests per second, for at most ${saturation.limitSeconds} s`,
    }),
    ...(soak && {
      soak: `soak: ${soak.rate} requests per second for ${soak.windows * soak.windowSeconds} s`,
    }),
    ...(coldStart && {
      coldStart: `coldStart: ${[...new Set(["deployment", ...coldStart.kinds])].join(", ")}, for at most ${coldStart.limitSeconds} s each`,
    }),
    ...(autoscaling && {
      autoscaling: `autoscaling: ${autoscaling.rateBefore}, then ${autoscaling.rateAfter} requests per second for ${autoscaling.beforeSeconds + autoscaling.holdSeconds} s, then at most ${autoscaling.returnSeconds} s without`,
    }),
  };
  const { namespace, deployment } = kubernetes ?? { namespace: "", deployment: "" };
  const touched = [
    ...(asked.includes("coldStart")
      ? [
          `a copy of Deployment and Service of ${namespace}/${deployment}, made, scaled, its pods deleted, removed again`,
        ]
      : []),
    ...(asked.includes("autoscaling")
      ? [`replicas of ${namespace}/${deployment}, by its own autoscaler`]
      : []),
  ];
  const allowed = settings.disruptive || touched.length === 0;
  return [
    `${target.model} ${target.version} on ${target.cluster} at ${requestUrl(target)}`,
    ...asked.flatMap((scenario) => lines[scenario] ?? []),
    `objects touched: ${touched.length === 0 ? "none" : touched.join("; ")}`,
    ...(allowed ? [] : ["disruptive is not set: scenarios that touch objects will not run"]),
  ];
}
