import { until } from "../../sandbox/checks";
import { get, query, queryValue } from "../../sandbox/prometheus";
import {
  endpoints,
  evidence,
  federationHealthy,
  kubectl,
  namespace,
  prometheusPod,
  prometheusReady,
  scalePrometheus,
} from "../support/live";

const healthInterval = 15;
const heartbeat = 'fed_cluster:heartbeat:timestamp_seconds{cluster="hpc"}';

/** Samples of the member's heartbeat on the hub between two times of the hub's clock, as [time, value]. */
async function heartbeats(from: number, to: number): Promise<readonly (readonly [number, string])[]> {
  const seconds = Math.max(1, Math.ceil(to - from));
  const answer = await get(
    endpoints().hub,
    `/api/v1/query?query=${encodeURIComponent(`${heartbeat}[${seconds}s]`)}&time=${to}`,
  );
  const { data } = JSON.parse(answer.body) as {
    data: { result: { values: (readonly [number, string])[] }[] };
  };
  return data.result.flatMap(({ values }) => values);
}

const now = (): number => Date.now() / 1000;

describe("outages", () => {
  const at = endpoints();

  beforeAll(() => federationHealthy(4));

  afterEach(async () => {
    for (const stack of ["cloud", "hpc"] as const) {
      scalePrometheus(stack, 1);
      await prometheusReady(stack);
    }
  });

  it("keeps the hub's old samples when its Prometheus goes to 0 and back", async () => {
    const end = now() - 20;
    const before = await heartbeats(end - 60, end);
    expect(before.length).toBeGreaterThan(1);
    scalePrometheus("cloud", 0);
    await until("the hub's Prometheus gone", 90, () => {
      const pods = kubectl("cloud", ["get", "pods", "-n", namespace, "-o", "name"]);
      return Promise.resolve(pods.includes(`pod/${prometheusPod}`) ? ["still there"] : []);
    });
    const restarted = now();
    scalePrometheus("cloud", 1);
    await prometheusReady("cloud");
    expect(await heartbeats(end - 60, end)).toEqual(before);
    await until("a fresh heartbeat from the member", 90, async () => {
      const scraped = await queryValue(at.hub, `timestamp(${heartbeat})`);
      return scraped !== undefined && scraped > restarted ? [] : [`the last is of ${scraped ?? "never"}`];
    });
  });

  it("shows the member's outage as up 0, a gap and a growing age, and heals", async () => {
    const end = now() - 5;
    const before = await heartbeats(end - 60, end);
    scalePrometheus("hpc", 0);
    const up = 'up{member="hpc",job="federate-health"}';
    await until(
      "the first failed scrape",
      90,
      async () => ((await queryValue(at.hub, up)) === 0 ? [] : ["still up"]),
      () => Promise.resolve(evidence("hpc")),
    );
    const failed = now();
    const firstAge = await queryValue(at.hub, 'fed_hub:heartbeat:age_seconds{cluster="hpc"}');
    const ages: number[] = [firstAge ?? Number.NaN];
    for (let interval = 1; interval <= 4; interval++) {
      await until(`interval ${interval} of the outage`, 60, () =>
        Promise.resolve(now() >= failed + interval * healthInterval ? [] : ["not over yet"]),
      );
      expect(await queryValue(at.hub, up)).toBe(0);
      expect(await query(at.hub, heartbeat)).toEqual([]);
      expect(await query(at.hub, 'fed_cluster:targets:up{cluster="hpc"}')).toEqual([]);
      ages.push((await queryValue(at.hub, 'fed_hub:heartbeat:age_seconds{cluster="hpc"}')) ?? Number.NaN);
    }
    for (let i = 1; i < ages.length; i++) expect(ages[i]).toBeGreaterThan(ages[i - 1]!);
    await until("staleness", 60, async () =>
      (await queryValue(at.hub, 'fed_hub:heartbeat:stale{cluster="hpc"}')) === 1 ? [] : ["not stale yet"],
    );
    // the hub's own recordings are untouched
    expect(await queryValue(at.hub, 'count(fed_cluster:heartbeat:timestamp_seconds{cluster="cloud"})')).toBe(
      1,
    );
    const restored = now();
    scalePrometheus("hpc", 1);
    await prometheusReady("hpc");
    await until("the member's series again", 90, async () =>
      (await queryValue(at.hub, up)) === 1 && (await query(at.hub, heartbeat)).length === 1
        ? []
        : ["not yet"],
    );
    expect(await heartbeats(failed, restored)).toEqual([]);
    expect(await heartbeats(end - 60, end)).toEqual(before);
    await until("fresh again", 90, async () =>
      (await queryValue(at.hub, 'fed_hub:heartbeat:stale{cluster="hpc"}')) === 0 ? [] : ["still stale"],
    );
  });
});
