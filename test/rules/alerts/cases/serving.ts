import { fedCluster } from "../../../../metrics/catalogue";
import type { Input } from "../../input";
import type { AlertCase } from "../case";
import { always } from "../case";

const { serving, transfer } = fedCluster;

type Replicas = Readonly<Record<string, readonly [available: number, desired: number]>>;

const replicas = (input: Input, models: Replicas) =>
  Object.entries(models).flatMap(([model, [available, desired]]) => [
    input(serving.replicas, { model, state: "available" }, available),
    input(serving.replicas, { model, state: "desired" }, desired),
  ]);

const scaled = (input: Input, desired: number, max: number, min = 1) => [
  input(serving.autoscaler, { model: "llama", bound: "desired" }, desired),
  input(serving.autoscaler, { model: "llama", bound: "max" }, max),
  input(serving.autoscaler, { model: "llama", bound: "min" }, min),
];

const llama = { model: "llama" };
const component = "serving";

const replicaCases: readonly AlertCase[] = [
  ...[{ llama: [0, 2], resnet: [2, 2] } as const, { resnet: [2, 2] } as const].map((models): AlertCase => ({
    alert: "ServingDown",
    severity: "critical",
    component,
    bad: (input) => replicas(input, models),
    fires: (cluster) => [
      {
        labels: llama,
        summary: `Model llama is not served on ${cluster}.`,
        description: "0 replicas of llama have been available for 2 minutes.",
      },
    ],
    // scaled to nothing on purpose
    good: always((input) => replicas(input, { llama: [1, 2], resnet: [0, 0] })),
  })),
  {
    alert: "ServingReplicasMissing",
    severity: "warning",
    component,
    bad: (input) => replicas(input, { llama: [1, 3], resnet: [2, 2] }),
    fires: (cluster) => [
      {
        labels: llama,
        summary: `Replicas of model llama are missing on ${cluster}.`,
        description: "2 replicas of llama have not been available for 15 minutes.",
      },
    ],
    good: always((input) => replicas(input, { llama: [3, 3], resnet: [3, 2] })),
  },
  {
    alert: "ServingAutoscalerAtLimit",
    severity: "warning",
    component,
    bad: (input) => scaled(input, 3, 3),
    fires: (cluster) => [
      {
        labels: llama,
        summary: `The autoscaler of model llama on ${cluster} is at its limit.`,
        description: "llama has wanted 3 replicas, all it may have, for 15 minutes: more load makes it slow.",
      },
    ],
    good: [
      { shows: (input: Input) => scaled(input, 2, 3) },
      // nothing to scale
      { shows: (input: Input) => scaled(input, 1, 1) },
    ],
  },
];

/** A share that was bad, for so many minutes, one after the other. */
type Course = readonly (readonly [minutes: number, share: number])[];

/** promtool's notation of a course at one sample in so many minutes. */
const sampled = (step: number, course: Course, of: (share: number) => number): string =>
  course.map(([minutes, share]) => `${of(share)}x${minutes / step - 1}`).join(" ");

/** A pair of windows, and how many times too fast a budget must be used up in both. */
interface Pair {
  readonly severity: "critical" | "warning";
  readonly window: string;
  /** Minutes. */
  readonly long: number;
  readonly short: number;
  readonly times: number;
  /** Minutes between samples. */
  readonly step: 5 | 30;
}
const pairs: readonly Pair[] = [
  { severity: "critical", window: "1h", long: 60, short: 5, times: 14.4, step: 5 },
  { severity: "critical", window: "6h", long: 360, short: 30, times: 6, step: 5 },
  { severity: "warning", window: "1d", long: 1_440, short: 120, times: 3, step: 30 },
  { severity: "warning", window: "3d", long: 4_320, short: 360, times: 1, step: 30 },
];

interface Objective {
  readonly alert: string;
  readonly component: string;
  readonly budget: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly shows: (input: Input, course: Course, step: number) => ReturnType<AlertCase["bad"]>;
  readonly summary: (cluster: string) => string;
  readonly description: (percent: string, window: string) => string;
  /** What is bad, and too little to judge by, in a long window of so many minutes. */
  readonly few?: (input: Input, minutes: number) => ReturnType<AlertCase["bad"]>;
}

/** What an objective's alerts must and must not fire for, at each pair of windows. */
function burnCases(objective: Objective): readonly AlertCase[] {
  const { alert, component: of, budget, labels, summary, description, few } = objective;
  return pairs.map(({ severity, window, long, short, times, step }): AlertCase => {
    const shows = (...course: Course) => ({ shows: (input: Input) => objective.shows(input, course, step) });
    const whole = (minutes: number): number => Math.ceil(minutes / step) * step;
    const before = whole(long);
    // just above the limit
    const share = Number((budget * times * 1.1).toPrecision(6));
    const burst = whole(short);
    // as much of the long window, and then as long a rest that the short one sees none of it
    const spent = whole(long * 0.95);
    return {
      alert,
      severity,
      component: of,
      labels: { window },
      interval: `${step}m`,
      bad: shows([before * 2, share]).shows,
      fires: (cluster) => [
        { labels, summary: summary(cluster), description: description(percentOf(share), window) },
      ],
      good: [
        shows([before * 2, budget * times * 0.9]),
        // too short to matter: the short window alone is over its limit
        {
          ...shows([before, 0], [burst, Math.min(1, share * 1.2)], [before, 0]),
          after: before + burst - step,
        },
        // over by now: the long window alone is still over its limit
        {
          ...shows([before, 0], [spent, Math.min(1, share * 1.2)], [before, 0]),
          after: before + spent + short,
        },
        ...(few === undefined ? [] : [{ shows: (input: Input) => few(input, long) }]),
      ],
    };
  });
}

