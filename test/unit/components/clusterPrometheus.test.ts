import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import {
  ClusterPrometheus,
  clusterPrometheusProblems,
} from "../../../components/monitoring/clusterPrometheus";
import type { ClusterPrometheusArgs } from "../../../components/monitoring/clusterPrometheus";
import { credentialFiles } from "../../../components/monitoring/credentials";
import { FederatedPrometheus, federationFiles } from "../../../components/monitoring/federatedPrometheus";
import { hubExtras, prometheusFiles } from "../../../components/monitoring/prometheusFiles";
import { SECRET_MARK, only, record, summary } from "../../support/mocks";
import type { Registration } from "../../support/mocks";
import {
  PROMETHEUS_IMAGE,
  federation,
  hubConfig,
  memberConfig,
  members,
  pricePerGpuHour,
  prometheusArgs,
  web,
} from "../../support/sites";

const SELECTOR = {
  "app.kubernetes.io/name": "prometheus",
  "app.kubernetes.io/instance": "federation-prometheus",
  "app.kubernetes.io/component": "metrics",
  "app.kubernetes.io/part-of": "federation",
  "app.kubernetes.io/managed-by": "pulumi",
};
const LABELS = { ...SELECTOR, "app.kubernetes.io/version": "v3.16.0" };
const metadata = (name?: string): object => ({
  ...(name ? { name } : {}),
  namespace: "federation",
  labels: LABELS,
});
const files = (texts: Readonly<Record<string, string>>): object =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString("base64")]),
  );

const member = (
  change: Partial<ClusterPrometheusArgs> = {},
  preview = false,
): Promise<readonly Registration[]> =>
  record(() => new ClusterPrometheus("prometheus", { ...prometheusArgs(), ...change }), { preview });
const hub = (
  credentials: ClusterPrometheusArgs["credentials"] = prometheusArgs().credentials,
  preview = false,
) =>
  record(
    () =>
      new FederatedPrometheus("prometheus", {
        ...prometheusArgs(),
        config: hubConfig,
        credentials,
        members,
        pricePerGpuHour,
        federation: pulumi.secret(federation),
        extraCredentials: pulumi.secret({ "minio.token": "token of minio" }),
      }),
    { preview },
  );

const CHILDREN = [
  "federation:monitoring:ClusterPrometheus prometheus",
  "kubernetes:apps/v1:StatefulSet prometheus-stateful-set",
  "kubernetes:core/v1:ConfigMap prometheus-config",
  "kubernetes:core/v1:PersistentVolumeClaim prometheus-claim",
  "kubernetes:core/v1:Secret prometheus-credentials",
  "kubernetes:core/v1:Service prometheus-external-service",
  "kubernetes:core/v1:Service prometheus-headless-service",
  "kubernetes:core/v1:Service prometheus-service",
  "kubernetes:core/v1:ServiceAccount prometheus-service-account",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole prometheus-cluster-role",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding prometheus-cluster-role-binding",
];

