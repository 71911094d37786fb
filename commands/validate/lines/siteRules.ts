import { CLUSTER_FILES } from "../../../components/monitoring/prometheusFiles";
import { OPERATOR_NAMES } from "../../../components/monitoring/operatorObjects";
import { ruleObjectOf } from "../../../components/monitoring/siteCheck/findings";
import type { Prometheus } from "../../preview/prometheus";
import type { KubeApi } from "../kube";
import { counted, judged } from "../verdict";
import type { Problem, Verdict } from "../verdict";
import { ruleObjects } from "./operatorObjects";
import type { RuleObject } from "./operatorObjects";
import { gatherRules, judgeRules } from "./rules";
import type { Group, RulesEvidence } from "./rules";

/** Rules that a site's Prometheus was given, and those that it has. */
export interface SiteRulesEvidence {
  /** Namespace of the operator's object `Prometheus`. */
  readonly namespace: string;
  /** PrometheusRules of the stack. */
  readonly given: readonly RuleObject[];
  /** Every group in force, the site's own as well. */
  readonly rules: RulesEvidence;
}

export async function gatherSiteRules(
  kube: KubeApi,
  namespace: string,
  prometheus: Prometheus,
  signal: AbortSignal,
): Promise<SiteRulesEvidence> {
  const [given, rules] = await Promise.all([ruleObjects(kube, namespace, signal), gatherRules(prometheus)]);
  return { namespace, given, rules };
}

const EXPECTED = Object.values(CLUSTER_FILES).map(OPERATOR_NAMES.rules);
const OPERATOR =
  "the log of the Prometheus Operator, and of config-reloader in Prometheus's pod, says why it was not taken up";
const GIVE = "`pulumi up` of the member's stack gives it";

type Named = readonly { readonly name: string }[];
const sameNames = (found: Named, rules: RuleObject["groups"][number]["rules"]): boolean =>
  found.length === rules.length &&
  rules.every(({ record, alert }, index) => found[index]?.name === (record ?? alert));

/** What of a PrometheusRule is not in force; told once where it is all of it. */
function missing({ name, groups }: RuleObject, inForce: readonly Group[]): readonly Problem[] {
  if (inForce.length === 0) return [{ cause: `PrometheusRule ${name} is not in force`, action: OPERATOR }];
  return groups.flatMap((group): readonly Problem[] => {
    const found = inForce.find((one) => one.name === group.name);
    if (found !== undefined && sameNames(found.rules, group.rules)) return [];
    const how = found === undefined ? "not in force" : "in force with other rules";
    return [{ cause: `PrometheusRule ${name}, group ${group.name}, is ${how}`, action: OPERATOR }];
  });
}

/** The project's own rules are judged; of the site's it is only told how many there are. */
export function judgeSiteRules({ namespace, given, rules }: SiteRulesEvidence): Verdict {
  const of = (object: RuleObject): readonly Group[] =>
    rules.groups.filter(({ file }) => ruleObjectOf(namespace, file) === object.name);
  const own = given.flatMap(of);
  const others = rules.groups.filter((group) => !own.includes(group));
  const failing = others.flatMap((group) => group.rules).filter(({ health }) => health === "err").length;
  const absent = EXPECTED.filter((name) => !given.some((object) => object.name === name));
  const { evidence, problems } = judgeRules(
    { ...rules, groups: own },
    { refused: `what it was given since is not in force: ${OPERATOR}` },
  );
  return judged(
    [
      ...evidence,
      `given by PrometheusRules ${given.map(({ name }) => name).join(", ")}`,
      `not judged: ${counted(others.length, "group")} of the site's own, with ${counted(failing, "rule")} that fail`,
    ],
    [
      ...absent.map((name) => ({ cause: `there is no PrometheusRule ${namespace}/${name}`, action: GIVE })),
      ...problems,
      // what it was given since a refusal is not in force either
      ...(rules.reloaded ? given.flatMap((object) => missing(object, of(object))) : []),
    ],
  );
}
