import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { parse } from "yaml";
import { ruleProblems } from "../../metrics/promql";
import { at, fields, keysOf, list, separately } from "../fields";

/** Keys of a ConfigMap that hold Prometheus rules. */
const ruleFile = /^rules.*\.ya?ml$/;

/** Every rule parses, and every series and alert it makes says which cluster it is about. */
export const requireClusterLabel: ResourceValidationPolicy = {
  name: "require-cluster-label",
  description: "Every recording and alerting rule keeps the label cluster of its input.",
  enforcementLevel: "mandatory",
  validateResource: ({ type, name, props }: ResourceValidationArgs, report): void => {
    if (/^kubernetes:core\/v\w+:ConfigMap$/.test(type)) {
      const files = keysOf(props.data).filter((key) => ruleFile.test(key));
      separately(
        files.map((file) => () => {
          const say = (problem: string) => report(`ConfigMap "${name}", data["${file}"]${problem}`);
          checkFile(fields(props.data)[file], say);
        }),
      );
    }
    if (/^kubernetes:monitoring\.coreos\.com\/v\w+:PrometheusRule$/.test(type)) {
      checkGroups(at(props, ["spec", "groups"]), (problem) =>
        report(`PrometheusRule "${name}", spec.groups${problem}`),
      );
    }
  },
};

function checkFile(text: unknown, say: (problem: string) => void): void {
  try {
    checkGroups(fields(parse(typeof text === "string" ? text : "")).groups, say);
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith("YAML")) {
      throw error;
    }
    say(`: no YAML (${error.message.split("\n")[0] ?? ""}); write a rule file with groups`);
  }
}

function checkGroups(groups: unknown, say: (problem: string) => void): void {
  separately(
    keysOf(groups).map((index) => () => {
      const group = fields(list(groups)[Number(index)]);
      const rules = list(group.rules);
      separately(
        keysOf(rules).map((position) => () => {
          for (const problem of ruleProblems(ruleOf(rules[Number(position)]))) {
            say(`, group ${JSON.stringify(group.name ?? index)}, ${problem}`);
          }
        }),
      );
    }),
  );
}

function ruleOf(value: unknown): Parameters<typeof ruleProblems>[0] {
  const { record, alert, expr, labels } = fields(value);
  const { cluster } = fields(labels);
  return {
    // an absent or empty expression is no PromQL, and a number is: both are for the parser to say
    expr: typeof expr === "string" || typeof expr === "number" ? String(expr) : "",
    ...(typeof record === "string" && { record }),
    ...(typeof alert === "string" && { alert }),
    ...(typeof cluster === "string" && { labels: { cluster } }),
  };
}