describe("a cluster's Prometheus", () => {
  it("has exactly these children, in a preview too", async () => {
    expect(summary(await member())).toEqual(CHILDREN);
    expect(summary(await member({}, true))).toEqual(CHILDREN);
  });

  it("has no exposure Service where it is not exposed, and no Secret where Secrets exist", async () => {
    const bare = await member({
      expose: undefined,
      credentials: { kind: "existing", secrets: ["web-tls", "users"] },
    });
    expect(summary(bare)).toEqual(CHILDREN.filter((child) => !/external-service|Secret /.test(child)));
  });

  it("may read targets and metrics of the cluster and nothing else", async () => {
    const registrations = await member();
    expect(only(registrations, "prometheus-cluster-role").inputs.rules).toEqual([
      { apiGroups: [""], resources: ["nodes", "pods", "services"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
      { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
      { nonResourceURLs: ["/metrics"], verbs: ["get"] },
    ]);
    expect(only(registrations, "prometheus-cluster-role-binding").inputs).toMatchObject({
      metadata: { labels: LABELS },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "prometheus-cluster-role-auto",
      },
      subjects: [
        { kind: "ServiceAccount", name: "prometheus-service-account-auto", namespace: "federation" },
      ],
    });
  });

  it("has a claim of its own with a fixed name", async () => {
    expect(only(await member(), "prometheus-claim").inputs).toMatchObject({
      metadata: metadata("prometheus-data"),
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "local-path",
        resources: { requests: { storage: "50Gi" } },
      },
    });
  });

  it("mounts configuration and credentials by fixed names", async () => {
    const registrations = await member();
    expect(only(registrations, "prometheus-config").inputs).toMatchObject({
      metadata: metadata("prometheus-config"),
      data: prometheusFiles(memberConfig).files,
    });
    expect(only(registrations, "prometheus-credentials").inputs).toMatchObject({
      metadata: metadata("prometheus-credentials"),
      type: "Opaque",
      data: { ...SECRET_MARK, value: files(credentialFiles(web)) },
    });
  });

  it("takes series by remote write only where it is told to", async () => {
    const args = async (change: Partial<ClusterPrometheusArgs>): Promise<readonly string[]> => {
      const { inputs } = only(await member(change), "prometheus-stateful-set");
      const { template } = inputs.spec as { template: { spec: { containers: { args: string[] }[] } } };
      return template.spec.containers[0]!.args;
    };
    expect(await args({})).not.toContain("--web.enable-remote-write-receiver");
    expect(await args({ remoteWriteReceiver: false })).toEqual(await args({}));
    expect(await args({ remoteWriteReceiver: true })).toEqual([
      ...(await args({})),
      "--web.enable-remote-write-receiver",
    ]);
  });

  it("is one pod, restricted, that reloads by itself and is ready by promtool", async () => {
    const { inputs } = only(await member(), "prometheus-stateful-set");
    const listening = { tcpSocket: { port: "https" } };
    expect(inputs).toMatchObject({ metadata: metadata("prometheus") });
    expect(inputs.spec).toEqual({
      replicas: 1,
      serviceName: "prometheus-headless",
      selector: { matchLabels: SELECTOR },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: "prometheus-service-account-auto",
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 120,
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
              name: "prometheus",
              image: PROMETHEUS_IMAGE,
              args: [
                "--config.file=/etc/prometheus/config/prometheus.yml",
                "--config.auto-reload",
                "--config.auto-reload-interval=5s",
                "--storage.tsdb.path=/prometheus",
                "--web.config.file=/etc/prometheus/credentials/web.yml",
                "--web.listen-address=:9090",
              ],
              ports: [{ name: "https", containerPort: 9090 }],
              readinessProbe: {
                exec: {
                  command: [
                    "promtool",
                    "check",
                    "ready",
                    "--url",
                    "https://localhost:9090",
                    "--http.config.file",
                    "/etc/prometheus/credentials/http-client.yml",
                  ],
                },
                periodSeconds: 5,
                timeoutSeconds: 10,
                failureThreshold: 3,
              },
              livenessProbe: { ...listening, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
              startupProbe: { ...listening, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 900 },
              resources: { requests: { cpu: "250m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: [
                { name: "config", mountPath: "/etc/prometheus/config", readOnly: true },
                { name: "credentials", mountPath: "/etc/prometheus/credentials", readOnly: true },
                { name: "data", mountPath: "/prometheus" },
              ],
            },
          ],
          volumes: [
            { name: "config", configMap: { name: "prometheus-config" } },
            { name: "credentials", secret: { secretName: "prometheus-credentials" } },
            { name: "data", persistentVolumeClaim: { claimName: "prometheus-data" } },
          ],
        },
      },
    });
  });

  it("keeps its pod when configuration or credentials change", async () => {
    const spec = async (change: Partial<ClusterPrometheusArgs>) =>
      only(await member(change), "prometheus-stateful-set").inputs.spec;
    const rotated = { ...web, caCertificates: "two", users: { ...web.users, "local-2": "hash" } };
    expect(
      await spec({
        config: { ...memberConfig, scrapeInterval: "7s" },
        credentials: { kind: "stack", web: pulumi.secret(rotated) },
      }),
    ).toEqual(await spec({}));
  });

  it("projects existing Secrets into the credentials' folder", async () => {
    const registrations = await member({ credentials: { kind: "existing", secrets: ["web-tls", "users"] } });
    expect(only(registrations, "prometheus-stateful-set").inputs).toMatchObject({
      spec: {
        template: {
          spec: {
            volumes: [
              { name: "config" },
              {
                name: "credentials",
                projected: { sources: [{ secret: { name: "web-tls" } }, { secret: { name: "users" } }] },
              },
              { name: "data" },
            ],
          },
        },
      },
    });
  });

  it("is served inside by two Services, one headless", async () => {
    const registrations = await member();
    const ports = [{ name: "https", port: 9090, targetPort: "https" }];
    expect(only(registrations, "prometheus-headless-service").inputs).toMatchObject({
      metadata: metadata("prometheus-headless"),
      spec: { clusterIP: "None", selector: SELECTOR, ports },
    });
    expect(only(registrations, "prometheus-service").inputs).toMatchObject({
      metadata: metadata("prometheus"),
      spec: { type: "ClusterIP", selector: SELECTOR, ports },
    });
  });

  it.each([
    [
      { kind: "nodePort", port: 30990, allowFrom: ["0.0.0.0/0"] },
      { type: "NodePort", ports: [{ name: "https", port: 9090, targetPort: "https", nodePort: 30990 }] },
    ],
    [
      { kind: "loadBalancer", port: 443, address: "192.168.100.9", allowFrom: ["10.0.0.0/8"] },
      {
        type: "LoadBalancer",
        ports: [{ name: "https", port: 443, targetPort: "https" }],
        loadBalancerSourceRanges: ["10.0.0.0/8"],
        loadBalancerIP: "192.168.100.9",
      },
    ],
  ] as const)("is exposed as %j", async (expose, spec) => {
    const service = only(await member({ expose }), "prometheus-external-service");
    expect(service.inputs).toMatchObject({ metadata: metadata("prometheus-external") });
    expect(service.inputs.spec).toEqual({ selector: SELECTOR, ...spec });
  });

  it("refuses wrong arguments before its first child, all at once", async () => {
    const change: Partial<ClusterPrometheusArgs> = {
      config: {
        ...memberConfig,
        scrapeInterval: "soon",
        evaluationInterval: "10ms",
        targets: {
          ...memberConfig.targets,
          hosts: [...memberConfig.targets.hosts, ...memberConfig.targets.hosts],
        },
      },
      expose: { kind: "nodePort", port: 80, allowFrom: [] },
    };
    expect(clusterPrometheusProblems({ ...prometheusArgs(), ...change })).toEqual([
      'config.scrapeInterval: "soon" is no duration; write a number and a unit such as 15s or 1m30s',
      'config.evaluationInterval: "10ms" is under 1s; ask for more',
      "expose.port: 80 is no nodePort port; choose one of 30000 to 32767",
      "expose.allowFrom: empty, so nobody could connect; list the CIDRs of the clients",
      'config.targets.hosts: "slurm-ctl" is there twice; name every host once',
    ]);
    const into: Registration[] = [];
    await expect(
      record(() => new ClusterPrometheus("prometheus", { ...prometheusArgs(), ...change }), { into }),
    ).rejects.toThrow("prometheus: config.scrapeInterval");
    await pulumi.runtime.disconnect();
    expect(summary(into)).toEqual(["federation:monitoring:ClusterPrometheus prometheus"]);
  });
});

