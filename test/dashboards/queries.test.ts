import { isRow, panelsOf, targetsOf } from "../../commands/preview/evaluate";
import { interpolate, interpolateText } from "../../commands/preview/interpolate";
import { buildDashboards } from "../../dashboards";
import type { BuiltDashboard } from "../../dashboards";
import { checkContract } from "../../metrics/contractProblems";
import { losesCluster, selectors, syntaxErrors } from "../../metrics/promql";
import { child, children, descendants, operands, parse, text } from "../../metrics/promqlTree";
import { otherSites, site } from "./support/sites";

/** Labels whose values come from outside the program: as many as somebody makes. */
const OPEN = ["alertname", "bucket", "model", "namespace", "owner", "partition", "reason", "version"];

/** Values that a dashboard's variables and Grafana's own may have. */
const chosen = { cluster: ".+", left: "cloud", right: "hpc", model: ["llama", "resnet"] };
const grafana = {
  __interval: "60s",
  __rate_interval: "120s",
  __range: "21600s",
  __from: "1767225600000",
  __to: "1767247200000",
};

interface Asked {
  readonly where: string;
  readonly kind: string;
  readonly raw: string;
  readonly query: string;
  readonly legend: string;
  readonly across: string | undefined;
}

/** Every query of a dashboard, with the variables that it declares filled in, and no others. */
function asked({ uid, model, notes }: BuiltDashboard): readonly Asked[] {
  const declared = (model.templating.list ?? []).map(({ name }) => name);
  const values = {
    ...grafana,
    ...Object.fromEntries(Object.entries(chosen).filter(([name]) => declared.includes(name))),
  };
  const ofPanels = panelsOf(model).flatMap((panel) => {
    const note = notes.find((one) => one.panel === panel.id);
    return targetsOf(panel).map(({ expr, refId = "", legendFormat = "" }) => ({
      where: `${uid}, ${panel.title ?? ""}, ${refId}`,
      kind: panel.type,
      raw: expr,
      query: interpolate(expr, values),
      legend: legendFormat,
      across: note?.across[refId],
    }));
  });
  const ofAnnotations = (model.annotations.list ?? []).map(({ name, expr = "" }) => ({
    where: `${uid}, annotation ${name}`,
    kind: "annotation",
    raw: expr,
    query: interpolate(expr, values),
    legend: "",
    across: undefined,
  }));
  return [...ofPanels, ...ofAnnotations];
}

/** Constants that stand in where series are missing, such as `or vector(0)`: a panel would show them as if measured. */
function constantFallbacks(query: string): readonly string[] {
  return descendants(parse(query))
    .filter((node) => node.node.name === "BinaryExpr" && child(node, "Or") !== undefined)
    .flatMap((node) => operands(node))
    .filter((side) => !descendants(side).some(({ node }) => node.name === "VectorSelector"))
    .map(text);
}

const everything = buildDashboards(site).flatMap(asked);
const problems = (of: (one: Asked) => readonly string[], from = everything): readonly string[] =>
  from.flatMap((one) => of(one).map((problem) => `${one.where}: ${problem}`));

describe.each([["with a member and prices", site] as const, ...otherSites])(
  "queries of a site %s",
  (_, made) => {
    const queries = buildDashboards(made).flatMap(asked);

    it("are PromQL, over metrics, labels and values of the contract alone", () => {
      expect(queries.length).toBeGreaterThan(150);
      expect(problems(({ query }) => syntaxErrors(query), queries)).toEqual([]);
      expect(problems(({ query }) => checkContract(query).problems, queries)).toEqual([]);
    });

    it("read recorded series alone", () => {
      const raw = ({ query }: Asked): readonly string[] =>
        selectors(query)
          .map(({ metric = "" }) => metric)
          .filter((metric) => !/^fed_(cluster|hub):/.test(metric));
      expect(problems(raw, queries)).toEqual([]);
    });

    it("name the clusters they are about", () => {
      const unrestricted = ({ query }: Asked): readonly string[] =>
        selectors(query)
          .filter(({ matchers }) => !matchers.some(({ label }) => label === "cluster" || label === "source"))
          .map(({ metric = "" }) => metric);
      expect(problems(unrestricted, queries)).toEqual([]);
    });

    it("keep the label cluster, unless they say what stands in for it", () => {
      expect(
        problems(
          ({ query, across }) => (across === undefined ? [losesCluster(query)].flatMap((r) => r ?? []) : []),
          queries,
        ),
      ).toEqual([]);
      const needless = queries.filter(
        ({ query, across }) => across !== undefined && losesCluster(query) === undefined,
      );
      expect(needless.map(({ where }) => where)).toEqual([]);
    });

    it("have no constants in place of series", () => {
      expect(problems(({ query }) => constantFallbacks(query), queries)).toEqual([]);
    });

    it("show no more than a limit of what there can be any number of", () => {
      const uncapped = ({ kind, legend, query }: Asked): readonly string[] => {
        const open = OPEN.filter((label) => legend.includes(`{{${label}}}`));
        return kind === "table" || open.length === 0 || query.includes("topk(") ? [] : open;
      };
      // the federation's top reason is one series by itself
      expect(problems(uncapped, queries).filter((one) => !one.includes("Costs most"))).toEqual([]);
    });

    it("ask for ranges by Grafana's own intervals alone", () => {
      const ranges = ({ raw }: Asked): readonly string[] =>
        [...raw.matchAll(/\[([^\]]*)\]/g)]
          .map(([, range = ""]) => range)
          .filter((range) => !/^\$__\w+(:\$__\w+)?$/.test(range));
      expect(problems(ranges, queries)).toEqual([]);
    });

    it("write names of labels that their series have", () => {
      const missing = ({ legend, query }: Asked): readonly string[] => {
        const { labels } = checkContract(query);
        return [...legend.matchAll(/\{\{(\w+)\}\}/g)]
          .map(([, label = ""]) => label)
          .filter((label) => !labels.includes(label));
      };
      expect(problems(missing, queries)).toEqual([]);
    });
  },
);

describe("series across clusters", () => {
  it("are differences of two, and the ways of model versions", () => {
    const across = everything.filter((one) => one.across !== undefined);
    expect([...new Set(across.map((one) => one.across))].sort()).toEqual([
      "a version's way leads over clusters; source says where it was trained",
      "the left cluster less the right one",
    ]);
    expect(across.length).toBe(30);
  });
});

describe("titles", () => {
  it("use declared variables alone", () => {
    for (const { model } of buildDashboards(site)) {
      const declared = Object.fromEntries((model.templating.list ?? []).map(({ name }) => [name, name]));
      for (const panel of model.panels ?? [])
        expect(interpolateText(panel.title ?? "", declared)).not.toContain("$");
      expect((model.panels ?? []).some(isRow)).toBe(true);
    }
  });
});

describe("the search for constants", () => {
  it.each([
    ["up or vector(0)", ["vector(0)"]],
    ["sum(up) or on () vector(0) or 0 * up", ["vector(0)"]],
    ["up or down", []],
    ["up * 100", []],
  ])("finds in %s: %j", (query, found) => {
    expect(constantFallbacks(query)).toEqual(found);
    expect(children(parse(query)).length).toBeGreaterThan(0);
  });
});
