import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { alertDelivery } from "../../../components/monitoring/alertmanagerClients";
import { credentialFiles, userFiles } from "../../../components/monitoring/credentials";
import { ExistingPrometheus } from "../../../components/monitoring/existingPrometheus";
import type { ExistingPrometheusArgs } from "../../../components/monitoring/existingPrometheus";
import { filesOf, ruleSpec, scrapeConfigSpec } from "../../../components/monitoring/operatorObjects";
import { clusterRules } from "../../../components/monitoring/prometheusFiles";
import { additionalJobs } from "../../../components/monitoring/scrapeJobs";
import { only, record, summary } from "../../support/mocks";
import type { Registration } from "../../support/mocks";
import { hubAlertmanagers, memberConfig, web } from "../../support/sites";

const { targets } = memberConfig;
const delivery = alertDelivery({
  cluster: "hpc",
  namespace: "federation",
  replicas: 1,
  hub: hubAlertmanagers,
});
const jobs = [
  ...additionalJobs("hpc", {
    dcgmExporter: targets.dcgmExporter,
    modelTransfer: { namespace: "federation-transfer", labels: { app: "model-sync" }, port: 9180 },
    hosts: targets.hosts,
  }),
  ...delivery.jobs,
];
const credentials = {
  ...credentialFiles(web),
  ...userFiles("hub", { username: "alerts-hpc-1", password: "alerts password" }),
};
const args = (change: Partial<ExistingPrometheusArgs> = {}): ExistingPrometheusArgs => ({
  namespace: "monitoring",
  labels: { release: "kube-prometheus-stack" },
  rules: clusterRules(memberConfig),
  evaluationInterval: "30s",
  jobs,
  alertmanagers: delivery.alerting.alertmanagers,
  credentials: pulumi.secret(credentials),
  ...change,
});
const declared = (
  change: Partial<ExistingPrometheusArgs> = {},
  preview = false,
): Promise<readonly Registration[]> =>
  record(() => new ExistingPrometheus("prometheus", args(change)), { preview });

const metadata = (name: string): object => ({
  name,
  namespace: "monitoring",
  labels: {
    "app.kubernetes.io/part-of": "federation",
    "app.kubernetes.io/managed-by": "pulumi",
    release: "kube-prometheus-stack",
  },
});
const job = (name: string) => {
  const found = jobs.find(({ job_name }) => job_name === name);
  if (found === undefined) throw new Error(`no job ${name}`);
  return scrapeConfigSpec(found);
};
const secretData = (registration: Registration): Readonly<Record<string, string>> => {
  const { value } = registration.inputs.data as { readonly value: Readonly<Record<string, string>> };
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]),
  );
};

const SCRAPES = [
  "alertmanager",
  "beegfs",
  "dcgm",
  "dcgm-exporter",
  "hub-alertmanager",
  "model-transfer",
  "node",
  "slurm-jobs",
  "slurm-nodes",
  "slurm-partitions",
  "slurm-scheduler",
];

