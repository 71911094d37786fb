import type { types } from "@pulumi/kubernetes";
import { shadowName } from "../../workloads/benchmark/driver/stopwatch/shadow";
import type { BenchmarkTarget } from "./types";

type Rule = types.input.rbac.v1.PolicyRule;

const READ = ["get", "list", "watch"];

/** What tells how far pods have come, and how many serve. */
const reads: readonly Rule[] = [
  { apiGroups: [""], resources: ["pods", "events"], verbs: READ },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: READ },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: READ },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: READ },
  { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["get", "list"] },
];

/** What a run repairs that one before it has left when it was killed: its copy, and replicas that it noted and changed. */
function repairRules(deployment: string): readonly Rule[] {
  const shadow = [shadowName(deployment)];
  return [
    { apiGroups: [""], resources: ["services"], verbs: ["list"] },
    { apiGroups: [""], resources: ["services"], resourceNames: shadow, verbs: ["delete"] },
    { apiGroups: ["apps"], resources: ["deployments"], resourceNames: shadow, verbs: ["delete"] },
    { apiGroups: ["apps"], resources: ["deployments"], resourceNames: [deployment], verbs: ["patch"] },
    { apiGroups: ["apps"], resources: ["deployments/scale"], resourceNames: [deployment], verbs: ["patch"] },
  ];
}

/** Names of pods are not known before. */
const podRule: Rule = { apiGroups: [""], resources: ["pods"], verbs: ["delete"] };

/** What timing starts takes: a copy of the served model is made and scaled, and its pods are deleted. */
function copyRules({ deployment, service }: BenchmarkTarget["workload"]): readonly Rule[] {
  return [
    { apiGroups: [""], resources: ["services"], resourceNames: [service], verbs: ["get"] },
    { apiGroups: [""], resources: ["services"], verbs: ["create"] },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["create"] },
    {
      apiGroups: ["apps"],
      resources: ["deployments/scale"],
      resourceNames: [shadowName(deployment)],
      verbs: ["patch"],
    },
  ];
}

/** What a target's runs may do in the namespace of the served model: write nothing where the target is not disruptive. */
export function benchmarkRules({ disruptive, scenarios: { coldStart }, workload }: BenchmarkTarget): Rule[] {
  return [
    ...reads,
    ...(disruptive ? repairRules(workload.deployment) : []),
    ...(disruptive && coldStart !== undefined
      ? [...(coldStart.live === true ? [] : copyRules(workload)), podRule]
      : []),
  ];
}
