import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { Alertmanager, alertmanagerProblems } from "../../../components/monitoring/alertmanager";
import type { AlertmanagerArgs } from "../../../components/monitoring/alertmanager";
import { credentialFiles } from "../../../components/monitoring/credentials";
import { alertmanagerConfig, renderAlertmanagerConfig } from "../../../rules/alertmanager";
import type { Receiver } from "../../../rules/alertmanager";
import { SECRET_MARK, only, record, summary } from "../../support/mocks";
import type { Registration } from "../../support/mocks";
import { web } from "../../support/sites";

const IMAGE = `docker.io/prom/alertmanager:v0.28.1@sha256:${"0".repeat(64)}`;
const SELECTOR = {
  "app.kubernetes.io/name": "alertmanager",
  "app.kubernetes.io/instance": "federation-alertmanager",
  "app.kubernetes.io/component": "alerts",
  "app.kubernetes.io/part-of": "federation",
  "app.kubernetes.io/managed-by": "pulumi",
};
const LABELS = { ...SELECTOR, "app.kubernetes.io/version": "v0.28.1" };
const metadata = (name?: string): object => ({
  ...(name ? { name } : {}),
  namespace: "federation",
  labels: LABELS,
});
const encoded = (files: Readonly<Record<string, string>>): object =>
  Object.fromEntries(
    Object.entries(files).map(([file, text]) => [file, Buffer.from(text).toString("base64")]),
  );

const receivers: readonly Receiver[] = [
  { kind: "webhook", name: "bot", causes: ["critical", "warning"] },
  { kind: "webhook", name: "log", causes: ["warning"], url: "https://192.168.200.40:8443/alerts" },
];
const hubArgs = (): AlertmanagerArgs => ({
  namespace: "federation",
  image: IMAGE,
  replicas: 2,
  config: { role: "hub", receivers },
  receiverSecrets: { "bot.url": pulumi.secret("https://bot.example/secret") },
  credentials: { kind: "stack", web: pulumi.secret(web) },
  clients: pulumi.secret({ "alerts-hpc-1": "hash of hpc" }),
  expose: { kind: "nodePort", ports: [30993, 30994], allowFrom: ["192.168.100.0/24"] },
  externalUrl: "https://192.168.200.10:30993",
});
const memberArgs = (): AlertmanagerArgs => ({
  namespace: "federation",
  image: IMAGE,
  replicas: 1,
  config: { role: "member", receivers },
  receiverSecrets: { "bot.url": "https://bot.example/secret" },
  credentials: { kind: "stack", web: pulumi.secret(web) },
});
const run = (args: AlertmanagerArgs, preview = false): Promise<readonly Registration[]> =>
  record(() => new Alertmanager("alertmanager", args), { preview });

const CHILDREN = [
  "federation:monitoring:Alertmanager alertmanager",
  "kubernetes:apps/v1:StatefulSet alertmanager-stateful-set",
  "kubernetes:core/v1:ConfigMap alertmanager-config",
  "kubernetes:core/v1:Secret alertmanager-credentials",
  "kubernetes:core/v1:Secret alertmanager-receivers",
  "kubernetes:core/v1:Service alertmanager-0-service",
  "kubernetes:core/v1:Service alertmanager-1-service",
  "kubernetes:core/v1:Service alertmanager-headless-service",
  "kubernetes:policy/v1:PodDisruptionBudget alertmanager-disruption-budget",
];

