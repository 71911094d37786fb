import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import type { PrometheusConfigArgs } from "../../../components/monitoring/prometheusConfig";
import { hubExtras, prometheusFiles } from "../../../components/monitoring/prometheusFiles";
import type {
  PrometheusConfig,
  RelabelConfig,
  ScrapeConfig,
} from "../../../components/monitoring/prometheusSchema";
import type { ServiceTargets } from "../../../components/monitoring/serviceJobs";
import { hubConfig, memberConfig, members, pricePerGpuHour } from "../../support/sites";

const sites = {
  hub: {
    args: hubConfig,
    files: prometheusFiles(hubConfig, hubExtras(hubConfig, { members, pricePerGpuHour })),
  },
  member: { args: memberConfig, files: prometheusFiles(memberConfig) },
};
const parsed = (text: string): PrometheusConfig => parse(text) as PrometheusConfig;
const jobsOf = (args: PrometheusConfigArgs): readonly ScrapeConfig[] =>
  parsed(prometheusFiles(args).prometheusConfig).scrape_configs;
const job = (name: string, args = memberConfig): ScrapeConfig => {
  const found = jobsOf(args).find(({ job_name }) => job_name === name);
  if (found === undefined) throw new Error(`no job ${name}`);
  return found;
};

/** What relabelling makes of labels, for the actions used on metrics. */
function relabel(
  configs: readonly RelabelConfig[],
  labels: Readonly<Record<string, string>>,
): Record<string, string> {
  const made = { ...labels };
  for (const {
    action = "replace",
    source_labels = [],
    regex = "(.*)",
    target_label = "",
    replacement = "$1",
  } of configs) {
    const source = source_labels.map((label) => made[label] ?? "").join(";");
    const pattern = new RegExp(`^(?:${regex})$`);
    if (action === "lowercase") made[target_label] = source.toLowerCase();
    else if (action === "labeldrop")
      for (const label of Object.keys(made).filter((name) => pattern.test(name)))
        Reflect.deleteProperty(made, label);
    else if (action === "replace" && pattern.test(source))
      made[target_label] = source.replace(pattern, replacement);
    else if (action !== "replace") throw new Error(`relabelling by ${action} is not played through here`);
  }
  return made;
}

