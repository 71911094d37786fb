import { duration, digits, percent, rate } from "../format";
import type { FailureKind, Load, Result, Scenario, Target } from "../result";
import { meanOf, samplesOf } from "./percentiles";

/** Why evidence cannot carry a verdict, or why a verdict is what it is. */
export type ProblemKind =
  | "client-cpu"
  | "client-late"
  | "disagreement"
  | "dropped"
  | "error"
  | "failures"
  | "gpu-window"
  | "knee"
  | "missing"
  | "prefix-cache"
  | "rate"
  | "samples"
  | "undecided"
  | "unschedulable"
  | "wrong-answers";

export interface Problem {
  readonly kind: ProblemKind;
  readonly text: string;
}

/** Share of its CPU limit above which a client's own latency is in what it measures. */
const CLIENT_CPU = 0.9;
const CLIENT_THROTTLED = 0.05;
/** A window with less than this share of the asked rate was not a window of that rate. */
export const RATE_KEPT = 0.98;
/** Hits above this share: what was measured is the prefix cache. */
const PREFIX_HITS = 0.5;

/** Requests without a good HTTP answer. */
export const failuresOf = ({ failures }: Pick<Load, "failures">): number =>
  Object.values(failures).reduce((sum, n) => sum + n, 0);

/** `12 http-5xx, 3 timeout`, most first. */
export const failureText = (failures: Load["failures"]): string =>
  Object.entries(failures)
    .sort(([one, n], [other, m]) => m - n || one.localeCompare(other))
    .map(([kind, n]) => `${n} ${kind}`)
    .join(", ");

/** The client had not the CPU that it takes to send on time and to read the clock on time. */
export function clientProblems({ client }: Pick<Load, "client">): readonly Problem[] {
  const { cpuCores, limitCores, throttled, late } = client;
  if (cpuCores > CLIENT_CPU * limitCores) {
    const text = `the client used ${digits(cpuCores)} of ${digits(limitCores)} cores, above ${percent(CLIENT_CPU)}: give it more CPU or ask a lower rate`;
    return [{ kind: "client-cpu", text }];
  }
  if ((throttled ?? 0) > CLIENT_THROTTLED) {
    const text = `the client was throttled in ${percent(throttled ?? 0)} of its CPU periods: give it more CPU or ask a lower rate`;
    return [{ kind: "client-cpu", text }];
  }
  if (late !== undefined && late.seconds > late.limitSeconds) {
    const text = `the client was up to ${duration(late.seconds)} late (P95), ${duration(late.limitSeconds)} are allowed: it is short of CPU; give it more, or ask a lower rate`;
    return [{ kind: "client-late", text }];
  }
  return [];
}

/** The client erred in a scenario: the times that it took there say nothing of the server's. */
export const clientErred = ({ errors }: Pick<Result, "errors">, asked: Scenario): boolean =>
  errors.some(({ scenario, kind }) => scenario === asked && kind === "generator");

/** The rate that was asked did not arrive. */
export function rateProblems({
  droppedIterations,
  achievedRate,
  targetRate,
}: Pick<Load, "droppedIterations" | "achievedRate" | "targetRate">): readonly Problem[] {
  return [
    ...(droppedIterations > 0
      ? [
          {
            kind: "dropped",
            text: `${droppedIterations} iterations were dropped: every virtual user was waiting for an answer; give the client more of them`,
          } as const,
        ]
      : []),
    ...(achievedRate < RATE_KEPT * targetRate
      ? [{ kind: "rate", text: `${rate(achievedRate)} arrived of ${rate(targetRate)} asked` } as const]
      : []),
  ];
}

/** What answers were worth: speed of a server that fails or answers wrongly says nothing. */
export function answerProblems(load: Load, errorRatio: number): readonly Problem[] {
  const { requests, wrongAnswers, failures } = load;
  const failed = failuresOf(load);
  return [
    ...(wrongAnswers > 0
      ? [{ kind: "wrong-answers", text: `${wrongAnswers} of ${requests} answers were wrong` } as const]
      : []),
    ...(failed > errorRatio * requests
      ? [
          {
            kind: "failures",
            text: `${failed} of ${requests} requests failed (${failureText(failures)}): the latency of the others does not speak for them`,
          } as const,
        ]
      : []),
  ];
}

/** Client and server disagree on the mean: one of both does not measure what it says. */
export function disagreement({ latencies, server }: Load): readonly Problem[] {
  const client = meanOf(latencies);
  const told = server?.latency;
  if (client === undefined || told === undefined || told.count === 0) return [];
  const mean = told.sumSeconds / told.count;
  const says = `mean at the client ${duration(client)}, at the server ${duration(mean)} (${told.metric})`;
  if (client < 0.95 * mean - 0.001) {
    return [{ kind: "disagreement", text: `${says}: no client can be faster than its server` }];
  }
  return told.covers === "request" && client > Math.max(1.1 * mean, mean + 0.005)
    ? [
        {
          kind: "disagreement",
          text: `${says}: the difference lies in the client, the network or a gateway, not in the model`,
        },
      ]
    : [];
}

function cacheProblems({ server }: Load): readonly Problem[] {
  const hits = server?.prefixCacheHitRatio ?? 0;
  return hits > PREFIX_HITS
    ? [
        {
          kind: "prefix-cache",
          text: `${percent(hits)} of prompt tokens came from the prefix cache: vary the corpus`,
        },
      ]
    : [];
}

/** Everything that makes latencies of a window no evidence. */
export function loadProblems(load: Load, errorRatio: number): readonly Problem[] {
  return [
    ...(samplesOf(load.latencies) === 0
      ? [{ kind: "samples", text: "there was no good answer" } as const]
      : []),
    ...clientProblems(load),
    ...rateProblems(load),
    ...answerProblems(load, errorRatio),
    ...disagreement(load),
    ...cacheProblems(load),
  ];
}

/** Failures that say: what was asked is not there. They say nothing about how well it serves. */
const hints: Partial<Readonly<Record<FailureKind, (target: Target) => string>>> = {
  "unknown-host": ({ url }) => `no such host: check the endpoint ${url} and the cluster's DNS`,
  refused: ({ url }) => `nothing listens at ${url}: is the service deployed, and its port right?`,
  tls: ({ url }) => `no TLS connection to ${url}: check the CA file and the name in the certificate`,
  "http-401": ({ url }) => `${url} wants credentials`,
  "http-403": ({ url }) => `${url} refuses these credentials`,
  "http-404": ({ url, model, protocol }) =>
    `${url} does not know the model ${model} by ${protocol}: check its name, protocol and version`,
};

/** The target was not reached at all; empty where a single request got an answer of another kind. */
export function unreachable(
  target: Target,
  { requests, failures }: Pick<Load, "requests" | "failures">,
): readonly Problem[] {
  const [kind] = (Object.entries(failures) as [FailureKind, number][]).sort(([, n], [, m]) => m - n)[0] ?? [];
  const all = (Object.keys(failures) as FailureKind[]).every((one) => hints[one] !== undefined);
  const hint = kind === undefined ? undefined : hints[kind];
  if (!all || hint === undefined || failuresOf({ failures }) < requests) return [];
  return [{ kind: "error", text: `every request failed (${failureText(failures)}): ${hint(target)}` }];
}
