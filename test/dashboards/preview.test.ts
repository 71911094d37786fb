import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { last } from "../../commands/preview/evaluate";
import { discoverSite, preview } from "../../commands/preview/preview";
import type { Preview } from "../../commands/preview/preview";
import { CHROMIUM, takePictures } from "../../commands/preview/png";
import { endpoint, Prometheus } from "../../commands/preview/prometheus";
import { page, PAGE_WIDTH } from "../../commands/preview/render/page";
import { tableOf } from "../../commands/preview/render/table";
import { selectorReport } from "../../commands/preview/report";
import { emptyOnes } from "../../commands/preview/selectors";
import { fedCluster, fedHub } from "../../metrics/catalogue";
import { repository } from "../../sandbox/paths";
import { seededPrometheus } from "./support/prometheus";
import type { SeededPrometheus } from "./support/prometheus";
import { site } from "./support/sites";

const SCRAPE = 30_000;

/** The evaluated panel of a title. */
function panelOf({ dashboards }: Preview, uid: string, title: string) {
  const shown = dashboards.find(({ dashboard }) => dashboard.uid === uid);
  const found = [...(shown?.panels.values() ?? [])].find(({ panel }) => panel.title === title);
  if (found === undefined) throw new Error(`${uid} has no panel "${title}"`);
  return found;
}

describe("the preview of a federation whose every series is there", () => {
  let seeded: SeededPrometheus;
  let prometheus: Prometheus;
  let shown: Preview;

  beforeAll(async () => {
    seeded = await seededPrometheus();
    prometheus = new Prometheus(endpoint(seeded.url));
    shown = await preview({ prometheus, now: seeded.now, scrapeInterval: SCRAPE });
  });
  afterAll(async () => {
    prometheus.close();
    await seeded.stop();
  });

  it("finds hub and members by itself", async () => {
    expect(await discoverSite(prometheus, seeded.now)).toEqual(site);
  });

  it("has series for every selector of every panel, and something to show on every panel", () => {
    expect(emptyOnes(shown.selectors)).toEqual([]);
    expect(shown.selectors.length).toBeGreaterThan(250);
    expect(selectorReport(shown.selectors)).toMatch(
      /\n\d+ selectors: \d+ with series, 0 empty and good so, 0 empty$/,
    );
    const bare = shown.dashboards.flatMap(({ panels }) =>
      [...panels.values()].filter(({ series }) => series.length === 0).map(({ panel }) => panel.title),
    );
    expect(bare).toEqual([]);
  });

  it("shows what the Prometheus says, by the dashboard's own query and legend", async () => {
    const { series } = panelOf(shown, "federation-resource-utilization", "CPU in use");
    const asked = await prometheus.instant(fedHub.ratios.cpu.name, series[0]!.points.at(-1)![0]);
    const expected = new Map(asked.map(({ labels, samples }) => [labels.cluster, samples[0]![1]]));
    expect(series.map((one) => [one.name, last(one)])).toEqual([
      ["cloud", expected.get("cloud")],
      ["hpc", expected.get("hpc")],
    ]);
  });

  it("takes differences of the two clusters", () => {
    const [left, right, difference] = panelOf(shown, "federation-cluster-overview", "GPUs").series;
    expect([left, right, difference].map((one) => one?.name)).toEqual(["cloud", "hpc", "difference"]);
    expect(last(difference!)).toBe(last(left!)! - last(right!)!);
    expect(last(difference!)).toBe(24 - 192);
  });

  it("joins the columns of a table, one row a version, and says how far each came", () => {
    const { headings, rows } = tableOf(
      panelOf(shown, "federation-model-pipeline", "The 20 versions trained last"),
    );
    expect(headings).toEqual([
      "Trained on",
      "Model",
      "Version",
      "Trained",
      "Reached",
      "Stillness",
      "Hash",
      "Upload",
      "Verify",
      "Register",
      "Deploy",
      "First answer",
      "Freshness",
    ]);
    expect(rows.map((row) => row.slice(0, 3).join(" "))).toEqual([
      "hpc llama-chat 12",
      "hpc llama-chat 11",
      "hpc fraud-xgb 12",
      "hpc resnet-50 12",
      "hpc fraud-xgb 11",
      "hpc resnet-50 11",
    ]);
    const [served, , waiting] = rows;
    expect(served?.slice(4)).toEqual([8, 150, 40, 230, 40, 20, 1020, 120, 1620]);
    expect(waiting?.slice(4, 12)).toEqual([6, 150, 40, 230, 40, 20, undefined, undefined]);
    // not served: as old as it is
    expect(waiting?.[12]).toBe(seeded.now / 1000 - (waiting?.[3] as number) / 1000);
  });

  it("shows every figure of a benchmark's run in one row, also when the run is over", () => {
    const { headings, rows } = tableOf(panelOf(shown, "federation-inference-performance", "Benchmark runs"));
    expect(headings.slice(0, 4)).toEqual(["Cluster", "Model", "Version", "Run"]);
    // three models in two versions
    expect(rows).toHaveLength(6);
    expect(rows.flat().filter((value) => value === undefined)).toEqual([]);
  });

  it("shows the time without a member's heartbeat as blind", () => {
    const html = page(
      shown.dashboards.filter(({ dashboard }) => dashboard.uid === "federation-cluster-overview"),
    );
    const timeline = /<article id="panel-\d+"[^>]*><h3[^>]*>Clusters over time<\/h3>.*?<\/article>/s.exec(
      html,
    )?.[0];
    expect(timeline?.match(/<title>\w+<\/title>/g)).toEqual([
      "<title>healthy</title>",
      "<title>degraded</title>",
      "<title>blind</title>",
      "<title>degraded</title>",
    ]);
  });

  it("is one page that is complete in itself, with every panel", () => {
    const html = page(shown.dashboards);
    const titles = shown.dashboards.flatMap(({ panels }) =>
      [...panels.values()].map(({ panel }) => panel.title ?? ""),
    );
    expect(html.match(/<h3 /g)?.length).toBe(titles.length);
    expect(html.match(/<section /g)?.length).toBe(6);
    expect(html.match(/<(script|link|img|iframe)\b/g)).toBeNull();
    expect([...html.matchAll(/(?:href|src)="([^"]*)"/g)].filter(([, to]) => !to?.startsWith("#"))).toEqual(
      [],
    );
    expect([...html.matchAll(/\$\w+|NaN|undefined/g)].map(([found]) => found)).toEqual([]);
  });

  it("is the same page when it is made again", async () => {
    const again = await preview({
      prometheus,
      now: seeded.now,
      scrapeInterval: SCRAPE,
      only: ["federation-health"],
    });
    const before = shown.dashboards.filter(({ dashboard }) => dashboard.uid === "federation-health");
    // said without the pages, which are long
    expect(page(again.dashboards) === page(before)).toBe(true);
  });

  it("refuses a dashboard that is none", async () => {
    const asked = preview({ prometheus, now: seeded.now, scrapeInterval: SCRAPE, only: ["cluster"] });
    await expect(asked).rejects.toThrow(
      "no dashboard cluster; there are federation-cluster-overview, federation-resource-utilization",
    );
  });

  const withChromium = fs.existsSync(CHROMIUM) ? it : it.skip;
  if (!fs.existsSync(CHROMIUM)) console.log(`skipped: ${CHROMIUM} is not installed`);
  withChromium("becomes a picture a dashboard", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "federation-pictures-"));
    const html = path.join(folder, "index.html");
    fs.writeFileSync(html, page(shown.dashboards));
    const uids = shown.dashboards.map(({ dashboard }) => dashboard.uid);
    const files = await takePictures(html, uids, folder);
    expect(files).toEqual(uids.map((uid) => path.join(folder, `${uid}.png`)));
    for (const file of files) {
      const png = fs.readFileSync(file);
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect(png.readUInt32BE(16)).toBe(PAGE_WIDTH);
      expect(png.readUInt32BE(20)).toBeGreaterThan(1000);
    }
    fs.rmSync(folder, { recursive: true });
  });
});

