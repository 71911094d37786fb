import type { VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dashboard } from "../../dashboards";
import { interpolate } from "./interpolate";
import type { Values, VariableValue } from "./interpolate";
import type { Prometheus } from "./prometheus";
import type { Window } from "./window";

const ALL = "$__all";

/** `label_values(selector, label)` */
const LABEL_VALUES = /^label_values\((.+),\s*(\w+)\)$/;

async function choices(
  { name, query }: VariableModel,
  known: Values,
  prometheus: Prometheus,
  window: Window,
): Promise<readonly string[]> {
  const text = typeof query === "string" ? query : String(query?.query);
  const [, selector, label] = LABEL_VALUES.exec(text) ?? [];
  if (selector === undefined || label === undefined)
    throw new Error(`variable ${name}: "${text}" is not understood; use label_values(selector, label)`);
  const found = await prometheus.labelValues(label, interpolate(selector, known), window.from, window.to);
  if (found.length === 0) throw new Error(`variable ${name}: ${text} returns nothing`);
  return found;
}

/** What a variable is at first: its default where that can be chosen, else the first choice. */
function chosen({ current, allValue }: VariableModel, options: readonly string[]): VariableValue {
  const wanted = [current?.value ?? []].flat();
  if (wanted.includes(ALL)) return allValue ?? options;
  const kept = wanted.filter((value) => options.includes(value));
  if (kept.length === 0) return options[0] ?? "";
  return Array.isArray(current?.value) ? kept : (kept[0] ?? "");
}

/** The values of a dashboard's variables when it is opened. */
export async function resolveVariables(
  { templating }: Dashboard,
  prometheus: Prometheus,
  window: Window,
): Promise<Values> {
  const values: Record<string, VariableValue> = {};
  for (const variable of templating.list ?? []) {
    switch (variable.type as string) {
      case "datasource":
        values[variable.name] = String(variable.current?.value);
        break;
      case "query":
        values[variable.name] = chosen(variable, await choices(variable, values, prometheus, window));
        break;
      default:
        throw new Error(`variable ${variable.name}: type ${variable.type} is not known to the preview`);
    }
  }
  return values;
}