describe("the hub's Prometheus", () => {
  const children = ["federation:monitoring:FederatedPrometheus prometheus", ...CHILDREN].sort();

  it("has the children of a cluster's, in a preview too", async () => {
    expect(summary(await hub())).toEqual(children);
    expect(summary(await hub(undefined, true))).toEqual(children);
  });

  it("adds federate jobs and the hub's rules to the configuration", async () => {
    const { data } = only(await hub(), "prometheus-config").inputs as { data: Record<string, string> };
    expect(data).toEqual(
      prometheusFiles(hubConfig, hubExtras(hubConfig, { members, pricePerGpuHour })).files,
    );
    expect(Object.keys(data).sort()).toEqual([
      "alerts-cluster.yml",
      "alerts-hub.yml",
      "prometheus.yml",
      "rules-cluster.yml",
      "rules-hub.yml",
    ]);
  });

  it("adds each member's user to the credentials", async () => {
    expect(only(await hub(), "prometheus-credentials").inputs.data).toEqual({
      ...SECRET_MARK,
      value: files({
        ...credentialFiles(web),
        "member-hpc.username": "federation-1",
        "member-hpc.password": "federation password",
        "minio.token": "token of minio",
        "member-hpc.ca.crt": web.caCertificates,
      }),
    });
  });

  it("makes no Secret where Secrets exist", async () => {
    const registrations = await hub({ kind: "existing", secrets: ["all"] });
    expect(summary(registrations)).toEqual(children.filter((child) => !child.includes("Secret ")));
  });

  it("scrapes a Prometheus that a member's site has with what the site gave", () => {
    const site = (ca?: string): typeof members =>
      members.map((one) => ({ ...one, existing: { auth: "bearer", ...(ca === undefined ? {} : { ca }) } }));
    expect(federationFiles(site(), { hpc: { token: "token of hpc" } }, "ca")).toEqual({
      "member-hpc.token": "token of hpc",
    });
    expect(federationFiles(site("ca of hpc"), federation, "ca")).toEqual({
      "member-hpc.username": "federation-1",
      "member-hpc.password": "federation password",
      "member-hpc.ca.crt": "ca of hpc",
    });
  });

  it("refuses a member without a user by name", () => {
    expect(() => federationFiles(members, {}, "ca")).toThrow('members: "hpc" has no federation credentials');
  });
});

describe("the files of a server's credentials", () => {
  const texts = credentialFiles(web);

  it("are exactly these", () => {
    expect(Object.keys(texts)).toEqual([
      "ca.crt",
      "tls.crt",
      "tls.key",
      "web.yml",
      "local.username",
      "local.password",
      "http-client.yml",
    ]);
  });

  it("ask for TLS and a password of known users, and probe by file", () => {
    expect(parse(texts["web.yml"] ?? "")).toEqual({
      tls_server_config: {
        cert_file: "/etc/prometheus/credentials/tls.crt",
        key_file: "/etc/prometheus/credentials/tls.key",
        min_version: "TLS12",
      },
      basic_auth_users: web.users,
    });
    expect(parse(texts["http-client.yml"] ?? "")).toEqual({
      basic_auth: {
        username_file: "/etc/prometheus/credentials/local.username",
        password_file: "/etc/prometheus/credentials/local.password",
      },
      tls_config: { ca_file: "/etc/prometheus/credentials/ca.crt" },
    });
  });
});
