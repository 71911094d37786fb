import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { networkPolicies } from "../../../components/kubernetes/flows";
import { Grafana, grafanaProblems } from "../../../components/monitoring/grafana";
import type { GrafanaArgs } from "../../../components/monitoring/grafana";
import { grafanaFlows } from "../../../components/monitoring/grafanaPod";
import type { BuiltDashboard } from "../../../dashboards";
import { SECRET_MARK, only, record, summary } from "../../support/mocks";
import type { Registration } from "../../support/mocks";
import { dashboards, uids } from "./grafanaSamples";

const IMAGE = `docker.io/grafana/grafana:13.0.1@sha256:${"0".repeat(64)}`;
const SELECTOR = {
  "app.kubernetes.io/name": "grafana",
  "app.kubernetes.io/instance": "federation-grafana",
  "app.kubernetes.io/component": "dashboards",
  "app.kubernetes.io/part-of": "federation",
  "app.kubernetes.io/managed-by": "pulumi",
};
const LABELS = { ...SELECTOR, "app.kubernetes.io/version": "13.0.1" };
const metadata = (name?: string): object => ({
  ...(name === undefined ? {} : { name }),
  namespace: "federation",
  labels: LABELS,
});

/** Stand-ins: nothing here is or looks like a key. */
const credentials = {
  caCertificates: "ca certificates",
  serverCertificate: "server certificate",
  serverKey: "server key",
  prometheus: { username: "local-1", password: "local password" },
  admin: { username: "admin", password: "admin password" },
};

const args: GrafanaArgs = {
  namespace: "federation",
  image: IMAGE,
  dashboards,
  home: "federation-cluster-overview",
  prometheusUrl: "https://prometheus.federation.svc:9090",
  scrapeInterval: "30s",
  credentials: pulumi.secret(credentials),
  expose: { kind: "nodePort", port: 30300, allowFrom: ["192.168.200.0/24"] },
  url: "https://192.168.200.10:30300",
};

const declare = (change: Partial<GrafanaArgs> = {}, preview = false): Promise<readonly Registration[]> =>
  record(() => new Grafana("grafana", { ...args, ...change }), { preview });

const CHILDREN = [
  "federation:monitoring:Grafana grafana",
  "kubernetes:apps/v1:Deployment grafana-deployment",
  "kubernetes:core/v1:ConfigMap grafana-config",
  ...uids.map((uid) => `kubernetes:core/v1:ConfigMap grafana-${uid}`),
  "kubernetes:core/v1:Secret grafana-credentials",
  "kubernetes:core/v1:Service grafana-service",
].sort();

