import { apiServer, dcgm, fedCluster, scrapes } from "../../../metrics/catalogue";
import { selectors, syntaxErrors } from "../../../metrics/promql";
import { bucketOf, countOf, matching, not, notMatching, select, sumOf } from "../../../metrics/select";

describe("select", () => {
  it("writes a metric and matchers of its labels", () => {
    expect(select(scrapes.up)).toBe("up");
    expect(select(scrapes.up, { cluster: "hpc" })).toBe('up{cluster="hpc"}');
    expect(
      select(dcgm.power, {
        cluster: "hpc",
        pod: not(""),
        gpu: matching("0|1"),
        hostname: notMatching("test-.*"),
      }),
    ).toBe('DCGM_FI_DEV_POWER_USAGE{cluster="hpc",pod!="",gpu=~"0|1",hostname!~"test-.*"}');
  });

  it("quotes what a value holds", () => {
    const written = select(scrapes.up, { job: 'a"b\\c\n' });
    expect(syntaxErrors(written)).toEqual([]);
    expect(selectors(written)[0]?.matchers).toEqual([{ label: "job", op: "=", value: 'a"b\\c\n' }]);
  });

  it("writes the parts of a histogram", () => {
    const { duration } = apiServer;
    expect(select(bucketOf(duration), { le: "0.5" })).toBe(
      'apiserver_request_duration_seconds_bucket{le="0.5"}',
    );
    expect(select(countOf(duration), { verb: "GET" })).toBe(
      'apiserver_request_duration_seconds_count{verb="GET"}',
    );
    expect(select(sumOf(duration))).toBe("apiserver_request_duration_seconds_sum");
    expect(
      [bucketOf(duration), sumOf(duration), countOf(duration)].map(({ unit, type }) => [unit, type]),
    ).toEqual([
      ["count", "counter"],
      ["seconds", "counter"],
      ["count", "counter"],
    ]);
  });

  it("does not compile with anything outside the contract", () => {
    // each line below is an error of types, which the compiler is told to expect; without it, it complains
    const written = [
      // @ts-expect-error a label the metric does not have
      select(scrapes.up, { gpu: "0" }),
      // @ts-expect-error a label misspelt
      select(dcgm.power, { clustre: "hpc" }),
      // @ts-expect-error a label of a recorded metric that has none of that name
      select(fedCluster.gpus.count, { owner: "slurm" }),
      // @ts-expect-error a histogram has no series of its own name
      select(apiServer.duration, {}),
      // @ts-expect-error only buckets have le
      select(countOf(apiServer.duration), { le: "1.0" }),
      // @ts-expect-error a number is no label value
      select(scrapes.up, { job: 1 }),
    ];
    expect(written).toHaveLength(6);
    expect(() => {
      // @ts-expect-error no such metric in the contract
      select(dcgm.powre, { cluster: "hpc" });
    }).toThrow(TypeError);
  });
});
