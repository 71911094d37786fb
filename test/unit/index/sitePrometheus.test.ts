import { spawnSync } from "node:child_process";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { lines } from "../../../components/monitoring/siteCheck";
import type { Finding, SiteCheckArgs } from "../../../components/monitoring/siteCheck";
import type { MemberSettings, SitePrometheus } from "../../../settings";
import { only, summary } from "../../support/mocks";
import type { RecordOptions, Registration } from "../../support/mocks";
import { hubAlertmanagers } from "../../support/sites";
import { run } from "./run";
import type { Run } from "./run";
import { member, modelSync } from "./samples";

const sitePrometheus: SitePrometheus = {
  kind: "existing",
  url: "https://prometheus.hpc.example",
  ca: "ca of the site",
  object: { namespace: "monitoring", name: "kube-prometheus-stack-prometheus" },
  labels: { release: "kube-prometheus-stack" },
  evaluationInterval: "30s",
  check: true,
  credentials: pulumi.secret({ kind: "bearer", token: "token of the site" } as const),
};
/** The operator's object, as the cluster would show it. */
const operated = {
  reads: {
    "monitoring/kube-prometheus-stack-prometheus": { spec: { ruleSelector: { matchLabels: { a: "b" } } } },
  },
};

describe("the program", () => {
  describe("where the site has a Prometheus", () => {
    const site: MemberSettings = { ...member, modelSync, prometheus: sitePrometheus };
    const checkSite = jest.fn<Promise<readonly Finding[]>, [SiteCheckArgs]>();
    const withSite = (settings: MemberSettings, options: RecordOptions = {}): Promise<Run> => {
      jest.doMock("../../../components/monitoring/siteCheck", () => ({ checkSite, lines }));
      return run(settings, { ...operated, ...options });
    };
    beforeEach(() => checkSite.mockReset().mockResolvedValue([]));
    afterEach(() => jest.dontMock("../../../components/monitoring/siteCheck"));
    const declared = (registrations: readonly Registration[]): readonly string[] =>
      summary(registrations).filter((name) => !/transfer|model-sync/.test(name));
    const scrapes = [
      ...["alertmanager", "beegfs", "dcgm", "dcgm-exporter", "hub-alertmanager", "node"],
      ...["slurm-jobs", "slurm-nodes", "slurm-partitions", "slurm-scheduler"],
    ];
    const expected = [
      "federation:kubernetes:FederationNamespace federation",
      "federation:kubernetes:VerifiedCluster cluster",
      "federation:monitoring:Alertmanager alertmanager",
      "federation:monitoring:ExistingPrometheus prometheus",
      "kubernetes:apps/v1:StatefulSet alertmanager-stateful-set",
      "kubernetes:core/v1:ConfigMap alertmanager-config",
      "kubernetes:core/v1:Namespace cluster-identity",
      "kubernetes:core/v1:Namespace federation-namespace",
      "kubernetes:core/v1:Secret alertmanager-credentials",
      "kubernetes:core/v1:Secret alertmanager-receivers",
      "kubernetes:core/v1:Secret prometheus-alertmanagers",
      "kubernetes:core/v1:Secret prometheus-credentials",
      "kubernetes:core/v1:Service alertmanager-0-service",
      "kubernetes:core/v1:Service alertmanager-headless-service",
      "kubernetes:monitoring.coreos.com/v1:Prometheus site-prometheus",
      "kubernetes:monitoring.coreos.com/v1:PrometheusRule prometheus-federation-alerts-cluster",
      "kubernetes:monitoring.coreos.com/v1:PrometheusRule prometheus-federation-rules-cluster",
      ...scrapes
        // no DCGM exporter in Kubernetes here
        .filter((job) => job !== "dcgm-exporter")
        .map((job) => `kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig prometheus-federation-${job}`),
      "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-alertmanager",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-default-deny",
      "pulumi:providers:kubernetes cluster-bootstrap",
      "pulumi:providers:kubernetes cluster-provider",
    ].sort();

    it("registers its part in that and no server, claim or exporter, in a preview too", async () => {
      const { registrations } = await withSite(site);
      expect(declared(registrations)).toEqual(expected);
      expect(declared((await withSite(site, { preview: true })).registrations)).toEqual(expected);
      expect(only(registrations, "site-prometheus").id).toBe("monitoring/kube-prometheus-stack-prometheus");
    });

    it("asks it first: by its URL, CA and credentials, for what the settings declare", async () => {
      await withSite(site);
      expect(checkSite).toHaveBeenCalledTimes(1);
      const [asked] = checkSite.mock.calls[0] ?? [];
      expect(asked).toEqual({
        endpoint: {
          url: "https://prometheus.hpc.example",
          ca: "ca of the site",
          credentials: { kind: "bearer", token: "token of the site" },
        },
        expected: {
          cluster: "hpc",
          labels: { release: "kube-prometheus-stack" },
          namespace: "monitoring",
          ruleFiles: ["rules-cluster.yml", "alerts-cluster.yml"],
          lookBack: "3d",
          targets: [{ job: "apiserver" }, { job: "kube-state-metrics" }, { job: "kubelet", node: "node-0" }],
          alertmanagers: ["alertmanager-0.federation.svc:9093", ...hubAlertmanagers],
          gpus: false,
        },
        spec: { ruleSelector: { matchLabels: { a: "b" } } },
      });
    });

    it("gives it nothing where it does not fit, and says all of why", () => {
      const script = join(__dirname, "../../support/unfitSite.ts");
      const ended = spawnSync(process.execPath, ["--import", "tsx", script], { encoding: "utf8" });
      expect(ended.stderr).toBe("");
      // the last line: before it the program may say that there is no promtool
      const { registered, error } = JSON.parse(ended.stdout.split("\n").at(-1) ?? "") as {
        registered: string[];
        error: string;
      };
      expect(registered).toEqual(expect.arrayContaining(["site-prometheus", "prometheus"]));
      expect(registered.filter((name) => name.startsWith("prometheus-"))).toEqual([]);
      expect(error.split("\n")).toEqual([
        'stack "test": the site\'s Prometheus monitoring/kube-prometheus-stack-prometheus at https://127.0.0.1:1 does ' +
          'not fit yet, and was given nothing (docs/operations.md, "A Prometheus that the site has already")',
        expect.stringMatching(/^ {2}- ruleSelector: none, which selects nothing; set /),
        expect.stringMatching(/^ {2}- scrapeConfigSelector: none, which selects nothing; set /),
        expect.stringMatching(
          /^ {2}- federation:member\.prometheus\.url: https:\/\/127\.0\.0\.1:1 could not be read \(.*ECONNREFUSED.*\); correct url /,
        ),
      ]);
    });

    it("goes on with warnings, which it tells", async () => {
      const warned = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
      checkSite.mockResolvedValue([
        { severity: "warning", key: "retention", found: "1d", advice: "keep more" },
      ]);
      expect(declared((await withSite(site)).registrations)).toEqual(expected);
      expect(warned.mock.calls).toEqual([
        [
          "the site's Prometheus monitoring/kube-prometheus-stack-prometheus at https://prometheus.hpc.example:\n" +
            "  - retention: 1d; keep more",
        ],
      ]);
      warned.mockRestore();
    });

    it("asks nothing where it is not to be checked", async () => {
      const { registrations } = await withSite({ ...site, prometheus: { ...sitePrometheus, check: false } });
      expect(declared(registrations)).toEqual(expected.filter((name) => !name.endsWith(" site-prometheus")));
      expect(checkSite).not.toHaveBeenCalled();
    });

    it("lets the site's Prometheus, and no other, reach Alertmanager and what moves models", async () => {
      const { registrations } = await withSite(site);
      const sources = (policy: string): readonly unknown[] => {
        const { spec } = only(registrations, policy).inputs as {
          spec: { ingress: { from: unknown[] }[] };
        };
        return spec.ingress.flatMap(({ from }) => from);
      };
      const pods = {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
        podSelector: {
          matchLabels: {
            "app.kubernetes.io/name": "prometheus",
            "operator.prometheus.io/name": "kube-prometheus-stack-prometheus",
          },
        },
      };
      expect(sources("federation-alertmanager")).toEqual([pods]);
      expect(sources("transfer-model-sync-exporter")).toEqual([pods]);
    });

    it("declares only what the site's Prometheus names so: neither cAdvisor nor itself by a job of ours", async () => {
      const { registrations } = await withSite(site);
      const { spec } = only(registrations, "prometheus-federation-alerts-cluster").inputs as {
        spec: { groups: { name: string; rules: { expr: string }[] }[] };
      };
      const absent = spec.groups.find(({ name }) => name === "alerts-absence")?.rules.map(({ expr }) => expr);
      const jobs = [...(absent ?? []).join().matchAll(/job="([^"]+)"/g)].map(([, job]) => job);
      expect(new Set(jobs)).toEqual(
        new Set([
          ...scrapes.filter((job) => job !== "dcgm-exporter"),
          ...["apiserver", "kube-state-metrics", "kubelet", "model-transfer"],
        ]),
      );
    });

    it("has the site's URL for the hub", async () => {
      expect((await withSite(site)).outputs.federationUrl).toBe("https://prometheus.hpc.example");
    });
  });
});
