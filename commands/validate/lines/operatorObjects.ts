import type { KubeApi } from "../kube";

/** A PrometheusRule as far as it is read. */
export interface RuleObject {
  readonly name: string;
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly { readonly record?: string; readonly alert?: string; readonly expr: string }[];
  }[];
}

interface List<Spec> {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly spec: Spec }[];
}

/** What the stack has given to the Prometheus Operator of a site, by the label that all of it carries. */
const given = async <Spec>(
  kube: KubeApi,
  path: { readonly version: string; readonly namespace: string; readonly plural: string },
  signal: AbortSignal,
): Promise<List<Spec>["items"]> => {
  const { version, namespace, plural } = path;
  const selector = encodeURIComponent("app.kubernetes.io/part-of=federation");
  const { items } = await kube.get<List<Spec>>(
    `/apis/monitoring.coreos.com/${version}/namespaces/${namespace}/${plural}?labelSelector=${selector}`,
    signal,
  );
  return items;
};

/** The stack's PrometheusRules. */
export async function ruleObjects(
  kube: KubeApi,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly RuleObject[]> {
  const items = await given<Pick<RuleObject, "groups">>(
    kube,
    { version: "v1", namespace, plural: "prometheusrules" },
    signal,
  );
  return items.map(({ metadata, spec }) => ({ name: metadata.name, groups: spec.groups }));
}

/** Names of the stack's ScrapeConfigs. */
export async function scrapeConfigNames(
  kube: KubeApi,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const items = await given(kube, { version: "v1alpha1", namespace, plural: "scrapeconfigs" }, signal);
  return items.map(({ metadata }) => metadata.name);
}