describe("the preview of a federation that lacks series", () => {
  const lost = fedHub.inference.requests.name;
  const quiet = fedCluster.monitoring.alertsFiring.name;
  let seeded: SeededPrometheus;
  let out: string;

  beforeAll(async () => {
    seeded = await seededPrometheus((name) => ![lost, quiet, fedHub.cost.gpus.name].includes(name));
    out = fs.mkdtempSync(path.join(os.tmpdir(), "federation-preview-"));
  });
  afterAll(async () => {
    await seeded.stop();
    fs.rmSync(out, { recursive: true });
  });

  it("lists each empty selector, tells those that are good so, and ends with 1", () => {
    const run = spawnSync(
      "tsx",
      [
        "commands/dashboardsPreview.ts",
        ...["--prometheus", seeded.url, "--time", new Date(seeded.now).toISOString(), "--out", out],
      ],
      { cwd: repository, encoding: "utf8", env: { ...process.env, FORCE_COLOR: "0" } },
    );
    expect([run.status, run.stderr]).toEqual([1, ""]);
    const [, good = "", empty = ""] =
      /\nEmpty, and good so:\n(.*)\n\nEmpty:\n(.*)\n\n\d+ selectors/s.exec(run.stdout) ?? [];
    expect(good.split("\n").map((line) => line.trim())).toEqual([
      `Clusters / Cluster Overview, Alerts that fire: ${quiet}{cluster=~".+"} (no alert fires)`,
      `Monitoring / Federation Health, Alerts that fire: ${quiet}{cluster=~".+"} (no alert fires)`,
    ]);
    expect(empty.split("\n").map((line) => line.trim())).toEqual([
      `Workloads / Workload Status, Served models: ${lost}{cluster=~".+"}`,
      `Workloads / Workload Status, Requests: ${lost}{cluster=~".+"}`,
      `Models / Inference Performance, Requests: ${lost}{cluster=~".+",model=~".+"}`,
      `Models / Inference Performance, Requests by model: ${lost}{cluster=~".+",model=~".+"}`,
    ]);
    expect(run.stdout).toMatch(/\d+ selectors: \d+ with series, 2 empty and good so, 4 empty\n/);
    expect(fs.readFileSync(path.join(out, "index.html"), "utf8")).toContain(
      '<div class="empty">no data</div>',
    );
  });
});

describe("a Prometheus that is no hub's", () => {
  it("is refused with what was found there", async () => {
    const seeded = await seededPrometheus((name) => name === fedCluster.monitoring.heartbeat.name);
    const prometheus = new Prometheus(endpoint(seeded.url));
    await expect(discoverSite(prometheus, seeded.now)).rejects.toThrow(
      "this is no hub's Prometheus: fed_cluster:heartbeat:timestamp_seconds is known of cloud, hpc, " +
        "fed_hub:heartbeat:stale of none; one cluster must have the first and not the second",
    );
    prometheus.close();
    await seeded.stop();
  });

  it("is refused by its own words where it does not answer", async () => {
    const prometheus = new Prometheus(endpoint("http://127.0.0.1:1"));
    await expect(discoverSite(prometheus, 0)).rejects.toThrow(
      "http://127.0.0.1:1/api/v1/query: connect ECONNREFUSED",
    );
  });
});
