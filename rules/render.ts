import { stringify } from "yaml";
import type { Rule, RuleGroup } from "./types";

/** Text of a Prometheus rule file; the same groups always give the same text, in whatever order labels stand. */
export function renderRules(groups: readonly RuleGroup[]): string {
  return stringify(
    {
      groups: groups.map(({ name, interval, rules }) => ({
        name,
        ...(interval && { interval }),
        rules: rules.map(ruleOf),
      })),
    },
    {
      defaultStringType: "QUOTE_DOUBLE",
      defaultKeyType: "PLAIN",
      compat: "yaml-1.1",
      lineWidth: 0,
      aliasDuplicateObjects: false,
    },
  );
}

function ruleOf(rule: Rule): Record<string, unknown> {
  return "record" in rule
    ? { record: rule.record, expr: rule.expr, ...sorted("labels", rule.labels) }
    : {
        alert: rule.alert,
        expr: rule.expr,
        ...(rule.for && { for: rule.for }),
        ...sorted("labels", rule.labels),
        ...sorted("annotations", rule.annotations),
      };
}

function sorted(
  key: string,
  values: Readonly<Record<string, string>> = {},
): Record<string, Record<string, string>> {
  const entries = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? {} : { [key]: Object.fromEntries(entries) };
}
