/**
 * Regression and drift by real runs of the driver against servers that sleep: 20 of the champion's own speed, 20 that are
 * 20 % slower, and five releases that are 4 % slower each. All are interleaved, four at a time, so that what else the
 * machine does falls on all of them.
 */
import { buildWorker } from "../../scripts/build";
import { judge, type Judgement } from "../../workloads/benchmark/analysis/judge";
import type { Result, Summary } from "../../workloads/benchmark/result";
import { startInferenceServer, type RunningServer } from "../support/inferenceServer";
import { model } from "../workloads/support/benchmark";
import { judgedRun, retried, storyOf, type JudgedRun } from "../workloads/support/judged";

const RUNS = 20;
/** Runs of a champion that a baseline takes. */
const BASELINE = 5;
const STEP = 1.04;
const AT_A_TIME = 4;
/** So long that what a machine adds to it is little beside the 5 % that a figure may be worse. */
const SERVICE_MS = 400;
/** Times that a run is measured again whose client was short of CPU. */
const RETRIES = 5;

/** A version, how many times as long as the champion's its requests take, and how often it is run. */
interface Version {
  readonly version: string;
  readonly slower: number;
  readonly runs: number;
}
const releases: readonly Version[] = [1, 2, 3, 4, 5].map((step) => ({
  version: `release-${step}`,
  slower: STEP ** step,
  runs: BASELINE,
}));
const versions: readonly Version[] = [
  { version: "champion", slower: 1, runs: BASELINE },
  { version: "same", slower: 1, runs: RUNS },
  { version: "slower", slower: 1.2, runs: RUNS },
  ...releases,
];

const servers = new Map<string, RunningServer>();
const measured = new Map<string, readonly JudgedRun[]>();

/** Every run of every version, each version's spread evenly over the whole time. */
function schedule(): readonly { readonly version: string; readonly run: string }[] {
  return versions
    .flatMap(({ version, runs }) =>
      Array.from({ length: runs }, (_, index) => ({
        version,
        run: `${version}-${index + 1}`,
        at: (index + 0.5) / runs,
      })),
    )
    .sort((one, other) => one.at - other.at);
}

const measure = (version: string, run: string): Promise<JudgedRun> =>
  retried(
    () =>
      judgedRun(servers.get(version)?.url ?? "", {
        run,
        // twice the requests that are under way
        maxVirtualUsers: 110,
        timeoutSeconds: 3,
        // its own word on whether its times can be trusted is part of what is tested
        lateSeconds: 0.01,
        warm: { rate: 100, warmUpSeconds: 1, seconds: 6.2 },
        target: { version, slos: { warmP95Seconds: 1 } },
      }),
    RETRIES,
  );

beforeAll(async () => {
  buildWorker("benchmark");
  buildWorker("benchmark-load");
  for (const { version, slower } of versions) {
    const service = {
      kind: "uniform",
      lowMs: 0.95 * SERVICE_MS * slower,
      highMs: 1.05 * SERVICE_MS * slower,
    } as const;
    servers.set(version, await startInferenceServer({ model, service }));
  }
  const runs = schedule();
  for (let from = 0; from < runs.length; from += AT_A_TIME) {
    const round = runs.slice(from, from + AT_A_TIME);
    // rounds begin together: what a load takes to begin falls into nobody's window
    const done = await Promise.all(round.map(({ version, run }) => measure(version, run)));
    done.forEach((one, at) => {
      const version = round[at]?.version ?? "";
      measured.set(version, [...(measured.get(version) ?? []), one]);
    });
  }
});

afterAll(async () => {
  for (const server of servers.values()) await server.close();
});

const runsOf = (version: string): readonly JudgedRun[] => measured.get(version) ?? [];
const summaries = (version: string, champion: boolean): readonly Summary[] =>
  runsOf(version).map(({ judgement }) => ({ ...judgement.summary, champion }));
const against = (result: Result, history: readonly Summary[]): Judgement =>
  judge({ ...result, history: [...history] });

const regressed = ({ comparisons }: Judgement): boolean =>
  comparisons.some(({ state }) => state === "regression");

const mediansOf = ({ comparisons }: Judgement): readonly string[] =>
  comparisons.filter(({ figure }) => figure === "warmP50Seconds").map(({ state }) => state);

/** What a person looks at next: what every run was compared with, and how. */
const told = (judgements: readonly Judgement[]): string =>
  judgements
    .flatMap(({ run, comparisons, drifts }) =>
      [...comparisons, ...drifts].map(({ figure, state, text }) => `${run}, ${figure}: ${state}, ${text}`),
    )
    .join("\n");

function expecting(judgements: readonly Judgement[], assertions: () => void): void {
  try {
    assertions();
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${told(judgements)}`, {
      cause: error,
    });
  }
}

it("every run is evidence: its median and its P95 can be compared", () => {
  const all = versions.flatMap(({ version }) => runsOf(version));
  expect(all).toHaveLength(versions.reduce((sum, { runs }) => sum + runs, 0));
  const none = all.filter(
    ({ judgement: { verdict, comparisons } }) => verdict !== "pass" || comparisons.length !== 2,
  );
  expect(none.map(storyOf)).toEqual([]);
});

it("of 20 runs of the champion's own speed at most one is called a regression", () => {
  const judged = runsOf("same").map(({ result }) => against(result, summaries("champion", true)));
  expecting(judged, () => {
    expect(judged).toHaveLength(RUNS);
    expect(judged.filter(regressed).length).toBeLessThanOrEqual(1);
    // none of them for want of a verdict
    const medians = judged.flatMap(mediansOf);
    expect(medians).toHaveLength(RUNS);
    expect(medians.filter((state) => state === "inconclusive")).toEqual([]);
  });
});

it("of 20 runs that are 20 % slower at most one is not called a regression", () => {
  const judged = runsOf("slower").map(({ result }) => against(result, summaries("champion", true)));
  expecting(judged, () => {
    expect(judged).toHaveLength(RUNS);
    expect(judged.filter((one) => !regressed(one)).length).toBeLessThanOrEqual(1);
    const held = judged.filter(({ hold }) => hold.some((text) => text.includes("regression")));
    expect(held).toHaveLength(judged.filter(regressed).length);
  });
});

it("five releases of 4 % each drift, though no median is a regression against the one before", () => {
  const judged = releases.map(({ version }, index) => {
    const before = ["champion", ...releases.slice(0, index).map((one) => one.version)];
    const own = summaries(version, false).slice(0, -1);
    const history = [...before.flatMap((one) => summaries(one, true)), ...own];
    const last = runsOf(version).at(-1);
    if (last === undefined) throw new Error(`no run of ${version}`);
    return against(last.result, history);
  });
  expecting(judged, () => {
    expect(judged.map(mediansOf)).toEqual(releases.map(() => ["none"]));
    const last = judged.at(-1);
    expect(last?.drifts).toContainEqual(
      expect.objectContaining({ figure: "warmP50Seconds", state: "drift", version: "champion" }),
    );
    expect(last?.hold.join()).toContain("worse than version champion, the best of 5 former champions");
  });
});