describe("a Prometheus that the site has", () => {
  it("is given exactly these, in a preview too: no server, no claim, no rights", async () => {
    const all = [
      "federation:monitoring:ExistingPrometheus prometheus",
      "kubernetes:core/v1:Secret prometheus-alertmanagers",
      "kubernetes:core/v1:Secret prometheus-credentials",
      "kubernetes:monitoring.coreos.com/v1:PrometheusRule prometheus-federation-alerts-cluster",
      "kubernetes:monitoring.coreos.com/v1:PrometheusRule prometheus-federation-rules-cluster",
      ...SCRAPES.map(
        (name) => `kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig prometheus-federation-${name}`,
      ),
    ].sort();
    expect(summary(await declared())).toEqual(all);
    expect(summary(await declared({}, true))).toEqual(all);
  });

  it("gets every rule, with an interval in every group, under the labels it selects", async () => {
    const registrations = await declared();
    const rules = clusterRules(memberConfig);
    for (const [file, name] of [
      ["rules-cluster.yml", "federation-rules-cluster"],
      ["alerts-cluster.yml", "federation-alerts-cluster"],
    ] as const) {
      expect(only(registrations, `prometheus-${name}`).inputs).toEqual({
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: metadata(name),
        spec: { groups: (rules[file] ?? []).map((group) => ({ interval: "30s", ...group })) },
      });
    }
  });

  it("gets jobs for machines outside the cluster, whose targets carry the cluster and the job", async () => {
    const registrations = await declared();
    expect(only(registrations, "prometheus-federation-slurm-jobs").inputs).toEqual({
      apiVersion: "monitoring.coreos.com/v1alpha1",
      kind: "ScrapeConfig",
      metadata: metadata("federation-slurm-jobs"),
      spec: {
        metricsPath: "/metrics/jobs",
        scrapeInterval: "60s",
        fallbackScrapeProtocol: "PrometheusText0.0.4",
        staticConfigs: [{ targets: ["192.168.100.10:6817"], labels: { host: "slurm-ctl" } }],
        relabelings: [
          { targetLabel: "cluster", replacement: "hpc" },
          { targetLabel: "job", replacement: "slurm-jobs" },
        ],
      },
    });
  });

  it("gets jobs for pods, by the operator's names", () => {
    expect(job("model-transfer")).toEqual({
      kubernetesSDConfigs: [
        {
          role: "Pod",
          namespaces: { names: ["federation-transfer"] },
          selectors: [{ role: "Pod", label: "app=model-sync" }],
        },
      ],
      relabelings: [
        {
          action: "drop",
          sourceLabels: ["__meta_kubernetes_pod_phase"],
          regex: "Pending|Succeeded|Failed|Completed",
        },
        {
          sourceLabels: ["__address__"],
          regex: "(.+?)(?::\\d+)?",
          replacement: "$1:9180",
          targetLabel: "__address__",
        },
        { sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" },
        { targetLabel: "cluster", replacement: "hpc" },
        { targetLabel: "job", replacement: "model-transfer" },
      ],
    });
    expect(job("dcgm-exporter").metricRelabelings).toContainEqual({
      action: "lowercase",
      sourceLabels: ["modelName"],
      targetLabel: "gpu_type",
    });
  });

  it("reads Alertmanagers with users and CA out of one Secret, which holds nothing else", async () => {
    const key = (name: string) => ({ name: "federation-credentials", key: name });
    expect(job("alertmanager")).toEqual({
      scheme: "HTTPS",
      basicAuth: { username: key("local.username"), password: key("local.password") },
      tlsConfig: { ca: { secret: key("ca.crt") }, serverName: "prometheus.federation.svc" },
      staticConfigs: [{ targets: ["alertmanager-0.federation.svc:9093"] }],
      relabelings: [
        { targetLabel: "cluster", replacement: "hpc" },
        { targetLabel: "job", replacement: "alertmanager" },
      ],
    });
    expect(job("hub-alertmanager").metricRelabelings).toEqual([
      { action: "drop", sourceLabels: ["__name__"], regex: ".+" },
    ]);
    const registrations = await declared();
    const secret = only(registrations, "prometheus-credentials");
    expect(secret.inputs.metadata).toEqual(metadata("federation-credentials"));
    expect(secretData(secret)).toEqual({
      "ca.crt": "ca certificates",
      "hub.password": "alerts password",
      "hub.username": "alerts-hpc-1",
      "local.password": "local password",
      "local.username": "local-1",
    });
  });

  it("finds its Alertmanagers in a Secret that additionalAlertManagerConfigs can name, for this project's alerts alone", async () => {
    const secret = only(await declared(), "prometheus-alertmanagers");
    expect(secret.inputs.metadata).toEqual(metadata("federation-alertmanagers"));
    const ours = {
      action: "keep",
      source_labels: ["component"],
      regex: "api|nodes|gpus|storage|scheduler|transfer|serving|monitoring",
    };
    expect(parse(secretData(secret)["alertmanagers.yml"] ?? "")).toEqual([
      {
        api_version: "v2",
        scheme: "https",
        basic_auth: { username: "local-1", password: "local password" },
        tls_config: { ca: "ca certificates", server_name: "prometheus.federation.svc" },
        static_configs: [{ targets: ["alertmanager-0.federation.svc:9093"] }],
        alert_relabel_configs: [ours],
      },
      {
        api_version: "v2",
        scheme: "https",
        basic_auth: { username: "alerts-hpc-1", password: "alerts password" },
        tls_config: { ca: "ca certificates" },
        static_configs: [{ targets: hubAlertmanagers }],
        alert_relabel_configs: [
          ours,
          { action: "drop", source_labels: ["alertname"], regex: "HubReachable" },
          { action: "drop", source_labels: ["hop"], regex: "local" },
        ],
      },
    ]);
  });

  it("refuses a job that stands twice or that the operator can not express, and names the field", async () => {
    const [first] = jobs;
    if (first === undefined) throw new Error("no job");
    await expect(declared({ jobs: [first, first] })).rejects.toThrow(
      `prometheus: jobs: "${first.job_name}" stands twice; name every job once`,
    );
    await expect(declared({ jobs: [{ ...first, body_size_limit: "1MB" }] })).rejects.toThrow(
      `prometheus: jobs: "${first.job_name}" has a body_size_limit, which a ScrapeConfig can not say; leave it out`,
    );
    await expect(declared({ rules: { rules: [] } })).rejects.toThrow(
      'prometheus: rules: "rules" is no .yml file; name it so',
    );
  });
});

test("tokens are credentials too, and names of files come once", () => {
  const bearer = { authorization: { credentials_file: "/etc/prometheus/credentials/a.token" } };
  const basic = {
    basic_auth: {
      username_file: "/etc/prometheus/credentials/u.username",
      password_file: "/etc/prometheus/credentials/u.password",
    },
    tls_config: { insecure_skip_verify: true },
  };
  expect(filesOf([bearer, basic, bearer, {}])).toEqual(["a.token", "u.password", "u.username"]);
  expect(scrapeConfigSpec({ job_name: "a", ...bearer })).toEqual({
    authorization: { credentials: { name: "federation-credentials", key: "a.token" } },
    relabelings: [{ targetLabel: "job", replacement: "a" }],
  });
});

test("a group with an interval of its own keeps it", () => {
  expect(
    ruleSpec(
      [
        { name: "slow", interval: "5m", rules: [] },
        { name: "usual", rules: [] },
      ],
      "15s",
    ),
  ).toEqual({
    groups: [
      { name: "slow", interval: "5m", rules: [] },
      { name: "usual", interval: "15s", rules: [] },
    ],
  });
});