describe("Grafana", () => {
  it("has exactly these children, in a preview too", async () => {
    expect(summary(await declare())).toEqual(CHILDREN);
    expect(summary(await declare({}, true))).toEqual(CHILDREN);
  });

  it("is configured for HTTPS, without alerts, sign-ups, changes, and calls to anywhere", async () => {
    const { inputs } = only(await declare(), "grafana-config");
    expect(inputs.metadata).toEqual(metadata());
    const data = inputs.data as Record<string, string>;
    expect(Object.keys(data)).toEqual([
      "grafana.ini",
      "provisioning_dashboards_federation.yaml",
      "provisioning_datasources_federation.yaml",
    ]);
    expect(data["grafana.ini"]).toBe(`[server]
protocol = https
http_port = 3000
cert_file = /etc/grafana-credentials/tls.crt
cert_key = /etc/grafana-credentials/tls.key
min_tls_version = TLS1.2
root_url = https://192.168.200.10:30300

[security]
admin_user = $__file{/etc/grafana-credentials/admin.username}
admin_password = $__file{/etc/grafana-credentials/admin.password}
cookie_secure = true
strict_transport_security = true
disable_gravatar = true

[users]
allow_sign_up = false
allow_org_create = false
viewers_can_edit = false

[auth.anonymous]
enabled = false
org_role = Viewer

[dashboards]
default_home_dashboard_path = /etc/grafana-dashboards/federation-cluster-overview.json

[unified_alerting]
enabled = false

[analytics]
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false
feedback_links_enabled = false

[news]
news_feed_enabled = false

[plugins]
preinstall_disabled = true
plugin_admin_enabled = false

[snapshots]
enabled = false
external_enabled = false

[log]
mode = console
`);
  });

  it("is provisioned with one data source that can not be changed, whose secrets are files", async () => {
    const data = only(await declare(), "grafana-config").inputs.data as Record<string, string>;
    expect(parse(data["provisioning_datasources_federation.yaml"] ?? "")).toEqual({
      apiVersion: 1,
      datasources: [
        {
          name: "Federation",
          uid: "federation-prometheus",
          type: "prometheus",
          access: "proxy",
          url: "https://prometheus.federation.svc:9090",
          isDefault: true,
          editable: false,
          basicAuth: true,
          basicAuthUser: "$__file{/etc/grafana-credentials/prometheus.username}",
          jsonData: {
            httpMethod: "POST",
            prometheusType: "Prometheus",
            timeInterval: "30s",
            tlsAuthWithCACert: true,
            manageAlerts: false,
            allowAsRecordingRulesTarget: false,
          },
          secureJsonData: {
            basicAuthPassword: "$__file{/etc/grafana-credentials/prometheus.password}",
            tlsCACert: "$__file{/etc/grafana-credentials/ca.crt}",
          },
        },
      ],
    });
  });

  it("is provisioned with the dashboards, one ConfigMap each, no changes by hand", async () => {
    const registrations = await declare();
    const data = only(registrations, "grafana-config").inputs.data as Record<string, string>;
    expect(parse(data["provisioning_dashboards_federation.yaml"] ?? "")).toEqual({
      apiVersion: 1,
      providers: [
        {
          name: "federation",
          type: "file",
          folder: "Federation",
          folderUid: "federation",
          allowUiUpdates: false,
          disableDeletion: true,
          options: { path: "/etc/grafana-dashboards" },
        },
      ],
    });
    for (const { uid, json } of dashboards) {
      expect(only(registrations, `grafana-${uid}`).inputs).toMatchObject({
        metadata: metadata(),
        data: { [`${uid}.json`]: json },
      });
    }
  });

  it("has its credentials in one Secret and nowhere else", async () => {
    const registrations = await declare();
    expect(only(registrations, "grafana-credentials").inputs).toMatchObject({
      metadata: metadata(),
      type: "Opaque",
      data: {
        ...SECRET_MARK,
        value: Object.fromEntries(
          Object.entries({
            "admin.password": "admin password",
            "admin.username": "admin",
            "ca.crt": "ca certificates",
            "prometheus.password": "local password",
            "prometheus.username": "local-1",
            "tls.crt": "server certificate",
            "tls.key": "server key",
          }).map(([file, text]) => [file, Buffer.from(text).toString("base64")]),
        ),
      },
    });
    const others = registrations.filter(({ name }) => name !== "grafana-credentials");
    expect(JSON.stringify(others)).not.toContain('password":"');
    expect(JSON.stringify(others)).not.toMatch(/local password|admin password|server key/);
  });

  it("is one pod, restricted, that mounts everything by its name and keeps nothing", async () => {
    const { inputs } = only(await declare(), "grafana-deployment");
    const health = { httpGet: { path: "/api/health", port: "https", scheme: "HTTPS" } };
    expect(inputs).toMatchObject({ metadata: metadata("grafana") });
    expect(inputs.spec).toEqual({
      replicas: 1,
      selector: { matchLabels: SELECTOR },
      template: {
        metadata: { labels: LABELS },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65534,
            runAsGroup: 65534,
            seccompProfile: { type: "RuntimeDefault" },
            fsGroup: 65534,
            fsGroupChangePolicy: "OnRootMismatch",
          },
          containers: [
            {
              name: "grafana",
              image: IMAGE,
              env: [
                { name: "GF_PATHS_CONFIG", value: "/etc/grafana/grafana.ini" },
                { name: "GF_PATHS_PROVISIONING", value: "/etc/grafana/provisioning" },
                { name: "GF_PATHS_DATA", value: "/var/lib/grafana" },
                { name: "GF_PATHS_LOGS", value: "/var/lib/grafana/log" },
                { name: "GF_PATHS_PLUGINS", value: "/var/lib/grafana/plugins" },
              ],
              ports: [{ name: "https", containerPort: 3000 }],
              startupProbe: { ...health, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 150 },
              readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
              livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
              resources: {
                requests: { cpu: "100m", memory: "192Mi" },
                limits: { cpu: "1", memory: "512Mi" },
              },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: [
                { name: "config", mountPath: "/etc/grafana", readOnly: true },
                { name: "credentials", mountPath: "/etc/grafana-credentials", readOnly: true },
                { name: "dashboards", mountPath: "/etc/grafana-dashboards", readOnly: true },
                { name: "data", mountPath: "/var/lib/grafana" },
                { name: "temporary", mountPath: "/tmp" },
              ],
            },
          ],
          volumes: [
            {
              name: "config",
              configMap: {
                name: "grafana-config-auto",
                items: [
                  { key: "grafana.ini", path: "grafana.ini" },
                  {
                    key: "provisioning_dashboards_federation.yaml",
                    path: "provisioning/dashboards/federation.yaml",
                  },
                  {
                    key: "provisioning_datasources_federation.yaml",
                    path: "provisioning/datasources/federation.yaml",
                  },
                ],
              },
            },
            { name: "credentials", secret: { secretName: "grafana-credentials-auto" } },
            {
              name: "dashboards",
              projected: { sources: uids.map((uid) => ({ configMap: { name: `grafana-${uid}-auto` } })) },
            },
            { name: "data", emptyDir: { sizeLimit: "256Mi" } },
            { name: "temporary", emptyDir: { sizeLimit: "64Mi" } },
          ],
        },
      },
    });
  });

  it.each([
    [undefined, { type: "ClusterIP", ports: [{ name: "https", port: 3000, targetPort: "https" }] }],
    [
      { kind: "nodePort", port: 30300, allowFrom: ["0.0.0.0/0"] },
      { type: "NodePort", ports: [{ name: "https", port: 3000, targetPort: "https", nodePort: 30300 }] },
    ],
    [
      { kind: "loadBalancer", port: 443, address: "192.168.200.9", allowFrom: ["10.0.0.0/8"] },
      {
        type: "LoadBalancer",
        ports: [{ name: "https", port: 443, targetPort: "https" }],
        loadBalancerSourceRanges: ["10.0.0.0/8"],
        loadBalancerIP: "192.168.200.9",
      },
    ],
  ] as const)("is served as %j", async (expose, spec) => {
    const service = only(await declare({ expose }), "grafana-service");
    expect(service.inputs).toMatchObject({ metadata: metadata("grafana") });
    expect(service.inputs.spec).toEqual({ selector: SELECTOR, ...spec });
  });

  it("lets people look without a login where that is asked for", async () => {
    const { data } = only(await declare({ anonymousViewers: true }), "grafana-config").inputs as {
      data: Record<string, string>;
    };
    expect(data["grafana.ini"]).toContain("[auth.anonymous]\nenabled = true\norg_role = Viewer\n");
  });

  it("refuses wrong arguments before its first child, all at once", async () => {
    const large: BuiltDashboard = { ...dashboards[0]!, uid: "large", json: "x".repeat(900 * 1024 + 1) };
    const change: Partial<GrafanaArgs> = {
      dashboards: [large, dashboards[1]!, dashboards[1]!],
      home: "nowhere",
      scrapeInterval: "soon",
      expose: { kind: "nodePort", port: 30300, allowFrom: [] },
    };
    expect(grafanaProblems({ ...args, ...change })).toEqual([
      'dashboards: "large" has 921601 bytes, at most 921600 fit into a ConfigMap; split it',
      'dashboards: "federation-resource-utilization" is there twice; give every dashboard a uid of its own',
      'home: there is no dashboard "nowhere"; choose one of large, federation-resource-utilization, federation-resource-utilization',
      'scrapeInterval: "soon" is no duration; write a number and a unit such as 15s or 1m30s',
      "expose.allowFrom: empty, so nobody could connect; list the CIDRs of the people",
    ]);
    const into: Registration[] = [];
    await expect(record(() => new Grafana("grafana", { ...args, ...change }), { into })).rejects.toThrow(
      'grafana: dashboards: "large"',
    );
    await pulumi.runtime.disconnect();
    expect(summary(into)).toEqual(["federation:monitoring:Grafana grafana"]);
  });
});

