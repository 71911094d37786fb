import { CLUSTER_FILES } from "../../../components/monitoring/prometheusFiles";
import type { Finding, PrometheusSpec } from "../../../components/monitoring/siteCheck";
import { SiteApi, UNREACHED, UnreadableError } from "../../../components/monitoring/siteCheck/api";
import { siteFacts } from "../../../components/monitoring/siteCheck/facts";
import type { SiteFacts } from "../../../components/monitoring/siteCheck/facts";
import { siteFindings } from "../../../components/monitoring/siteCheck/findings";
import { lookBack } from "../../../components/monitoring/siteCheck/lookBack";
import { operatorFindings } from "../../../components/monitoring/siteCheck/operator";
import type { ExistingPrometheus } from "../existing";
import { KubeError } from "../kube";
import type { KubeApi } from "../kube";
import type { MemberSite } from "../sites";
import { CheckError, judged } from "../verdict";
import type { Verdict } from "../verdict";
import { ruleObjects } from "./operatorObjects";
import { gatherPrometheus, judgePrometheus } from "./reach";
import type { PrometheusEvidence } from "./reach";

/** A Prometheus that a site has, held against what the project's rules need of one. */
export interface FitEvidence {
  readonly prometheus: PrometheusEvidence;
  readonly object: ExistingPrometheus["object"];
  readonly facts: SiteFacts;
  readonly findings: readonly Finding[];
}

async function specOf(
  kube: KubeApi,
  { namespace, name }: ExistingPrometheus["object"],
  signal: AbortSignal,
): Promise<PrometheusSpec> {
  const path = `/apis/monitoring.coreos.com/v1/namespaces/${namespace}/prometheuses/${name}`;
  try {
    return (await kube.get<{ spec?: PrometheusSpec }>(path, signal)).spec ?? {};
  } catch (error) {
    if (!(error instanceof KubeError && error.status === 404)) throw error;
    throw new CheckError(
      `the operator has no object Prometheus ${namespace}/${name}`,
      "correct federation:member.prometheus.object: `kubectl get prometheus -A`",
    );
  }
}

/** What it says of itself; where it cannot be read, how to let this machine read it. */
async function factsOf(cluster: string, { endpoint, object, gpus }: ExistingPrometheus): Promise<SiteFacts> {
  try {
    return await siteFacts(new SiteApi(endpoint), cluster, gpus);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    const { key, found, advice } = error.finding;
    if (key !== UNREACHED) throw new CheckError(`${endpoint.url}${key}: ${found}`, advice);
    throw new CheckError(
      found,
      `correct federation:member.prometheus.url or caFile; where this machine does not reach it, \`kubectl port-forward -n ${object.namespace} service/prometheus-operated 9090\` and --prometheus ${cluster}=http://localhost:9090`,
    );
  }
}

export async function gatherFit(
  site: MemberSite,
  existing: ExistingPrometheus,
  signal: AbortSignal,
): Promise<FitEvidence> {
  const { cluster, kube } = site;
  const { object, labels, targets, gpus } = existing;
  const spec = await specOf(kube, object, signal);
  const facts = await factsOf(cluster, existing);
  const rules = await ruleObjects(kube, object.namespace, signal);
  const expected = {
    cluster,
    namespace: object.namespace,
    labels,
    ruleFiles: Object.values(CLUSTER_FILES),
    lookBack: lookBack(rules.flatMap(({ groups }) => groups)),
    targets,
    // told by the line of the alerts' way
    alertmanagers: [],
    gpus,
  };
  return {
    prometheus: await gatherPrometheus(site),
    object,
    facts,
    findings: [...operatorFindings(expected, spec), ...siteFindings(expected, facts)],
  };
}

/** What a run of the program would refuse is red; of what it would only warn, the evidence tells. */
export function judgeFit({ prometheus, object, facts, findings }: FitEvidence, cluster: string): Verdict {
  const of = (severity: Finding["severity"]): readonly Finding[] =>
    findings.filter((finding) => finding.severity === severity);
  const subjects = facts.families.filter(({ byCluster }) => (byCluster[cluster] ?? 0) > 0);
  return judged(
    [
      ...judgePrometheus(prometheus).evidence,
      `the site's ${object.namespace}/${object.name}: external label cluster="${facts.externalLabels.cluster ?? ""}", retention ${facts.retention}`,
      `with cluster="${cluster}", each told once: ${subjects.map(({ subject }) => subject).join(", ")}`,
      ...of("warning").map(({ key, found, advice }) => `warning: ${key}: ${found}; ${advice}`),
    ],
    of("error").map(({ key, found, advice }) => ({ cause: `${key}: ${found}`, action: advice })),
  );
}
