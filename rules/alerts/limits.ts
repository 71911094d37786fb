import type { Threshold } from "../../metrics/thresholds";
import type { AlertDefinition } from "./alert";

/** The same alert at both limits of a value: the second mutes the first, since both carry one name. */
export function atBothLimits(
  { warning, critical }: Threshold,
  definition: Omit<AlertDefinition, "expr" | "severity"> & { readonly value: string },
): readonly AlertDefinition[] {
  const { value, ...rest } = definition;
  return [
    { ...rest, severity: "warning", expr: `${value} > ${warning}` },
    { ...rest, severity: "critical", expr: `${value} > ${critical}` },
  ];
}