describe("connections of Grafana", () => {
  it("lead to the Prometheus and names, and from people alone", () => {
    const policies = networkPolicies(grafanaFlows(["192.168.200.10"], ["192.168.200.0/24"]));
    const [grafana, prometheus] = policies;
    expect(policies.map(({ name }) => name)).toEqual(["grafana", "prometheus"]);
    expect(grafana?.spec).toEqual({
      podSelector: { matchLabels: SELECTOR },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: [{ ipBlock: { cidr: "192.168.200.0/24" } }], ports: [{ protocol: "TCP", port: 3000 }] },
        { from: [{ ipBlock: { cidr: "192.168.200.10/32" } }], ports: [{ protocol: "TCP", port: 3000 }] },
      ],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
              podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
            },
          ],
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
        {
          to: [
            {
              podSelector: {
                matchLabels: {
                  ...SELECTOR,
                  "app.kubernetes.io/name": "prometheus",
                  "app.kubernetes.io/instance": "federation-prometheus",
                  "app.kubernetes.io/component": "metrics",
                },
              },
            },
          ],
          ports: [{ protocol: "TCP", port: 9090 }],
        },
      ],
    });
    expect(prometheus?.spec.ingress).toEqual([
      { from: [{ podSelector: { matchLabels: SELECTOR } }], ports: [{ protocol: "TCP", port: 9090 }] },
    ]);
  });

  it("come from nobody outside where it is not exposed", () => {
    const [grafana] = networkPolicies(grafanaFlows(["192.168.200.10"], undefined));
    expect(grafana?.spec.policyTypes).toEqual(["Egress"]);
  });
});
