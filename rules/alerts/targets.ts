import { scrapes } from "../../metrics/catalogue";
import type { Component } from "../../metrics/catalogue/recorded/health";
import { notMatching } from "../../metrics/select";
import type { DeclaredTarget, SlurmSource } from "../health";
import { ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB } from "../health";
import { by, either } from "../recording/expressions";
import type { Subject } from "./args";
import { NODE_JOBS } from "./nodes";
import { SLURM_JOBS } from "./slurm";

/** Jobs whose targets have alerts of their own; an exporter beside a slurmctld that tells of itself has none. */
const watchedElsewhere = (slurm: SlurmSource = "slurmctld"): string =>
  [NODE_JOBS, SLURM_JOBS[slurm], "apiserver", ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB].join("|");

/** Labels by which a target is told. */
const TARGET = ["cluster", "job", "instance", "namespace", "pod", "node", "host", "service"] as const;

/** Any target that does not answer, unless it has an alert of its own. */
export const targetAlerts: Subject = ({ own }, { declared }) => [
  {
    alert: "TargetDown",
    severity: "warning",
    component: "monitoring",
    expr: `${by("max", TARGET, own(scrapes.up, { job: notMatching(watchedElsewhere(declared.slurm)) }))} == 0`,
    for: "10m",
    summary: "A target of job {{ $labels.job }} of {{ $labels.cluster }} does not answer.",
    description:
      "{{ $labels.instance }} {{ $labels.pod }}{{ $labels.host }} (job {{ $labels.job }}) has not answered for 10 minutes: nothing is known of it.",
  },
];

/** The component that a target of a job tells of. */
function componentOf(job: string): Component {
  const jobs: Readonly<Record<string, Component>> = {
    node: "nodes",
    "node-exporter": "nodes",
    dcgm: "gpus",
    "dcgm-exporter": "gpus",
    beegfs: "storage",
    minio: "storage",
    "minio-api": "storage",
    mlflow: "transfer",
    "model-transfer": "transfer",
    apiserver: "api",
    kubelet: "api",
    cadvisor: "api",
    "kube-state-metrics": "api",
  };
  const ofSlurm = new RegExp(`^(?:${Object.values(SLURM_JOBS).join("|")})$`);
  return jobs[job] ?? (ofSlurm.test(job) ? "scheduler" : "monitoring");
}

/** The machine in a description, by the labels that some of the targets have. */
function machineOf(targets: readonly DeclaredTarget[]): string {
  const labels = (["node", "host"] as const).filter((name) => targets.some((target) => target[name]));
  return labels.length === 0 ? "" : ` on ${labels.map((name) => `{{ $labels.${name} }}`).join("")}`;
}

/** One alert a component over everything declared that discovery does not yield. */
export const absenceAlerts: Subject = ({ own }, { declared }) => {
  const components = [...new Set(declared.targets.map(({ job }) => componentOf(job)))];
  const of = (component: Component): readonly DeclaredTarget[] =>
    declared.targets.filter(({ job }) => componentOf(job) === component);
  return components.map((component) => ({
    alert: "TargetAbsent",
    severity: "warning",
    component,
    expr: either(
      ...of(component).map(
        ({ job, node, host }) =>
          `absent(${own(scrapes.up, { job, ...(node && { node }), ...(host && { host }) })})`,
      ),
    ),
    for: "10m",
    summary: "A declared target of job {{ $labels.job }} of {{ $labels.cluster }} is not there.",
    description: `Job {{ $labels.job }}${machineOf(of(component))} is declared for {{ $labels.cluster }}, and nothing is scraped there: neither up nor down is known of it.`,
  }));
};