describe("Alertmanager", () => {
  it("has exactly these children on the hub, in a preview too", async () => {
    expect(summary(await run(hubArgs()))).toEqual(CHILDREN);
    expect(summary(await run(hubArgs(), true))).toEqual(CHILDREN);
  });

  it("is one replica on a member, without a disruption budget", async () => {
    expect(summary(await run(memberArgs()))).toEqual(
      CHILDREN.filter((child) => !/-1-service|disruption/.test(child)),
    );
  });

  it("has no credentials of its own where Secrets exist", async () => {
    const existing = { kind: "existing", secrets: ["web-tls", "users"] } as const;
    const registrations = await run({ ...hubArgs(), credentials: existing });
    expect(summary(registrations)).toEqual(CHILDREN.filter((child) => !child.endsWith("-credentials")));
    const { spec } = only(registrations, "alertmanager-stateful-set").inputs as {
      spec: { template: { spec: { volumes: unknown[] } } };
    };
    expect(spec.template.spec.volumes).toContainEqual({
      name: "credentials",
      projected: { sources: [{ secret: { name: "web-tls" } }, { secret: { name: "users" } }] },
    });
  });

  it("is given its configuration, and names that follow from it", async () => {
    const { inputs } = only(await run(hubArgs()), "alertmanager-config");
    expect(inputs).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata(),
      data: {
        "alertmanager.yml": renderAlertmanagerConfig(alertmanagerConfig({ role: "hub", receivers })),
      },
    });
  });

  it("reads secrets of receivers from files", async () => {
    const { inputs } = only(await run(hubArgs()), "alertmanager-receivers");
    expect(inputs).toMatchObject({ metadata: metadata(), type: "Opaque" });
    expect(inputs.data).toEqual({
      ...SECRET_MARK,
      value: encoded({ "bot.url": "https://bot.example/secret" }),
    });
  });

  it("serves with Prometheus's certificate, lets the members in, and gets nothing they are scraped with", async () => {
    const { inputs } = only(await run(hubArgs()), "alertmanager-credentials");
    const files = credentialFiles({ ...web, users: { ...web.users, "alerts-hpc-1": "hash of hpc" } });
    const client = { "http-client.yml": `${files["http-client.yml"] ?? ""}enable_http2: false\n` };
    expect(inputs.data).toEqual({ ...SECRET_MARK, value: encoded({ ...files, ...client }) });
    expect(parse(client["http-client.yml"])).toEqual({
      basic_auth: {
        username_file: "/etc/prometheus/credentials/local.username",
        password_file: "/etc/prometheus/credentials/local.password",
      },
      tls_config: { ca_file: "/etc/prometheus/credentials/ca.crt" },
      enable_http2: false,
    });
    const users = parse(files["web.yml"] ?? "") as { readonly basic_auth_users: object };
    expect(users.basic_auth_users).toEqual({
      "local-1": "hash of local",
      "federation-1": "hash of federation",
      "alerts-hpc-1": "hash of hpc",
    });
  });

  it("is reached by one Service a replica", async () => {
    const registrations = await run(hubArgs());
    const port = { name: "https", port: 9093, targetPort: "https" };
    for (const index of [0, 1]) {
      const pod = `alertmanager-${index}`;
      expect(only(registrations, `alertmanager-${index}-service`).inputs).toMatchObject({
        metadata: metadata(pod),
        spec: {
          type: "NodePort",
          selector: { ...SELECTOR, "statefulset.kubernetes.io/pod-name": pod },
          ports: [{ ...port, nodePort: 30993 + index }],
        },
      });
    }
    expect(only(registrations, "alertmanager-headless-service").inputs).toMatchObject({
      metadata: metadata("alertmanager-headless"),
      spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: SELECTOR, ports: [port] },
    });
    expect(only(await run(memberArgs()), "alertmanager-0-service").inputs.spec).toEqual({
      type: "ClusterIP",
      selector: { ...SELECTOR, "statefulset.kubernetes.io/pod-name": "alertmanager-0" },
      ports: [port],
    });
  });

  it("may have load balancers of its own", async () => {
    const expose = {
      kind: "loadBalancer",
      ports: [9093, 9093],
      addresses: ["192.168.200.50", "192.168.200.51"],
      allowFrom: ["192.168.100.0/24"],
    } as const;
    expect(only(await run({ ...hubArgs(), expose }), "alertmanager-1-service").inputs.spec).toEqual({
      type: "LoadBalancer",
      selector: { ...SELECTOR, "statefulset.kubernetes.io/pod-name": "alertmanager-1" },
      ports: [{ name: "https", port: 9093, targetPort: "https" }],
      loadBalancerSourceRanges: ["192.168.100.0/24"],
      loadBalancerIP: "192.168.200.51",
    });
  });

  it("is two restricted pods that gossip, apart where there are nodes, ready by amtool", async () => {
    const { inputs } = only(await run(hubArgs()), "alertmanager-stateful-set");
    const listening = { tcpSocket: { port: "https" } };
    expect(inputs).toMatchObject({ metadata: metadata("alertmanager") });
    expect(inputs.spec).toEqual({
      replicas: 2,
      serviceName: "alertmanager-headless",
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "RollingUpdate" },
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
          },
          affinity: {
            podAntiAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                {
                  weight: 100,
                  podAffinityTerm: {
                    topologyKey: "kubernetes.io/hostname",
                    labelSelector: { matchLabels: SELECTOR },
                  },
                },
              ],
            },
          },
          containers: [
            {
              name: "alertmanager",
              image: IMAGE,
              args: [
                "--config.file=/etc/alertmanager/config/alertmanager.yml",
                "--storage.path=/alertmanager",
                "--web.listen-address=:9093",
                "--web.config.file=/etc/prometheus/credentials/web.yml",
                "--web.external-url=https://192.168.200.10:30993",
                "--cluster.listen-address=0.0.0.0:9094",
                "--cluster.advertise-address=$(POD_IP):9094",
                "--cluster.peer=alertmanager-0.alertmanager-headless:9094",
                "--cluster.peer=alertmanager-1.alertmanager-headless:9094",
              ],
              env: [{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
              ports: [
                { name: "https", containerPort: 9093 },
                { name: "gossip-tcp", containerPort: 9094, protocol: "TCP" },
                { name: "gossip-udp", containerPort: 9094, protocol: "UDP" },
              ],
              readinessProbe: {
                exec: {
                  command: [
                    "amtool",
                    "cluster",
                    "show",
                    "--alertmanager.url=https://localhost:9093",
                    "--http.config.file=/etc/prometheus/credentials/http-client.yml",
                    "--no-version-check",
                    "--timeout=5s",
                  ],
                },
                periodSeconds: 10,
                timeoutSeconds: 10,
                failureThreshold: 3,
              },
              livenessProbe: { ...listening, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
              startupProbe: { ...listening, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 60 },
              resources: {
                requests: { cpu: "10m", memory: "32Mi" },
                limits: { cpu: "200m", memory: "256Mi" },
              },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: [
                { name: "config", mountPath: "/etc/alertmanager/config", readOnly: true },
                { name: "receivers", mountPath: "/etc/alertmanager/secrets", readOnly: true },
                { name: "credentials", mountPath: "/etc/prometheus/credentials", readOnly: true },
                { name: "data", mountPath: "/alertmanager" },
              ],
            },
          ],
          volumes: [
            { name: "config", configMap: { name: "alertmanager-config-auto" } },
            { name: "receivers", secret: { secretName: "alertmanager-receivers-auto" } },
            { name: "credentials", secret: { secretName: "alertmanager-credentials-auto" } },
            { name: "data", emptyDir: { sizeLimit: "256Mi" } },
          ],
        },
      },
    });
  });

  it("does not gossip alone", async () => {
    const { inputs } = only(await run(memberArgs()), "alertmanager-stateful-set");
    const { spec } = inputs as {
      spec: { template: { spec: { containers: { args: string[]; ports: object[] }[]; affinity?: object } } };
    };
    const [container] = spec.template.spec.containers;
    expect(container?.args.filter((arg) => arg.startsWith("--cluster"))).toEqual([
      "--cluster.listen-address=",
    ]);
    expect(container?.ports).toEqual([{ name: "https", containerPort: 9093 }]);
    expect(spec.template.spec.affinity).toBeUndefined();
  });

  it("refuses wrong arguments before its first child, all at once", async () => {
    const wrong: AlertmanagerArgs = {
      ...hubArgs(),
      replicas: 0,
      config: {
        role: "hub",
        receivers: [
          { kind: "slack", name: "Ops!", causes: [], channel: "#ops" },
          { kind: "webhook", name: "bot", causes: ["critical"], url: "nowhere" },
          { kind: "pagerduty", name: "bot", causes: ["critical"] },
        ],
      },
      receiverSecrets: { "other.url": "x" },
      expose: { kind: "nodePort", ports: [80, 80], addresses: ["a"], allowFrom: [] },
    };
    expect(alertmanagerProblems(wrong)).toEqual([
      "replicas: 0; give 1 to 5",
      'config.receivers[0].name: "Ops!" is no name; use a-z, 0-9 and inner hyphens, at most 32',
      'config.receivers[0].causes: empty, so "Ops!" would never be told anything; give some of critical, warning, heartbeat',
      'config.receivers[1].url: "nowhere" is no URL; give one, or leave it out and set the secret bot.url',
      'config.receivers[2].name: "bot" is there twice; name each once',
      "receiverSecrets: Ops!.url is missing; a receiver needs it",
      "receiverSecrets: bot.key is missing; a receiver needs it",
      "receiverSecrets: no receiver needs other.url; take it out, or name its receiver",
      "expose.ports: 2 for 0 replicas; give each one of its own",
      "expose.ports: 80 is no nodePort port; choose 30000 to 32767",
      "expose.ports: 80 is no nodePort port; choose 30000 to 32767",
      "expose.ports: 80, 80 are not all different; a node port leads to one replica alone",
      "expose.addresses: 1 for 0 replicas; give each one of its own",
      "expose.allowFrom: empty, so nobody could connect; list the CIDRs of the clients",
    ]);
    const into: Registration[] = [];
    await expect(record(() => new Alertmanager("alertmanager", wrong), { into })).rejects.toThrow(
      "alertmanager: replicas: 0; give 1 to 5",
    );
    await pulumi.runtime.disconnect();
    expect(summary(into)).toEqual(["federation:monitoring:Alertmanager alertmanager"]);
  });
});
