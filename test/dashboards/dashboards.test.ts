import type { Panel, ThresholdsConfig } from "@grafana/grafana-foundation-sdk/dashboard";
import { isRow, panelsOf, targetsOf } from "../../commands/preview/evaluate";
import { buildDashboards } from "../../dashboards";
import { STATE_COLOURS } from "../../dashboards/kit/palette";
import { otherSites, site } from "./support/sites";

const KIB = 1024;
const built = buildDashboards(site);
const everyPanel = built.flatMap(({ uid, model }) => panelsOf(model).map((panel) => ({ uid, panel })));
const cells = ({ gridPos = { x: 0, y: 0, w: 0, h: 0 } }: Panel): readonly string[] =>
  Array.from({ length: gridPos.w * gridPos.h }, (_, index) => {
    const x = gridPos.x + (index % gridPos.w);
    return `${x}/${gridPos.y + Math.floor(index / gridPos.w)}`;
  });

describe("the dashboards", () => {
  it("are these six, under uids that never change", () => {
    expect(built.map(({ uid, title, model }) => [uid, title, model.uid, model.title])).toEqual(
      [
        ["federation-cluster-overview", "Clusters / Cluster Overview"],
        ["federation-resource-utilization", "Clusters / Resource Utilization"],
        ["federation-workload-status", "Workloads / Workload Status"],
        ["federation-model-pipeline", "Models / Model Pipeline"],
        ["federation-inference-performance", "Models / Inference Performance"],
        ["federation-health", "Monitoring / Federation Health"],
      ].map(([uid, title]) => [uid, title, uid, title]),
    );
  });

  it("are the same text every time", () => {
    expect(buildDashboards(site).map(({ json }) => json)).toEqual(built.map(({ json }) => json));
    for (const { json } of built) {
      const keys = [...json.matchAll(/^ "(\w+)"/gm)].map(([, key]) => key);
      expect(keys).toEqual([...keys].sort());
    }
  });

  it("fit into a ConfigMap each, and can not be changed in Grafana", () => {
    for (const { json, model } of built) {
      expect(Buffer.byteLength(json)).toBeLessThan(900 * KIB);
      expect(model.editable).toBe(false);
    }
  });

  it("lead to all others, taking time and variables along", () => {
    for (const { uid, model } of built) {
      const others = built.filter((one) => one.uid !== uid);
      expect(model.links?.map(({ url, includeVars, keepTime }) => [url, includeVars, keepTime])).toEqual(
        others.map((one) => [`/d/${one.uid}`, true, true]),
      );
    }
  });

  it("mark deployments and transfers", () => {
    for (const { model } of built) {
      expect(model.annotations.list?.map(({ name, enable }) => [name, enable])).toEqual([
        ["Deployments", true],
        ["Transfers", true],
      ]);
    }
  });

  it("have the data source as their first variable, and clusters to choose from", () => {
    const names = Object.fromEntries(
      built.map(({ uid, model }) => [uid, model.templating.list?.map(({ name }) => name)]),
    );
    expect(names).toEqual({
      "federation-cluster-overview": ["datasource", "left", "right"],
      "federation-resource-utilization": ["datasource", "cluster"],
      "federation-workload-status": ["datasource", "cluster"],
      "federation-model-pipeline": ["datasource", "cluster"],
      "federation-inference-performance": ["datasource", "cluster", "model"],
      "federation-health": ["datasource", "cluster"],
    });
  });

  it("begin the comparison with the hub and its first member, or with the hub alone", () => {
    const sides = (members: readonly string[]) =>
      buildDashboards({ ...site, members })[0]!
        .model.templating.list!.slice(1)
        .map(({ current }) => current?.value);
    expect(sides(["hpc", "edge"])).toEqual(["cloud", "hpc"]);
    expect(sides([])).toEqual(["cloud", "cloud"]);
  });
});

describe.each([["with a member and prices", site] as const, ...otherSites])(
  "panels of a site %s",
  (_, made) => {
    it.each(buildDashboards(made).map((dashboard) => [dashboard.uid, dashboard.model] as const))(
      "%s: fill the grid without overlaps and have numbers of their own",
      (_uid, model) => {
        const panels = panelsOf(model);
        const taken = panels.flatMap(cells);
        expect(new Set(taken).size).toBe(taken.length);
        expect(taken.filter((cell) => Number(cell.split("/")[0]) >= 24)).toEqual([]);
        const all = model.panels ?? [];
        expect(all.map(({ id }) => id)).toEqual(all.map((_panel, index) => index + 1));
        expect(
          all.filter(isRow).map(({ collapsed, panels: inner }): readonly unknown[] => [collapsed, inner]),
        ).toEqual(all.filter(isRow).map(() => [false, []]));
      },
    );
  },
);

