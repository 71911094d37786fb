import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import { hubHealthRuleGroup } from "../../../rules/health";
import { verdicts } from "../alerts/verdicts";
import { hubScenarios, judging } from "./hubScenarios";

const group = hubHealthRuleGroup(judging);

describe("health on the hub", () => {
  const found = verdicts(hubScenarios.map((one) => ({ name: one.name, groups: [group], scenarios: [one] })));

  it.each(hubScenarios.map(({ name }) => name))("%s", (name) => {
    expect(found.get(name)).toBe("");
  });

  it("is that of the hub alone where it has no members", () => {
    const alone = hubHealthRuleGroup({ ...judging, members: [], limits: DEFAULT_THRESHOLDS.health });
    const input = [{ series: 'fed_cluster:cluster_health:score{cluster="cloud"}', values: "40x20" }];
    const expect_ = (name: string, cluster: string, value: number) => ({
      expr: name,
      at: "10m",
      gives: { [`${name}{cluster="${cluster}"}`]: value },
    });
    const scenario = {
      name: "alone",
      interval: "1m",
      input,
      expect: [
        expect_("fed_hub:cluster_health:score", "cloud", 40),
        expect_("fed_hub:cluster_health:state", "cloud", 2),
        expect_("fed_hub:federation_health:score", "federation", 40),
      ],
    };
    expect(verdicts([{ name: "alone", groups: [alone], scenarios: [scenario] }]).get("alone")).toBe("");
  });
});
