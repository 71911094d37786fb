import type { Input } from "../../input";
import type { AlertCase } from "../case";
import { always } from "../case";

/** A server that answers with 5xx, at both limits. */
export function errorCases(
  alert: string,
  component: string,
  shows: (input: Input, percent: number) => ReturnType<AlertCase["bad"]>,
  name: string,
): readonly AlertCase[] {
  return (["warning", "critical"] as const).map((severity) => {
    const [bad, good] = severity === "warning" ? [2, 1] : [10, 5];
    return {
      alert,
      severity,
      component,
      bad: (input) => shows(input, bad),
      fires: (cluster) => [
        {
          summary: `${name} of ${cluster} fails requests.`,
          description: `${bad}% of ${name}'s requests on ${cluster} end with 5xx.`,
        },
      ],
      good: always((input) => shows(input, good)),
    };
  });
}
