import type { Judgement } from "../analysis/judge";
import { minimumSamples, sampledPercentile } from "../analysis/percentiles";
import { guilty } from "../analysis/starts";
import { counted, digits, duration, percent, rate } from "../format";
import type { Load, Result, Streaming } from "../result";
import { cell, cells, chart } from "./blocks";
import type { Block, Section } from "./blocks";
import { latencyChart } from "./latencyChart";
import { scalingChart } from "./scalingChart";

/** What the streaming probe saw; a percentile only of enough samples. */
function firstTokens({ samples, failures, ratePerSecond }: Streaming): Block {
  const sorted = samples.map(({ firstToken }) => firstToken).sort((one, other) => one - other);
  const said = [0.5, 0.95].map((p) =>
    sorted.length < minimumSamples(p)
      ? `P${p * 100} takes ${minimumSamples(p)} samples`
      : `P${p * 100} ${duration(sampledPercentile(sorted, p).value)}`,
  );
  const gaps = samples.flatMap(({ firstToken, total, outputTokens }) =>
    outputTokens > 1 ? [(total - firstToken) / (outputTokens - 1)] : [],
  );
  const perToken =
    gaps.length === 0
      ? ""
      : `; ${duration(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length)} for each further token`;
  return {
    kind: "text",
    text: `Time to first token (sampled): ${said.join(", ")}${perToken}; ${counted(samples.length, "sample")} at ${rate(ratePerSecond)}, ${failures} failed.`,
  };
}

/** What the client needed itself: whether it could measure at all. */
function clientOf({ client: { cpuCores, limitCores, throttled, late } }: Load): Block {
  const told = [
    `${digits(cpuCores)} of ${digits(limitCores)} cores used`,
    throttled === undefined ? undefined : `throttled in ${percent(throttled)} of its CPU periods`,
    late === undefined ? undefined : `up to ${duration(late.seconds)} late (P95)`,
  ].filter((text) => text !== undefined);
  return { kind: "text", text: `The client at that rate: ${told.join(", ")}.` };
}

export function latency({ warm, knee }: Judgement, { evidence, target }: Result): readonly Section[] {
  const { streaming } = evidence.warm ?? {};
  const blocks: readonly Block[] = [
    ...(warm === undefined || evidence.warm === undefined
      ? []
      : [
          {
            kind: "table",
            head: [`At ${rate(evidence.warm.load.targetRate)}`, "Value", "95 % interval", "Good answers"],
            rows: [
              ...warm.percentiles.map(({ p, value, low, high, samples }) =>
                cells(
                  `P${digits(p * 100)}`,
                  duration(value),
                  `${duration(low)} to ${Number.isFinite(high) ? duration(high) : "unknown"}`,
                  String(samples),
                ),
              ),
              ...(warm.mean === undefined ? [] : [cells("mean", duration(warm.mean), "", "")]),
            ],
          } as const,
        ]),
    ...(evidence.warm === undefined ? [] : [clientOf(evidence.warm.load)]),
    ...(streaming === undefined ? [] : [firstTokens(streaming)]),
    ...(knee === undefined
      ? []
      : [
          ...chart(latencyChart(knee, target.slos.warmP95Seconds)),
          {
            kind: "table",
            head: ["Asked", "Arrived", "Purpose", "P95", "95 % interval", "Good answers", "State", "Why"],
            rows: knee.steps.map(({ load, purpose, p95, state, reasons }) => [
              ...cells(
                rate(load.targetRate),
                rate(load.achievedRate),
                purpose,
                p95 === undefined ? "none" : duration(p95.value),
                p95 === undefined
                  ? ""
                  : `${duration(p95.low)} to ${Number.isFinite(p95.high) ? duration(p95.high) : "unknown"}`,
                String(p95?.samples ?? 0),
              ),
              cell(state, ({ met: "pass", missed: "fail", invalid: "invalid" } as const)[state]),
              cell(reasons.map(({ text }) => text).join("; ")),
            ]),
          } as const,
          ...(knee.problems.length === 0
            ? []
            : [{ kind: "list", items: knee.problems.map(({ text }) => text) } as const]),
        ]),
  ];
  return blocks.length === 0 ? [] : [{ id: "latency", title: "Latency against rate", blocks }];
}

export function starts({ evidence: { coldStart = [] } }: Result): readonly Section[] {
  if (coldStart.length === 0) return [];
  const rows = coldStart.map(({ kind, manual, totalSeconds, phases }) => {
    const worst = guilty(phases);
    return cells(
      manual ? `${kind} (scaled by hand)` : kind,
      duration(totalSeconds),
      phases.map(({ phase, seconds }) => `${phase} ${duration(seconds)}`).join(", "),
      worst === undefined ? "" : `${worst.phase}: without it ${duration(totalSeconds - worst.seconds)}`,
    );
  });
  return [
    {
      id: "cold-start",
      title: "Cold start",
      blocks: [{ kind: "table", head: ["Kind", "Total", "Phases", "Guilty"], rows }],
    },
  ];
}

export function scaling({ evidence: { autoscaling }, target }: Result): readonly Section[] {
  if (autoscaling === undefined) return [];
  const { from, to, rateBefore, rateAfter, totalSeconds, watchedSeconds, returnSeconds, phases } =
    autoscaling;
  const worst = guilty(phases);
  const reached =
    totalSeconds === undefined ? `not in ${duration(watchedSeconds)}` : `in ${duration(totalSeconds)}`;
  const blame =
    worst === undefined || totalSeconds === undefined
      ? ""
      : ` Longest phase: ${worst.phase}, ${duration(worst.seconds)}; without it ${duration(totalSeconds - worst.seconds)}.`;
  return [
    {
      id: "autoscaling",
      title: "Autoscaling",
      blocks: [
        {
          kind: "text",
          text: `${from} -> ${to} replicas ${reached} after the step from ${rate(rateBefore)} to ${rate(rateAfter)}; back to ${from} ${returnSeconds === undefined ? "not seen" : `in ${duration(returnSeconds)}`}.${blame}`,
        },
        ...chart(scalingChart(autoscaling, target.slos.autoscalingSeconds)),
      ],
    },
  ];
}