const percentOf = (share: number): string => `${Number((share * 100).toPrecision(4))}%`;

const server = { model: "llama", server: "kserve" };
const RATE = 10;

const objectives: readonly Objective[] = [
  {
    alert: "ServingErrorsBurn",
    component,
    budget: 0.01,
    labels: server,
    shows: (input, course, step) => [
      input(
        serving.requests,
        server,
        sampled(step, course, () => RATE),
      ),
      input(
        serving.errors,
        server,
        sampled(step, course, (share) => RATE * share),
      ),
    ],
    summary: (cluster) => `Model llama on ${cluster} fails too many requests.`,
    description: (percent, window) =>
      `${percent} of the requests of llama (kserve) failed over ${window}; 0.99 must succeed.`,
  },
  {
    alert: "ServingLatencyBurn",
    component,
    budget: 0.05,
    labels: server,
    shows: (input, course, step) => [
      input(
        serving.requests,
        server,
        sampled(step, course, () => RATE),
      ),
      input(
        serving.duration,
        { ...server, le: "0.5" },
        sampled(step, course, (share) => RATE * (1 - share)),
      ),
      input(
        serving.duration,
        { ...server, le: "+Inf" },
        sampled(step, course, () => RATE),
      ),
    ],
    summary: (cluster) => `Model llama on ${cluster} answers too slowly.`,
    description: (percent, window) =>
      `${percent} of the requests of llama (kserve) took longer than 0.5 s over ${window}; 0.95 must be faster.`,
  },
];

/** Pods that became ready within five minutes, of which a share was slow. */
const STARTS = 2;

const starts: Objective = {
  alert: "ServingColdStartBurn",
  component,
  budget: 0.05,
  labels: llama,
  shows: (input, course, step) => [
    input(
      serving.starts,
      { ...llama, le: "10" },
      sampled(step, course, (share) => STARTS * (1 - share)),
    ),
    input(
      serving.starts,
      { ...llama, le: "+Inf" },
      sampled(step, course, () => STARTS),
    ),
  ],
  summary: (cluster) => `Pods of model llama on ${cluster} start too slowly.`,
  description: (percent, window) =>
    `${percent} of the pods of llama that started over ${window} were not ready within 10 s; 0.95 must be.`,
  // two slow ones in each long window, spread over it
  few: (input, minutes) => [
    input(serving.starts, { ...llama, le: "10" }, 0),
    input(serving.starts, { ...llama, le: "+Inf" }, (2 * 5) / minutes),
  ],
};

/** Late or not, for so many minutes, one after the other. */
type Lateness = readonly (readonly [minutes: number, late: boolean])[];

/** Freshness is late or not at any time: shares come from how long it was late. */
function freshnessCases(): readonly AlertCase[] {
  return pairs.map(({ severity, window, long, short, times, step }): AlertCase => {
    const shows =
      (...course: Lateness) =>
      (input: Input) => [
        input(
          transfer.lag,
          llama,
          course.map(([minutes, late]) => `${late ? 3_600 : 1_800}x${minutes / step - 1}`).join(" "),
        ),
      ];
    const whole = (minutes: number): number => Math.ceil(minutes / step) * step;
    // a bit more than either window bears
    const spent = whole(long * 0.05 * times * 1.1);
    const burst = whole(short * 0.05 * times * 1.1);
    return {
      alert: "PipelineFreshnessBurn",
      severity,
      component: "transfer",
      labels: { window },
      interval: `${step}m`,
      bad: shows([long * 2, true]),
      fires: (cluster) => [
        {
          labels: llama,
          summary: `Versions of llama of ${cluster} reach the registry too late.`,
          description: `For 100% of ${window}, content of llama was not registered within 1800 s after it was trained; 0.95 of the time it must be.`,
        },
      ],
      good: [
        { shows: shows([long * 2, false]) },
        // the short window alone
        {
          shows: shows([long, false], [burst, true], [long, false]),
          after: long + burst - step,
        },
        // the long window alone
        { shows: shows([long, false], [spent, true], [long, false]), after: long + spent + short },
      ],
    };
  });
}

export const servingCases: readonly AlertCase[] = [
  ...replicaCases,
  ...[...objectives, starts].flatMap(burnCases),
  ...freshnessCases(),
];
