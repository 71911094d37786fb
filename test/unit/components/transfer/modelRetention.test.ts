import {
  MODEL_RETENTION,
  MODEL_RETENTION_EXPORTER,
  ModelRetention,
  modelRetentionPods,
  modelRetentionProblems,
} from "../../../../components/transfer/modelRetention";
import type { ModelRetentionArgs } from "../../../../components/transfer/modelRetention";
import { parseHubSettings } from "../../../../workloads/model-sync/retention/settings";
import { only, record, summary } from "../../../support/mocks";
import type { Registration } from "../../../support/mocks";
import { NODE_IMAGE, encoded, retentionArgs, secret } from "./samples";

const declare = (change: Partial<ModelRetentionArgs> = {}, preview = false) =>
  record(() => new ModelRetention("gc", { ...retentionArgs(), ...change }), { preview });

const retention = (
  change: Partial<ModelRetentionArgs["retention"]>,
): Pick<ModelRetentionArgs, "retention"> => ({ retention: { ...retentionArgs().retention, ...change } });

const CHILDREN = [
  "federation:transfer:ModelRetention gc",
  "kubernetes:apps/v1:Deployment gc-exporter",
  "kubernetes:batch/v1:CronJob gc-gc",
  "kubernetes:core/v1:ConfigMap gc-bundle",
  "kubernetes:core/v1:ConfigMap gc-settings",
  "kubernetes:core/v1:ConfigMap gc-trust",
  "kubernetes:core/v1:Secret gc-credentials",
  "kubernetes:core/v1:Secret gc-exporter-credentials",
  "kubernetes:core/v1:Service gc-exporter-service",
  "kubernetes:core/v1:ServiceAccount gc-service-account",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole gc-cluster-role",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding gc-cluster-role-binding",
];

const selector = (name: string, component: string): object => ({
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/instance": `federation-${name}`,
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/part-of": "federation",
  "app.kubernetes.io/managed-by": "pulumi",
});
const labels = (name: string, component: string): object => ({
  ...selector(name, component),
  "app.kubernetes.io/version": "24.20.0-bookworm-slim",
});
const nobody = {
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  seccompProfile: { type: "RuntimeDefault" },
};
const mounts = [
  { name: "bundle", mountPath: "/opt/model-sync", readOnly: true },
  { name: "settings", mountPath: "/etc/model-sync/settings", readOnly: true },
  { name: "trust", mountPath: "/etc/model-sync/trust", readOnly: true },
  { name: "credentials", mountPath: "/etc/model-sync/credentials", readOnly: true },
];
const volumes = (credentials: string): object[] => [
  { name: "bundle", configMap: { name: "gc-bundle-auto" } },
  { name: "settings", configMap: { name: "gc-settings-auto" } },
  { name: "trust", configMap: { name: "gc-trust-auto" } },
  { name: "credentials", secret: { secretName: credentials } },
];