describe.each(Object.entries(sites))("the configuration of a %s", (_, { args, files }) => {
  const config = parsed(files.prometheusConfig);

  it("stamps the cluster last on every target but those of federate jobs, equal to the external label", () => {
    expect(config.global.external_labels).toEqual({ cluster: args.cluster });
    for (const { job_name, relabel_configs, static_configs } of config.scrape_configs) {
      if (job_name.startsWith("federate-")) {
        expect(static_configs?.[0]?.labels).toEqual({
          job: job_name.split("/")[0],
          member: job_name.split("/")[1],
        });
        expect(relabel_configs).toBeUndefined();
      } else {
        expect(relabel_configs?.at(-1)).toEqual({ target_label: "cluster", replacement: args.cluster });
      }
    }
  });

  it("names every job once", () => {
    const names = config.scrape_configs.map(({ job_name }) => job_name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("is accepted by promtool, with its rules", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "federation-config-"));
    try {
      for (const [name, text] of Object.entries(files.files)) fs.writeFileSync(path.join(folder, name), text);
      const check = (...command: string[]) =>
        spawnSync("promtool", command, { cwd: folder, encoding: "utf8" });
      const configured = check("check", "config", "--syntax-only", "prometheus.yml");
      expect(configured.stdout + configured.stderr).toContain("SUCCESS: prometheus.yml is valid");
      const ruled = check("check", "rules", ...Object.keys(files.ruleFiles));
      expect(ruled.stderr).toBe("");
      expect(ruled.status).toBe(0);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it("lists its rule files by mounted path and is the same text every time", () => {
    expect(config.rule_files).toEqual(
      Object.keys(files.ruleFiles).map((file) => `/etc/prometheus/config/${file}`),
    );
    expect(prometheusFiles(structuredClone(args)).prometheusConfig).toBe(
      prometheusFiles(args).prometheusConfig,
    );
  });

  it("names credentials by file only", () => {
    expect(files.prometheusConfig).not.toMatch(/\b(password|username|credentials|bearer_token):/);
  });
});

describe("the jobs of a cluster", () => {
  it("are all there, in order", () => {
    expect(jobsOf(memberConfig).map(({ job_name }) => job_name)).toEqual([
      "prometheus",
      "kubelet",
      "cadvisor",
      "apiserver",
      "kube-state-metrics",
      "node-exporter",
      "dcgm-exporter",
      "annotated-pods",
      "annotated-services",
      "node",
      "dcgm",
      "beegfs",
      "slurm-jobs",
      "slurm-nodes",
      "slurm-partitions",
      "slurm-scheduler",
      "alertmanager",
      "hub-alertmanager",
    ]);
  });

  it("leave out DCGM and hosts where there are none", () => {
    const bare = {
      ...memberConfig,
      targets: { ...memberConfig.targets, dcgmExporter: undefined, hosts: [] },
    };
    expect(jobsOf(bare).map(({ job_name }) => job_name)).toEqual([
      "prometheus",
      "kubelet",
      "cadvisor",
      "apiserver",
      "kube-state-metrics",
      "node-exporter",
      "annotated-pods",
      "annotated-services",
      "alertmanager",
      "hub-alertmanager",
    ]);
  });

  it("scrape Slurm once a minute on its four paths, with the host's name", () => {
    expect(job("slurm-partitions")).toEqual({
      job_name: "slurm-partitions",
      metrics_path: "/metrics/partitions",
      scrape_interval: "60s",
      fallback_scrape_protocol: "PrometheusText0.0.4",
      static_configs: [{ targets: ["192.168.100.10:6817"], labels: { host: "slurm-ctl" } }],
      relabel_configs: [{ target_label: "cluster", replacement: "hpc" }],
    });
  });

  it("read object store and registry over TLS, with what lies among the credentials", () => {
    const cluster = { target_label: "cluster", replacement: "cloud" };
    const minio = {
      scheme: "https",
      tls_config: { ca_file: "/etc/prometheus/credentials/minio.ca.crt" },
      authorization: { credentials_file: "/etc/prometheus/credentials/minio.token" },
      static_configs: [{ targets: ["192.168.200.10:30900", "minio-2.example:443"] }],
      relabel_configs: [cluster],
    };
    expect(job("minio", hubConfig)).toEqual({
      job_name: "minio",
      metrics_path: "/minio/metrics/v3/cluster",
      ...minio,
    });
    expect(job("minio-api", hubConfig)).toEqual({
      job_name: "minio-api",
      metrics_path: "/minio/metrics/v3/api",
      ...minio,
    });
    expect(job("mlflow", hubConfig)).toEqual({
      job_name: "mlflow",
      metrics_path: "/metrics",
      scheme: "https",
      tls_config: { ca_file: "/etc/prometheus/credentials/mlflow.ca.crt" },
      basic_auth: {
        username_file: "/etc/prometheus/credentials/mlflow.username",
        password_file: "/etc/prometheus/credentials/mlflow.password",
      },
      fallback_scrape_protocol: "PrometheusText0.0.4",
      static_configs: [{ targets: ["192.168.200.10:30500"] }],
      relabel_configs: [cluster],
    });
  });

  it("name no CA, token or user that is not there, and leave out what is not watched", () => {
    const open = { servers: ["https://192.168.200.10:30900"], ownCa: false, token: false };
    const withServices = (services: ServiceTargets): PrometheusConfigArgs => ({
      ...memberConfig,
      targets: { ...memberConfig.targets, services },
    });
    const args = withServices({
      minio: open,
      mlflow: { url: "https://192.168.200.10:30500", ownCa: false, user: false },
    });
    for (const name of ["minio", "minio-api", "mlflow"]) {
      const { scheme, tls_config, authorization, basic_auth } = job(name, args);
      expect([name, scheme, tls_config, authorization, basic_auth]).toEqual([
        name,
        "https",
        undefined,
        undefined,
        undefined,
      ]);
    }
    const names = jobsOf(withServices({ minio: open })).map(({ job_name }) => job_name);
    expect(names).toContain("minio");
    expect(names).not.toContain("mlflow");
  });

  it("scrape an exporter where the host says it listens, Slurm's under a job that is none of slurmctld's", () => {
    const hosts = [
      { name: "ctl", address: "192.168.100.10", roles: ["slurm", "node"], ports: { node: 9200 } },
      { name: "gpu-01", address: "192.168.100.21", roles: ["node"] },
    ] as const;
    const jobs = jobsOf({ ...memberConfig, targets: { ...memberConfig.targets, hosts } });
    const targetsOf = (name: string) =>
      jobs.find(({ job_name }) => job_name === name)?.static_configs?.flatMap(({ targets }) => targets);
    expect(targetsOf("node")).toEqual(["192.168.100.10:9200", "192.168.100.21:9100"]);
    expect(targetsOf("slurm")).toEqual(["192.168.100.10:8080"]);
    expect(jobs.find(({ job_name }) => job_name === "slurm")).toMatchObject({
      metrics_path: "/metrics",
      scrape_interval: "60s",
    });
  });

  it("scrape Prometheus itself by TLS with the local user", () => {
    expect(job("prometheus")).toMatchObject({
      scheme: "https",
      basic_auth: {
        username_file: "/etc/prometheus/credentials/local.username",
        password_file: "/etc/prometheus/credentials/local.password",
      },
      tls_config: { ca_file: "/etc/prometheus/credentials/ca.crt" },
      static_configs: [{ targets: ["localhost:9090"] }],
    });
  });

  it.each([
    ["clusterCa", { kind: "clusterCa" }, { ca_file: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt" }],
    ["a CA file", { kind: "ca", pem: "pem" }, { ca_file: "/etc/prometheus/config/kubelet-ca.crt" }],
    ["an explicit skip", { kind: "insecureSkipVerify" }, { insecure_skip_verify: true }],
  ] as const)("trust kubelets by %s", (_, kubeletTls, tls_config) => {
    const args = { ...memberConfig, targets: { ...memberConfig.targets, kubeletTls } };
    for (const name of ["kubelet", "cadvisor"]) {
      expect(job(name, args)).toMatchObject({
        scheme: "https",
        authorization: { credentials_file: "/var/run/secrets/kubernetes.io/serviceaccount/token" },
        tls_config,
      });
    }
    expect(prometheusFiles(args).files["kubelet-ca.crt"]).toBe(kubeletTls.kind === "ca" ? "pem" : undefined);
  });

  it("keep kube-state-metrics' own labels but force its cluster", () => {
    const { honor_labels, metric_relabel_configs } = job("kube-state-metrics");
    expect(honor_labels).toBe(true);
    expect(metric_relabel_configs).toEqual([{ target_label: "cluster", replacement: "hpc" }]);
  });

  it("call a GPU's type as settings do, whatever DCGM's version calls the host", () => {
    const relabelled = job("dcgm-exporter").metric_relabel_configs ?? [];
    expect(job("dcgm").metric_relabel_configs).toEqual(relabelled);
    const labels = (modelName: string, host: Readonly<Record<string, string>>) =>
      relabel(relabelled, { modelName, ...host });
    expect(labels("NVIDIA RTX A6000", { Hostname: "gpu-01" })).toEqual({
      modelName: "NVIDIA RTX A6000",
      gpu_type: "rtx-a6000",
      hostname: "gpu-01",
    });
    for (const [model, type] of [
      ["Tesla T4", "tesla-t4"],
      ["NVIDIA A100-SXM4-80GB", "a100-sxm4-80gb"],
      ["NVIDIA H100 80GB HBM3", "h100-80gb-hbm3"],
      ["NVIDIA RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000-blackwell-server-edition"],
      ["GRID", "grid"],
    ] as const) {
      expect(labels(model, { hostname: "gpu-02" })).toEqual({
        modelName: model,
        gpu_type: type,
        hostname: "gpu-02",
      });
    }
  });

  it("measure no machine twice: pods are left out where a host's own exporter is", () => {
    const drop = (regex: string) => ({
      action: "drop",
      source_labels: ["__meta_kubernetes_pod_host_ip"],
      regex,
    });
    expect(job("node-exporter").relabel_configs).toContainEqual(
      drop("192\\.168\\.100\\.10|192\\.168\\.100\\.21"),
    );
    expect(job("dcgm-exporter").relabel_configs).toContainEqual(drop("192\\.168\\.100\\.21"));
    const bare = { ...memberConfig, targets: { ...memberConfig.targets, hosts: [] } };
    expect(
      job("node-exporter", bare).relabel_configs?.filter(({ source_labels }) =>
        source_labels?.includes("__meta_kubernetes_pod_host_ip"),
      ),
    ).toEqual([]);
  });

  it("find an existing exporter by its selector", () => {
    const existing = { namespace: "monitoring", labels: { app: "ksm", release: "kps" }, port: 8443 };
    const args = { ...memberConfig, targets: { ...memberConfig.targets, kubeStateMetrics: existing } };
    expect(job("kube-state-metrics", args)).toMatchObject({
      kubernetes_sd_configs: [
        {
          role: "pod",
          namespaces: { names: ["monitoring"] },
          selectors: [{ role: "pod", label: "app=ksm,release=kps" }],
        },
      ],
    });
    expect(job("annotated-pods", args).relabel_configs).toContainEqual({
      action: "drop",
      source_labels: [
        "__meta_kubernetes_namespace",
        "__meta_kubernetes_pod_label_app",
        "__meta_kubernetes_pod_label_release",
      ],
      regex: "monitoring;ksm;kps",
    });
  });

  it("write remote-write receivers with a bounded queue and credentials by file", () => {
    const config = parsed(sites.hub.files.prometheusConfig);
    expect(config.remote_write).toEqual([
      {
        name: "archive",
        url: "https://archive.example:8443/api/v1/write",
        basic_auth: {
          username_file: "/etc/prometheus/credentials/archive.username",
          password_file: "/etc/prometheus/credentials/archive.password",
        },
        queue_config: {
          capacity: 10000,
          max_shards: 50,
          max_samples_per_send: 2000,
          batch_send_deadline: "5s",
        },
      },
    ]);
    expect(parsed(sites.member.files.prometheusConfig).remote_write).toBeUndefined();
  });
});
