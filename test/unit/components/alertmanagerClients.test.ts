import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { alertDelivery } from "../../../components/monitoring/alertmanagerClients";

describe("the way of alerts from a Prometheus", () => {
  const hub = alertDelivery({ cluster: "cloud", namespace: "federation", replicas: 2 });
  const member = alertDelivery({
    cluster: "hpc",
    namespace: "federation",
    replicas: 1,
    hub: ["192.168.200.10:30993", "192.168.200.10:30994"],
  });
  const own = (user: string) => ({
    username_file: `/etc/prometheus/credentials/${user}.username`,
    password_file: `/etc/prometheus/credentials/${user}.password`,
  });
  const local = {
    scheme: "https",
    basic_auth: own("local"),
    tls_config: {
      ca_file: "/etc/prometheus/credentials/ca.crt",
      server_name: "prometheus.federation.svc",
    },
  };
  const outside = {
    scheme: "https",
    basic_auth: own("hub"),
    tls_config: { ca_file: "/etc/prometheus/credentials/ca.crt" },
  };

  it("leads on the hub to each replica by itself", () => {
    const targets = ["alertmanager-0.federation.svc:9093", "alertmanager-1.federation.svc:9093"];
    expect(hub).toEqual({
      alerting: { alertmanagers: [{ api_version: "v2", ...local, static_configs: [{ targets }] }] },
      jobs: [
        {
          job_name: "alertmanager",
          ...local,
          static_configs: [{ targets }],
          relabel_configs: [{ target_label: "cluster", replacement: "cloud" }],
        },
      ],
    });
  });

  it("leads on a member to its own and to each of the hub's, which it probes and keeps no samples of", () => {
    const targets = ["192.168.200.10:30993", "192.168.200.10:30994"];
    const [, toTheHub] = member.alerting.alertmanagers;
    expect(member.alerting.alertmanagers).toHaveLength(2);
    expect(toTheHub).toEqual({
      api_version: "v2",
      ...outside,
      static_configs: [{ targets }],
      alert_relabel_configs: [
        { action: "drop", source_labels: ["alertname"], regex: "HubReachable" },
        { action: "drop", source_labels: ["hop"], regex: "local" },
      ],
    });
    expect(member.jobs.map(({ job_name }) => job_name)).toEqual(["alertmanager", "hub-alertmanager"]);
    expect(member.jobs[1]).toEqual({
      job_name: "hub-alertmanager",
      ...outside,
      scrape_interval: "15s",
      scrape_timeout: "5s",
      static_configs: [{ targets }],
      relabel_configs: [{ target_label: "cluster", replacement: "hpc" }],
      metric_relabel_configs: [{ action: "drop", source_labels: ["__name__"], regex: ".+" }],
    });
  });

  it.each([
    ["hub", hub],
    ["member", member],
  ])("is what Prometheus understands, on a %s", (_, { alerting, jobs }) => {
    const folder = mkdtempSync(join(tmpdir(), "alerting-"));
    try {
      writeFileSync(join(folder, "prometheus.yml"), stringify({ alerting, scrape_configs: jobs }));
      const said = spawnSync("promtool", ["check", "config", "--syntax-only", "prometheus.yml"], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(said.error).toBeUndefined();
      expect(`${said.stdout}${said.stderr}`).toContain("SUCCESS: prometheus.yml is valid");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