describe("retention", () => {
  it("has exactly these children, in a preview too", async () => {
    expect(summary(await declare())).toEqual(CHILDREN);
    expect(summary(await declare({}, true))).toEqual(CHILDREN);
  });

  it("has no rights in the cluster, and no token, where it looks for no services there", async () => {
    const registrations = await declare(retention({ inferenceServices: "none" }));
    expect(summary(registrations)).toEqual(CHILDREN.filter((child) => !child.includes("ClusterRole")));
    expect(only(registrations, "gc-service-account").inputs.automountServiceAccountToken).toBe(false);
    expect(only(registrations, "gc-gc").inputs).toMatchObject({
      spec: { jobTemplate: { spec: { template: { spec: { automountServiceAccountToken: false } } } } },
    });
  });

  it("may list what loads models, and nothing else", async () => {
    const registrations = await declare();
    expect(only(registrations, "gc-cluster-role").inputs.rules).toEqual([
      {
        apiGroups: ["serving.kserve.io"],
        resources: ["inferenceservices", "llminferenceservices"],
        verbs: ["list"],
      },
      { apiGroups: ["serving.knative.dev"], resources: ["revisions"], verbs: ["list"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
    ]);
    expect(only(registrations, "gc-cluster-role-binding").inputs).toMatchObject({
      metadata: { labels: labels("model-retention", "transfer") },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "gc-cluster-role-auto" },
      subjects: [
        { kind: "ServiceAccount", name: "gc-service-account-auto", namespace: "federation-transfer" },
      ],
    });
  });

  it("plans once a day, restricted, with a token for the API server", async () => {
    const registrations = await declare();
    expect(only(registrations, "gc-service-account").inputs.automountServiceAccountToken).toBe(true);
    const { inputs } = only(registrations, "gc-gc");
    expect(inputs.metadata).toEqual({
      name: "model-retention",
      namespace: "federation-transfer",
      labels: labels("model-retention", "transfer"),
    });
    expect(inputs.spec).toEqual({
      schedule: "30 3 * * *",
      timeZone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 300,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels: labels("model-retention", "transfer") },
        spec: {
          backoffLimit: 0,
          activeDeadlineSeconds: 21_600,
          podFailurePolicy: {
            rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
          },
          template: {
            metadata: { labels: labels("model-retention", "transfer") },
            spec: {
              serviceAccountName: "gc-service-account-auto",
              automountServiceAccountToken: true,
              enableServiceLinks: false,
              terminationGracePeriodSeconds: 5,
              securityContext: nobody,
              containers: [
                {
                  name: "model-retention",
                  image: NODE_IMAGE,
                  command: [
                    "node",
                    "--max-old-space-size=192",
                    "--max-semi-space-size=8",
                    "/opt/model-sync/model-sync.cjs",
                  ],
                  args: ["gc", "--config", "/etc/model-sync/settings/settings.json"],
                  securityContext: {
                    allowPrivilegeEscalation: false,
                    readOnlyRootFilesystem: true,
                    capabilities: { drop: ["ALL"] },
                  },
                  volumeMounts: mounts,
                  resources: {
                    requests: { cpu: "250m", memory: "256Mi" },
                    limits: { cpu: "2", memory: "512Mi" },
                  },
                },
              ],
              volumes: volumes("gc-credentials-auto"),
              restartPolicy: "Never",
            },
          },
        },
      },
    });
  });

  it("serves metrics with a user that only reads, and without a token", async () => {
    const registrations = await declare();
    expect(only(registrations, "gc-exporter").inputs).toMatchObject({
      metadata: {
        name: "model-retention-exporter",
        namespace: "federation-transfer",
        labels: labels("model-retention-exporter", "metrics"),
      },
      spec: {
        selector: { matchLabels: selector("model-retention-exporter", "metrics") },
        template: {
          spec: {
            automountServiceAccountToken: false,
            securityContext: nobody,
            containers: [
              {
                args: ["export", "--config", "/etc/model-sync/settings/settings.json", "--listen", ":9108"],
                volumeMounts: mounts,
              },
            ],
            volumes: volumes("gc-exporter-credentials-auto"),
          },
        },
      },
    });
    expect(only(registrations, "gc-exporter-service").inputs).toMatchObject({
      metadata: { name: "model-retention-exporter" },
      spec: { selector: selector("model-retention-exporter", "metrics") },
    });
    expect(only(registrations, "gc-exporter-credentials").inputs.data).toEqual(
      secret(encoded({ "minio.accessKey": "retention-reader-1", "minio.secretKey": "secret of its reader" })),
    );
    expect(modelRetentionPods("federation-transfer")).toEqual({
      namespace: "federation-transfer",
      labels: selector("model-retention-exporter", "metrics"),
      port: 9108,
    });
    expect([MODEL_RETENTION, MODEL_RETENTION_EXPORTER]).toEqual([
      selector("model-retention", "transfer"),
      selector("model-retention-exporter", "metrics"),
    ]);
  });

  it("mounts its own user's credentials and both authorities", async () => {
    const registrations = await declare();
    expect(only(registrations, "gc-credentials").inputs.data).toEqual(
      secret(
        encoded({
          "minio.accessKey": "retention-1",
          "minio.secretKey": "secret of retention",
          "mlflow.password": "password of the hub",
          "mlflow.username": "hub",
        }),
      ),
    );
    expect(only(registrations, "gc-trust").inputs.data).toEqual({
      "minio.crt": "authority of the store",
      "mlflow.crt": "authority of the registry",
    });
    expect(only(registrations, "gc-bundle").inputs.data).toEqual({ "model-sync.cjs": "the worker" });
  });

  it("writes the worker's settings as the worker itself accepts them, planning only unless told to apply", async () => {
    const settingsOf = async (change: Partial<ModelRetentionArgs> = {}): Promise<unknown> => {
      const { data } = only(await declare(change), "gc-settings").inputs as { data: Record<string, string> };
      return JSON.parse(data["settings.json"]!);
    };
    const settings = await settingsOf();
    expect(settings).toEqual({
      inferenceServices: "kubernetes",
      members: ["hpc", "hpc2"],
      mlflow: {
        allowUnauthenticated: false,
        caFile: "/etc/model-sync/trust/mlflow.crt",
        passwordFile: "/etc/model-sync/credentials/mlflow.password",
        url: "https://198.18.11.11:5000",
        usernameFile: "/etc/model-sync/credentials/mlflow.username",
      },
      retention: { apply: false, keepLast: 5, minAgeSeconds: 604_800 },
      s3: {
        accessKeyIdFile: "/etc/model-sync/credentials/minio.accessKey",
        bucket: "models",
        caFile: "/etc/model-sync/trust/minio.crt",
        endpoint: "https://198.18.11.10:9000",
        region: "eu-central-1",
        secretAccessKeyFile: "/etc/model-sync/credentials/minio.secretKey",
      },
    });
    expect(parseHubSettings(settings).retention.apply).toBe(false);
    expect(await settingsOf(retention({ apply: true }))).toMatchObject({ retention: { apply: true } });
  });

  it.each<[problem: string, change: Partial<ModelRetentionArgs>]>([
    ["bundle.text: empty; run npm run build", { bundle: { text: "", sha256: "" } }],
    [
      'minio.url: "ftp://store" is no https URL; write https://host:port',
      { minio: { url: "ftp://store", region: "us-east-1" } },
    ],
    [
      "mlflowCredentials: absent; give a user, or mlflow.allowUnauthenticated: true for a registry anyone can write to",
      { mlflowCredentials: undefined },
    ],
    [
      'retention.schedule: "daily" has 1 fields; write five, such as */15 * * * *',
      retention({ schedule: "daily" }),
    ],
    ["worker's settings, members: Too small: expected array to have >=1 items", { members: [] }],
    [
      "worker's settings, retention.keepLast: Too small: expected number to be >=1",
      retention({ keepLast: 0 }),
    ],
  ])("refuses before anything is declared: %s", async (problem, change) => {
    const args = { ...retentionArgs(), ...change };
    expect(modelRetentionProblems(args)).toEqual([problem]);
    const into: Registration[] = [];
    await expect(record(() => new ModelRetention("gc", args), { into })).rejects.toThrow(`gc: ${problem}`);
    expect(into.filter(({ type }) => type.startsWith("kubernetes:"))).toEqual([]);
  });
});
