import * as pulumi from "@pulumi/pulumi";
import * as dashboards from "../../../dashboards";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import type { DeployedGrafana, SiteGrafana } from "../../../settings";
import { only, summary, valueOf } from "../../support/mocks";
import type { Registration } from "../../support/mocks";
import { web } from "../../support/sites";
import { added, run, secretness } from "./run";
import { GRAFANA_IMAGE, hub } from "./samples";

const deployedGrafana: DeployedGrafana = {
  kind: "deploy",
  expose: { kind: "nodePort", port: 30300, allowFrom: ["192.168.200.0/24"] },
  anonymousViewers: false,
  credentials: pulumi.secret({
    caCertificates: "ca certificates",
    serverCertificate: "certificate of grafana",
    serverKey: "key of grafana",
    prometheus: web.local,
    admin: { username: "admin", password: "admin password" },
  }),
};
const siteGrafana: SiteGrafana = {
  kind: "existing",
  url: "https://grafana.example",
  ca: "ca of grafana",
  token: pulumi.secret("token of grafana"),
  prometheus: pulumi.secret({ caCertificates: "ca certificates", user: web.local }),
};

describe("the program", () => {
  it("adds Grafana beside a hub's Prometheus where it is to be deployed, in a preview too", async () => {
    const settings = { ...hub, grafana: deployedGrafana };
    const up = await added(hub, settings);
    expect(up).toEqual([
      "federation:monitoring:Grafana grafana",
      "kubernetes:apps/v1:Deployment grafana-deployment",
      "kubernetes:core/v1:ConfigMap grafana-config",
      "kubernetes:core/v1:ConfigMap grafana-federation-cluster-overview",
      "kubernetes:core/v1:ConfigMap grafana-federation-health",
      "kubernetes:core/v1:ConfigMap grafana-federation-inference-performance",
      "kubernetes:core/v1:ConfigMap grafana-federation-model-pipeline",
      "kubernetes:core/v1:ConfigMap grafana-federation-resource-utilization",
      "kubernetes:core/v1:ConfigMap grafana-federation-workload-status",
      "kubernetes:core/v1:Secret grafana-credentials",
      "kubernetes:core/v1:Service grafana-service",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-grafana",
    ]);
    expect(await added(hub, settings, { preview: true })).toEqual(up);
  });

  it("gives Grafana this Prometheus, this site's dashboards and a way between the two", async () => {
    const { registrations, outputs } = await run({ ...hub, grafana: deployedGrafana });
    const { data } = only(registrations, "grafana-config").inputs as { data: Record<string, string> };
    expect(data["provisioning_datasources_federation.yaml"]).toContain(
      "url: https://prometheus.federation.svc:9090\n",
    );
    expect(data["grafana.ini"]).toContain("root_url = https://192.168.100.10:30300\n");
    const [health] = dashboards
      .buildDashboards({ hub: "cloud", members: ["hpc"], thresholds: DEFAULT_THRESHOLDS, priced: true })
      .filter(({ uid }) => uid === "federation-health");
    expect(only(registrations, "grafana-federation-health").inputs.data).toEqual({
      "federation-health.json": health?.json,
    });
    expect(only(registrations, "grafana-deployment").inputs).toMatchObject({
      spec: { template: { spec: { containers: [{ image: GRAFANA_IMAGE }] } } },
    });
    const { spec } = only(registrations, "federation-prometheus").inputs as {
      spec: { ingress: { from: { podSelector?: { matchLabels: Record<string, string> } }[] }[] };
    };
    const sources = spec.ingress.flatMap(({ from }) =>
      from.map(({ podSelector }) => podSelector?.matchLabels),
    );
    expect(sources.map((labels) => labels?.["app.kubernetes.io/name"])).toContain("grafana");
    expect(outputs.grafanaUrl).toBe("https://192.168.100.10:30300");
    expect((await secretness(outputs)).grafanaAdmin).toBe(true);
    expect(await valueOf(outputs.grafanaAdmin as pulumi.Output<unknown>)).toEqual({
      username: "admin",
      password: "admin password",
    });
  });

  it("writes the dashboards to a Grafana that the site has, once the cluster is known to be the right one", async () => {
    const into: Registration[] = [];
    const { outputs } = await run({ ...hub, grafana: siteGrafana }, { into });
    expect(summary(into).filter((name) => name.includes("rafana"))).toEqual([
      "federation:monitoring:ExistingGrafana grafana",
      "grafana:oss/dashboard:Dashboard grafana-federation-cluster-overview",
      "grafana:oss/dashboard:Dashboard grafana-federation-health",
      "grafana:oss/dashboard:Dashboard grafana-federation-inference-performance",
      "grafana:oss/dashboard:Dashboard grafana-federation-model-pipeline",
      "grafana:oss/dashboard:Dashboard grafana-federation-resource-utilization",
      "grafana:oss/dashboard:Dashboard grafana-federation-workload-status",
      "grafana:oss/dataSource:DataSource grafana-data-source",
      "grafana:oss/folder:Folder grafana-folder",
      "pulumi:providers:grafana grafana-provider",
    ]);
    expect(only(into, "grafana-data-source").inputs).toMatchObject({
      url: "https://192.168.100.10:30990",
      basicAuthEnabled: true,
    });
    expect(only(into, "grafana-provider").inputs).toMatchObject({
      url: "https://grafana.example",
      caCert: "ca of grafana",
    });
    const identity = into.findIndex(({ name }) => name === "cluster-identity");
    expect(into.findIndex(({ name }) => name === "grafana-provider")).toBeGreaterThan(identity);
    expect(Object.keys(outputs)).toContain("grafanaUrl");
    expect(Object.keys(outputs)).not.toContain("grafanaAdmin");
  });
});
