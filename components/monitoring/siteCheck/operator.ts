import { problem, warning } from "./finding";
import type { Finding } from "./finding";

/** A Kubernetes label selector. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** The part of the operator's `Prometheus.spec` that decides whether this project's objects take effect. */
export interface PrometheusSpec {
  readonly ruleSelector?: LabelSelector;
  readonly ruleNamespaceSelector?: LabelSelector;
  readonly scrapeConfigSelector?: LabelSelector;
  readonly scrapeConfigNamespaceSelector?: LabelSelector;
  readonly replicas?: number;
  readonly shards?: number;
  readonly paused?: boolean;
  readonly overrideHonorLabels?: boolean;
  readonly enforcedNamespaceLabel?: string;
}

export interface OperatorExpected {
  /** Namespace of the `Prometheus` object and of everything given to it. */
  readonly namespace: string;
  /** Labels of the project's objects. */
  readonly labels: Readonly<Record<string, string>>;
}

const VALUES = "prometheus.prometheusSpec";

/** Whether a selector selects what has these labels; none selects nothing, an empty one everything. */
export function selects(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      const within = value !== undefined && values.includes(value);
      switch (operator) {
        case "In":
          return within;
        case "NotIn":
          return !within;
        case "Exists":
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}

function selectorFindings(
  { namespace, labels }: OperatorExpected,
  spec: PrometheusSpec,
  of: "rule" | "scrapeConfig",
): readonly Finding[] {
  const [name, inNamespaces] = [`${of}Selector`, `${of}NamespaceSelector`] as const;
  const selector = spec[`${of}Selector`];
  const namespaces = spec[`${of}NamespaceSelector`];
  // a label that is asked of namespaces may well be there: it can not be seen here
  const there = namespaces === undefined || selects(namespaces, { "kubernetes.io/metadata.name": namespace });
  return [
    ...(selects(selector, labels)
      ? []
      : [
          problem(
            name,
            selector === undefined ? "none, which selects nothing" : JSON.stringify(selector),
            selector === undefined
              ? `set ${VALUES}.${name}, or ${name}NilUsesHelmValues: true`
              : "set federation:member.prometheus.labels to labels that it selects",
          ),
        ]),
    ...(there
      ? []
      : [
          warning(
            inNamespaces,
            JSON.stringify(namespaces),
            `see that namespace ${namespace} has these labels: the project's objects lie there`,
          ),
        ]),
  ];
}

/** Everything about the operator's object that keeps this project's objects from taking effect as they should. */
export function operatorFindings(expected: OperatorExpected, spec: PrometheusSpec): readonly Finding[] {
  const { replicas = 1, shards = 1 } = spec;
  return [
    ...selectorFindings(expected, spec, "rule"),
    ...selectorFindings(expected, spec, "scrapeConfig"),
    ...(spec.paused === true
      ? [problem("paused", "true", `set ${VALUES}.paused: false: the operator takes nothing up`)]
      : []),
    ...(shards > 1
      ? [problem("shards", String(shards), "use one: rules of a shard see its own targets alone")]
      : []),
    ...(spec.overrideHonorLabels === true
      ? [
          problem(
            "overrideHonorLabels",
            "true",
            `set ${VALUES}.overrideHonorLabels: false: kube-state-metrics tells namespace and pod of others`,
          ),
        ]
      : []),
    ...(spec.enforcedNamespaceLabel === undefined || spec.enforcedNamespaceLabel === ""
      ? []
      : [
          problem(
            "enforcedNamespaceLabel",
            spec.enforcedNamespaceLabel,
            `leave it out: with it the project's rules would see series of namespace ${expected.namespace} alone`,
          ),
        ]),
    ...(replicas > 1
      ? [
          warning(
            "replicas",
            String(replicas),
            "let the hub reach one of them, else what it fetches jumps between them: prometheus.service.sessionAffinity: ClientIP",
          ),
        ]
      : []),
  ];
}
