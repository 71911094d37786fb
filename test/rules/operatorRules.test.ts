import { stringify } from "yaml";
import { ruleSpec } from "../../components/monitoring/operatorObjects";
import { clusterRules } from "../../components/monitoring/prometheusFiles";
import { memberConfig } from "../support/sites";
import { checkRules } from "./promtool";

/** The operator takes the groups of a PrometheusRule as the content of a rule file. */
test.each(Object.entries(clusterRules(memberConfig)))(
  "%s as a PrometheusRule is a rule file that promtool accepts",
  (_, groups) => {
    const count = groups.reduce((sum, { rules }) => sum + rules.length, 0);
    expect(count).toBeGreaterThan(0);
    expect(checkRules(stringify(ruleSpec(groups, "30s")))).toContain(`${count} rules found`);
  },
);
