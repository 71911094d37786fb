import { declareBenchmarks } from "../../../program/benchmarks";
import type { BenchmarkSurroundings } from "../../../program/benchmarks";
import type { HubSettings } from "../../../settings";
import type { VerifiedCluster } from "../../../components/kubernetes/verifiedCluster";
import { benchmarkArgs } from "../components/performance/samples";

const declare = (settings: Partial<HubSettings>) => () =>
  declareBenchmarks(
    { stack: "cloud", ...settings } as HubSettings,
    { landingZone: undefined, serving: [] } as unknown as BenchmarkSurroundings,
    {} as unknown as VerifiedCluster,
  );

it("nothing is measured where no target is listed", () => {
  expect(declare({})()).toBeUndefined();
});

it("a target without the users that init makes is an error before anything is declared", () => {
  const benchmarks = { namespace: "benchmarks", targets: [], scripts: benchmarkArgs().scripts };
  expect(declare({ benchmarks })).toThrow(
    "federation:hub.benchmarks: needs hub.landingZone and the users that npm run init -- --stack cloud makes",
  );
});
