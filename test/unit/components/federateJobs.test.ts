import { federateJobs } from "../../../components/monitoring/federateJobs";
import { members } from "../../support/sites";

describe("the federate jobs of a member", () => {
  const [health, detail] = federateJobs(members);

  it("are two, the small one exactly so", () => {
    expect(federateJobs(members)).toHaveLength(2);
    expect(health).toEqual({
      job_name: "federate-health/hpc",
      scheme: "https",
      metrics_path: "/federate",
      params: {
        "match[]": [
          '{__name__=~"fed_cluster:(heartbeat:timestamp_seconds|targets:up|targets:down|health:score|health:loss|cluster_health:score|watchdog:firing|hub_reachable:firing)"}',
        ],
      },
      honor_labels: true,
      honor_timestamps: false,
      scrape_interval: "15s",
      scrape_timeout: "10s",
      sample_limit: 500,
      label_limit: 32,
      body_size_limit: "1MB",
      basic_auth: {
        username_file: "/etc/prometheus/credentials/member-hpc.username",
        password_file: "/etc/prometheus/credentials/member-hpc.password",
      },
      tls_config: { ca_file: "/etc/prometheus/credentials/member-hpc.ca.crt" },
      static_configs: [
        { targets: ["192.168.100.10:30990"], labels: { job: "federate-health", member: "hpc" } },
      ],
      metric_relabel_configs: [
        { action: "keep", source_labels: ["cluster"], regex: "hpc" },
        { action: "drop", source_labels: ["__name__"], regex: "up|scrape_.+|ALERTS|ALERTS_FOR_STATE" },
        {
          source_labels: ["job"],
          regex: "federate-health|federate-detail",
          target_label: "job",
          replacement: "",
        },
        {
          source_labels: ["instance"],
          regex: "192\\.168\\.100\\.10:30990",
          target_label: "instance",
          replacement: "",
        },
        { action: "labeldrop", regex: "member|prometheus|prometheus_replica" },
      ],
    });
  });

  it("enter a site's own Prometheus below its path, by what the site gave and the CA it named or the usual ones", () => {
    const [member] = members;
    if (member === undefined) throw new Error("no member");
    const site = { ...member, url: "https://hpc.example/prometheus/" };
    const [bearer] = federateJobs([{ ...site, existing: { auth: "bearer" } }]);
    expect(bearer).toMatchObject({
      metrics_path: "/prometheus/federate",
      authorization: { credentials_file: "/etc/prometheus/credentials/member-hpc.token" },
      static_configs: [{ targets: ["hpc.example:443"] }],
    });
    expect([bearer?.basic_auth, bearer?.tls_config]).toEqual([undefined, undefined]);
    const [basic] = federateJobs([{ ...site, existing: { auth: "basic", ca: "ca of the site" } }]);
    expect(basic).toMatchObject({ basic_auth: health?.basic_auth, tls_config: health?.tls_config });
    expect(basic?.authorization).toBeUndefined();
  });

  it("differ in match, interval and limits only", () => {
    expect(detail).toMatchObject({ scrape_interval: "60s", sample_limit: 20_000, body_size_limit: "16MB" });
    expect(detail?.metric_relabel_configs).toEqual(health?.metric_relabel_configs);
    expect(detail?.params?.["match[]"]?.[0]).toContain("__name__!~");
  });

  it("match no raw series and none that the hub records", () => {
    for (const matches of [health, detail].map((one) => one?.params?.["match[]"]?.[0])) {
      expect(matches).toMatch(/^\{__name__=~"fed_cluster:/);
      expect(matches).not.toContain("fed_hub");
    }
  });

  it("take port 443 where the URL names none", () => {
    const [first] = federateJobs(members.map((member) => ({ ...member, url: "https://hpc.example" })));
    expect(first?.static_configs?.[0]?.targets).toEqual(["hpc.example:443"]);
  });
});