describe("every panel", () => {
  it("has a title that its dashboard has once, a description, a unit, and the chosen data source", () => {
    for (const { uid, model } of built) {
      const titles = panelsOf(model).map(({ title }) => title);
      expect([uid, titles]).toEqual([uid, [...new Set(titles)]]);
    }
    const dataSource = { type: "prometheus", uid: "${datasource}" };
    for (const { uid, panel } of everyPanel) {
      const { title, description = "", fieldConfig, datasource } = panel;
      const where = `${uid}, ${title ?? ""}`;
      expect([where, description]).toEqual([where, expect.stringMatching(/^[A-Z≤>].{15,}\.$/s)]);
      expect([where, fieldConfig?.defaults.unit]).toEqual([where, expect.stringMatching(/./)]);
      expect([where, datasource]).toEqual([where, dataSource]);
      for (const target of targetsOf(panel)) expect([where, target.datasource]).toEqual([where, dataSource]);
    }
  });

  it("is one of the kinds that are known here", () => {
    const kinds = new Set(everyPanel.map(({ panel }) => panel.type));
    expect([...kinds].sort()).toEqual(["bargauge", "stat", "state-timeline", "table", "timeseries"]);
  });

  it("may be empty only where that is good, which is said of these alone", () => {
    const declared = built.flatMap(({ model, notes }) =>
      notes.flatMap(({ panel, emptyIsGood }) => {
        const title = panelsOf(model).find(({ id }) => id === panel)?.title ?? "";
        return emptyIsGood === undefined ? [] : [[model.uid, title, emptyIsGood]];
      }),
    );
    expect(declared).toEqual([
      ["federation-cluster-overview", "What costs health", "nothing costs health"],
      ["federation-cluster-overview", "Alerts that fire", "no alert fires"],
      ["federation-resource-utilization", "GPUs by last XID error", "no GPU had an error"],
      ["federation-model-pipeline", "Requests tried again, within an hour", "no request was tried again"],
      ...["Benchmark rate by run", "Benchmark P95 by run", "Benchmark failures by run", "Benchmark runs"].map(
        (title) => ["federation-inference-performance", title, "no benchmark ran"],
      ),
      ["federation-health", "Alerts that fire", "no alert fires"],
    ]);
    const empty = everyPanel.filter(({ panel }) => panel.fieldConfig?.defaults.noValue === "none");
    expect(empty.map(({ uid, panel }) => [uid, panel.title])).toEqual(
      declared.map(([uid, title]) => [uid, title]),
    );
  });
});

describe("limits of labels", () => {
  it("are red where something is left out, not yet where they are just reached", () => {
    const panel = everyPanel.find(({ panel: { title } }) => title === "Label limits")?.panel;
    const properties = panel?.fieldConfig?.overrides.flatMap((override) => override.properties) ?? [];
    const { steps } = properties.find(({ id }) => id === "thresholds")!.value as ThresholdsConfig;
    const colourAt = (used: number): string | undefined =>
      steps.findLast(({ value }) => value === null || value <= used)?.color;
    const { good, warning, critical } = STATE_COLOURS;
    expect([0.5, 1, 1001 / 1000].map(colourAt)).toEqual([good, warning, critical]);
  });
});

describe("a site without prices", () => {
  it("has no panel of costs", () => {
    const asked = (priced: boolean): string =>
      buildDashboards({ ...site, priced })
        .map(({ json }) => json)
        .join("");
    expect(asked(true)).toMatch(/fed_hub:gpu_cost/);
    expect(asked(false)).not.toMatch(/fed_hub:(gpu_cost|inference_cost)/);
  });
});

describe("benchmarks", () => {
  const rowOf = (benchmarks: (typeof site)["benchmarks"]) => {
    const { benchmarks: _, ...rest } = site;
    const made = buildDashboards({ ...rest, ...(benchmarks === undefined ? {} : { benchmarks }) });
    return panelsOf(made.find(({ uid }) => uid === "federation-inference-performance")!.model).filter(
      ({ title }) => title?.startsWith("Benchmark"),
    );
  };

  it("are shown where they write to the hub, and lead to the registry where it is known", () => {
    expect(rowOf(undefined)).toEqual([]);
    expect(rowOf({}).map(({ title, links }) => [title, links])).toEqual([
      ["Benchmark rate by run", undefined],
      ["Benchmark P95 by run", undefined],
      ["Benchmark failures by run", undefined],
      ["Benchmark runs", undefined],
    ]);
    const registry = {
      registryUrl: "https://mlflow.example:5000",
      registeredModels: ["hpc-llama", "hpc vision"],
    };
    const links = rowOf(registry).flatMap((one) => one.links ?? []);
    expect(links.map(({ title, url, targetBlank }) => [title, url, targetBlank])).toEqual([
      ["Reports of hpc-llama, by version", "https://mlflow.example:5000/#/models/hpc-llama", true],
      ["Reports of hpc vision, by version", "https://mlflow.example:5000/#/models/hpc%20vision", true],
    ]);
  });
});
