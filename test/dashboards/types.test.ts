import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { buildDashboards } from "../../dashboards";
import { isRow, panelsOf, targetsOf } from "../../commands/preview/evaluate";
import { Conformance } from "./support/conforms";
import { otherSites, site } from "./support/sites";

const conformance = new Conformance();

/** What is wrong with a panel, in Grafana's terms: the panel, its options, its fields, its queries. */
function panelProblems(panel: Panel): readonly string[] {
  const at = panel.title ?? "";
  const { fieldConfig, type } = panel;
  const { defaults, overrides } = fieldConfig ?? { defaults: {}, overrides: [] };
  const properties = overrides.flatMap((override) => override.properties);
  const CUSTOM = "custom.";
  return [
    ...conformance.problems(panel, ["panel"], at),
    ...conformance.problems(panel.options as unknown, ["options", type], `${at}.options`),
    // a panel may say some of its fields' properties only
    ...Object.entries((defaults.custom ?? {}) as Record<string, unknown>).flatMap(([key, value]) =>
      conformance.problems(value, ["custom", type, key], `${at}.custom.${key}`),
    ),
    ...properties.flatMap(({ id, value }: { id: string; value?: unknown }) =>
      id.startsWith(CUSTOM)
        ? conformance.problems(value, ["custom", type, id.slice(CUSTOM.length)], `${at}.${id}`)
        : conformance.problems(value, ["field", id], `${at}.${id}`),
    ),
    ...targetsOf(panel).flatMap((target) => conformance.problems(target, ["query"], `${at}.targets`)),
  ];
}

describe.each([["with a member and prices", site] as const, ...otherSites])(
  "the dashboards of a site %s",
  (_, made) => {
    it.each(buildDashboards(made).map((dashboard) => [dashboard.uid, dashboard] as const))(
      "%s is what Grafana's published types say",
      (_uid, { model }) => {
        expect(conformance.problems(model, ["dashboard"], model.uid ?? "")).toEqual([]);
        expect(panelsOf(model).flatMap(panelProblems)).toEqual([]);
        const rows = (model.panels ?? []).filter(isRow);
        expect(rows.flatMap((row) => conformance.problems(row, ["row"], row.title ?? ""))).toEqual([]);
      },
    );
  },
);

describe("the check against Grafana's types", () => {
  const [dashboard] = buildDashboards(site);
  const [panel] = panelsOf(dashboard!.model);

  it.each([
    ["an unknown property", { ...panel, colour: "red" }, "Federation: colour is no property of Panel"],
    ["a missing property", { title: "x" }, "Federation: type is missing"],
    ["a wrong type", { ...panel, id: "one" }, 'Federation.id: "one" is no number'],
  ])("finds %s", (_what, value, problem) => {
    expect(conformance.problems(value, ["panel"], "Federation")).toEqual([problem]);
  });

  it("finds a value that is none of an enum", () => {
    const options = { ...(panel!.options as object), colorMode: "rainbow" };
    expect(conformance.problems(options, ["options", "stat"], "options")).toEqual([
      expect.stringMatching(/^options\.colorMode: "rainbow" is no BigValueColorMode/),
    ]);
  });
});
