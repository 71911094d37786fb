import * as pulumi from "@pulumi/pulumi";
import {
  MODEL_SYNC,
  MODEL_SYNC_EXPORTER,
  MODEL_SYNC_VERIFY,
  ModelSync,
  modelSyncPodSecurity,
  modelSyncPods,
} from "../../../../components/transfer/modelSync";
import type { ModelSyncArgs } from "../../../../components/transfer/modelSync";
import { modelSyncProblems, modelSyncSettings } from "../../../../components/transfer/modelSyncArgs";
import { parseSettings } from "../../../../workloads/model-sync/settings";
import { only, record, summary } from "../../../support/mocks";
import type { Registration } from "../../../support/mocks";
import { NODE_IMAGE, bundleOf, encoded, grant, secret, syncArgs, watchOptions } from "./samples";

const declare = (change: Partial<ModelSyncArgs> = {}, preview = false) =>
  record(() => new ModelSync("model-sync", { ...syncArgs(), ...change }), { preview });

const source = (change: Partial<ModelSyncArgs["source"]>): Pick<ModelSyncArgs, "source"> => ({
  source: { ...syncArgs().source, ...change },
});

const CHILDREN = [
  "federation:transfer:ModelSync model-sync",
  "kubernetes:apps/v1:Deployment model-sync-exporter",
  "kubernetes:batch/v1:CronJob model-sync-run",
  "kubernetes:batch/v1:CronJob model-sync-verify",
  "kubernetes:core/v1:ConfigMap model-sync-bundle",
  "kubernetes:core/v1:ConfigMap model-sync-settings",
  "kubernetes:core/v1:ConfigMap model-sync-trust",
  "kubernetes:core/v1:Secret model-sync-credentials",
  "kubernetes:core/v1:Secret model-sync-exporter-credentials",
  "kubernetes:core/v1:Service model-sync-exporter-service",
  "kubernetes:core/v1:ServiceAccount model-sync-service-account",
];

const selector = (name: string, component: string): object => ({
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/instance": `federation-${name}`,
  "app.kubernetes.io/component": component,
  "app.kubernetes.io/part-of": "federation",
  "app.kubernetes.io/managed-by": "pulumi",
});
const version = { "app.kubernetes.io/version": "24.20.0-bookworm-slim" };
const labels = (name: string, component: string): object => ({ ...selector(name, component), ...version });
const metadata = (name: string, component: string): object => ({
  name,
  namespace: "federation-transfer",
  labels: labels(name, component),
});

const nobody = {
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  seccompProfile: { type: "RuntimeDefault" },
};
const hardened = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
const heap = ["--max-old-space-size=192", "--max-semi-space-size=8"];
const SETTINGS = "/etc/model-sync/settings/settings.json";
const BUNDLE = "/opt/model-sync/model-sync.cjs";
const mounts = [
  { name: "bundle", mountPath: "/opt/model-sync", readOnly: true },
  { name: "settings", mountPath: "/etc/model-sync/settings", readOnly: true },
  { name: "trust", mountPath: "/etc/model-sync/trust", readOnly: true },
  { name: "credentials", mountPath: "/etc/model-sync/credentials", readOnly: true },
];
const volumes = (credentials: string): object[] => [
  { name: "bundle", configMap: { name: "model-sync-bundle-auto" } },
  { name: "settings", configMap: { name: "model-sync-settings-auto" } },
  { name: "trust", configMap: { name: "model-sync-trust-auto" } },
  { name: "credentials", secret: { secretName: credentials } },
];
const pod = {
  serviceAccountName: "model-sync-service-account-auto",
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: 5,
};

/** What both CronJobs have in common around their pods. */
const cronJob = (name: string, schedule: string, activeDeadlineSeconds: number, spec: object): object => ({
  schedule,
  timeZone: "Europe/Berlin",
  concurrencyPolicy: "Forbid",
  startingDeadlineSeconds: 300,
  successfulJobsHistoryLimit: 3,
  failedJobsHistoryLimit: 3,
  jobTemplate: {
    metadata: { labels: labels(name, "transfer") },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds,
      podFailurePolicy: {
        rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
      },
      template: { metadata: { labels: labels(name, "transfer") }, spec: { ...spec, restartPolicy: "Never" } },
    },
  },
});

describe("a member's transfer", () => {
  it("has exactly these children, in a preview too", async () => {
    expect(summary(await declare())).toEqual(CHILDREN);
    expect(summary(await declare({}, true))).toEqual(CHILDREN);
  });

  it("has the same children where the registry knows no users and no authority is named", async () => {
    const bare = await declare({
      mlflow: { url: "https://198.18.11.11:5000", allowUnauthenticated: true },
      mlflowCredentials: undefined,
      grant: { ...grant, minioCa: undefined, mlflowCa: undefined },
    });
    expect(summary(bare)).toEqual(CHILDREN);
    expect(only(bare, "model-sync-trust").inputs.data).toEqual({});
    expect(only(bare, "model-sync-credentials").inputs.data).toEqual(
      secret(encoded({ "minio.accessKey": "writer-hpc-1", "minio.secretKey": "secret of the writer" })),
    );
    const { data } = only(bare, "model-sync-settings").inputs as { data: Record<string, string> };
    expect(JSON.parse(data["settings.json"]!)).toMatchObject({
      mlflow: { url: "https://198.18.11.11:5000", allowUnauthenticated: true },
    });
    expect(data["settings.json"]).not.toMatch(/caFile|usernameFile|passwordFile/);
  });

  it("runs on its schedule, as its user, with the file system read-only and nothing else of the node", async () => {
    const { inputs } = only(await declare(), "model-sync-run");
    expect(inputs.metadata).toEqual(metadata("model-sync", "transfer"));
    expect(inputs.spec).toEqual(
      // 60 s to settle, 900 s beside, twice 200 GiB and 5 % of it again at 50 MiB/s, in whole minutes
      cronJob("model-sync", "*/15 * * * *", 9_600, {
        ...pod,
        securityContext: { ...nobody, runAsUser: 2000, runAsGroup: 3000, supplementalGroups: [3001, 3002] },
        nodeSelector: { beegfs: "client" },
        tolerations: [{ key: "storage", operator: "Equal", value: "only", effect: "NoSchedule" }],
        containers: [
          {
            name: "model-sync",
            image: NODE_IMAGE,
            command: ["node", ...heap, BUNDLE],
            args: ["run", "--config", SETTINGS],
            securityContext: hardened,
            volumeMounts: [
              ...mounts,
              {
                name: "models",
                mountPath: "/mnt/beegfs",
                readOnly: true,
                mountPropagation: "HostToContainer",
              },
            ],
            resources: {
              requests: { cpu: "500m", memory: "300Mi" },
              limits: { cpu: "4", memory: "600Mi" },
            },
          },
        ],
        volumes: [
          ...volumes("model-sync-credentials-auto"),
          { name: "models", hostPath: { path: "/mnt/beegfs" } },
        ],
      }),
    );
  });

  it("verifies as nobody, on any node, without the file system", async () => {
    const { inputs } = only(await declare(), "model-sync-verify");
    expect(inputs.metadata).toEqual(metadata("model-sync-verify", "transfer"));
    expect(inputs.spec).toEqual(
      // 900 s, and twice 10 % of 20 models of 200 GiB at 50 MiB/s
      cronJob("model-sync-verify", "15 2 * * *", 17_340, {
        ...pod,
        securityContext: nobody,
        containers: [
          {
            name: "model-sync",
            image: NODE_IMAGE,
            command: ["node", ...heap, BUNDLE],
            args: ["verify", "--config", SETTINGS, "--read-back", "0.1"],
            securityContext: hardened,
            volumeMounts: mounts,
            resources: {
              requests: { cpu: "500m", memory: "300Mi" },
              limits: { cpu: "4", memory: "600Mi" },
            },
          },
        ],
        volumes: volumes("model-sync-credentials-auto"),
      }),
    );
  });

  it("serves metrics with the reader's credentials behind a Service", async () => {
    const registrations = await declare();
    const health = { httpGet: { path: "/healthz", port: "http-metrics" }, timeoutSeconds: 5 };
    expect(only(registrations, "model-sync-exporter").inputs).toMatchObject({
      metadata: metadata("model-sync-exporter", "metrics"),
      spec: {
        replicas: 1,
        selector: { matchLabels: selector("model-sync-exporter", "metrics") },
        template: {
          metadata: { labels: labels("model-sync-exporter", "metrics") },
          spec: {
            ...pod,
            securityContext: nobody,
            containers: [
              {
                name: "exporter",
                image: NODE_IMAGE,
                command: ["node", "--max-old-space-size=96", "--max-semi-space-size=4", BUNDLE],
                args: ["export", "--config", SETTINGS, "--listen", ":9108"],
                securityContext: hardened,
                volumeMounts: mounts,
                ports: [{ name: "http-metrics", containerPort: 9108 }],
                livenessProbe: health,
                readinessProbe: { ...health, periodSeconds: 5 },
                resources: {
                  requests: { cpu: "10m", memory: "64Mi" },
                  limits: { cpu: "200m", memory: "256Mi" },
                },
              },
            ],
            volumes: volumes("model-sync-exporter-credentials-auto"),
          },
        },
      },
    });
    expect(only(registrations, "model-sync-exporter-service").inputs).toMatchObject({
      metadata: metadata("model-sync-exporter", "metrics"),
      spec: {
        type: "ClusterIP",
        selector: selector("model-sync-exporter", "metrics"),
        ports: [{ name: "http-metrics", port: 9108, targetPort: "http-metrics" }],
      },
    });
    expect(modelSyncPods("federation-transfer")).toEqual({
      namespace: "federation-transfer",
      labels: selector("model-sync-exporter", "metrics"),
      port: 9108,
    });
    expect([MODEL_SYNC, MODEL_SYNC_VERIFY, MODEL_SYNC_EXPORTER]).toEqual([
      selector("model-sync", "transfer"),
      selector("model-sync-verify", "transfer"),
      selector("model-sync-exporter", "metrics"),
    ]);
  });

  it("mounts what it is granted: secrets in Secrets, the rest in the clear", async () => {
    const registrations = await declare();
    const object = { namespace: "federation-transfer", labels: labels("model-sync", "transfer") };
    expect(only(registrations, "model-sync-bundle").inputs).toMatchObject({
      metadata: object,
      data: { "model-sync.cjs": "the worker" },
    });
    expect(only(registrations, "model-sync-trust").inputs).toMatchObject({
      metadata: object,
      data: { "minio.crt": "authority of the store", "mlflow.crt": "authority of the registry" },
    });
    expect(only(registrations, "model-sync-credentials").inputs).toMatchObject({
      metadata: object,
      type: "Opaque",
      data: secret(
        encoded({
          "minio.accessKey": "writer-hpc-1",
          "minio.secretKey": "secret of the writer",
          "mlflow.password": "password of hpc",
          "mlflow.username": "hpc",
        }),
      ),
    });
    expect(only(registrations, "model-sync-exporter-credentials").inputs).toMatchObject({
      data: secret(encoded({ "minio.accessKey": "reader-hpc-1", "minio.secretKey": "secret of the reader" })),
    });
    for (const name of ["bundle", "settings", "trust", "credentials", "exporter-credentials"])
      expect(only(registrations, `model-sync-${name}`).inputs.metadata).not.toHaveProperty("name");
    expect(only(registrations, "model-sync-service-account").inputs).toMatchObject({
      metadata: object,
      automountServiceAccountToken: false,
    });
  });

  it("replaces what is mounted when its content changes, so that what mounts it rolls", async () => {
    const { options, transformations } = watchOptions();
    await record(() => new ModelSync("model-sync", syncArgs(), { transformations }));
    for (const name of ["bundle", "settings", "trust", "credentials", "exporter-credentials"])
      expect(options.get(`model-sync-${name}`)).toMatchObject({ replaceOnChanges: ["data"] });
  });

  it("writes the worker's settings, sorted, as the worker itself accepts them", async () => {
    const { data } = only(await declare(), "model-sync-settings").inputs as {
      data: Record<string, string>;
    };
    const text = data["settings.json"]!;
    expect(JSON.parse(text)).toEqual({
      adopt: ["old-llama"],
      allowedFormats: ["safetensors", "json", "text"],
      bandwidth: {
        bytesPerSecond: 209_715_200,
        timeZone: "Europe/Berlin",
        timetable: [{ bytesPerSecond: 52_428_800, days: ["mon", "fri"], from: "08:00", to: "18:00" }],
      },
      member: "hpc",
      mlflow: {
        allowUnauthenticated: false,
        caFile: "/etc/model-sync/trust/mlflow.crt",
        passwordFile: "/etc/model-sync/credentials/mlflow.password",
        url: "https://198.18.11.11:5000",
        usernameFile: "/etc/model-sync/credentials/mlflow.username",
      },
      models: { exclude: ["scratch-*"], include: ["*"] },
      quiescence: { marker: "DONE", maxWaitSeconds: 86_400, settleSeconds: 60 },
      registeredName: "{member}-{model}",
      root: "/mnt/beegfs/models/trained",
      rootGuard: { fsType: "beegfs", kind: "fsType" },
      s3: {
        accessKeyIdFile: "/etc/model-sync/credentials/minio.accessKey",
        bucket: "models",
        caFile: "/etc/model-sync/trust/minio.crt",
        endpoint: "https://198.18.11.10:9000",
        region: "eu-central-1",
        secretAccessKeyFile: "/etc/model-sync/credentials/minio.secretKey",
      },
      slurmJobFile: "slurm-job-id",
      verify: { readBack: { sample: 0.05 } },
    });
    const topLevel = [...text.matchAll(/^ {2}"(\w+)"/gm)].map(([, key]) => key);
    expect(topLevel).toEqual([...topLevel].sort());
    expect(parseSettings(JSON.parse(text)).root).toBe("/mnt/beegfs/models/trained");
  });

  it("mounts a claim read-only at a place of its own, and leaves out what is not said", async () => {
    const change: Partial<ModelSyncArgs> = {
      ...source({
        volume: { kind: "claim", name: "beegfs-models" },
        root: "",
        runAs: { user: 2000, group: 3000, supplementalGroups: [] },
      }),
      nodeSelector: {},
      tolerations: undefined,
      resources: undefined,
    };
    const registrations = await declare(change);
    expect(summary(registrations)).toEqual(CHILDREN);
    const { spec } = only(registrations, "model-sync-run").inputs as {
      spec: { jobTemplate: { spec: { template: { spec: Record<string, unknown> } } } };
    };
    const podSpec = spec.jobTemplate.spec.template.spec;
    expect(podSpec).not.toHaveProperty("nodeSelector");
    expect(podSpec).not.toHaveProperty("tolerations");
    expect(podSpec.securityContext).toEqual({ ...nobody, runAsUser: 2000, runAsGroup: 3000 });
    expect(podSpec).toMatchObject({
      containers: [
        {
          volumeMounts: [...mounts, { name: "models", mountPath: "/mnt/models", readOnly: true }],
          resources: { requests: { cpu: "250m", memory: "256Mi" }, limits: { cpu: "2", memory: "512Mi" } },
        },
      ],
      volumes: [
        ...volumes("model-sync-credentials-auto"),
        { name: "models", persistentVolumeClaim: { claimName: "beegfs-models", readOnly: true } },
      ],
    });
    expect(modelSyncSettings({ ...syncArgs(), ...change }, grant).root).toBe("/mnt/models");
  });

  it("asks for a privileged namespace only where it mounts a folder of the node", () => {
    expect(modelSyncPodSecurity({ kind: "hostPath", path: "/mnt/beegfs" })).toBe("privileged");
    expect(modelSyncPodSecurity({ kind: "claim", name: "models" })).toBe("restricted");
  });

  it.each<[problem: string, change: Partial<ModelSyncArgs>]>([
    ["bundle.text: empty; run npm run build", { bundle: { text: "", sha256: "" } }],
    [
      "bundle.text: 716801 bytes, and a ConfigMap takes 716800; run npm run build",
      { bundle: bundleOf("x".repeat(716_801)) },
    ],
    [
      'bundle.sha256: "0123", but the text has 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881: ' +
        "not what was built; run npm run build",
      { bundle: { text: "x", sha256: "0123" } },
    ],
    [
      'minioUrl: "http://198.18.11.10:9000" is no https URL; write https://host:port',
      { minioUrl: "http://198.18.11.10:9000" },
    ],
    [
      'mlflow.url: "http://mlflow" is no https URL; write https://host:port',
      { mlflow: { url: "http://mlflow", allowUnauthenticated: false } },
    ],
    ['schedule: "*/15 * * *" has 4 fields; write five, such as */15 * * * *', { schedule: "*/15 * * *" }],
    [
      'verify.schedule: "0 24 * * *": the hour is "24"; write *, numbers from 0 to 23, ranges, steps or a list of those',
      { verify: { schedule: "0 24 * * *", readBack: "none" } },
    ],
    [
      'timeZone: "Mars/Olympus" is no time zone; write one such as Europe/Berlin',
      { timeZone: "Mars/Olympus" },
    ],
    [
      'source.volume.path: "/" is no mount point; write an absolute path such as /mnt/beegfs',
      source({ volume: { kind: "hostPath", path: "/" } }),
    ],
    [
      'source.volume.path: "/mnt/../etc" is no mount point; write an absolute path such as /mnt/beegfs',
      source({ volume: { kind: "hostPath", path: "/mnt/../etc" } }),
    ],
    [
      'source.root: "../secrets" leaves the volume; write a relative path such as models/trained',
      source({ root: "../secrets" }),
    ],
    [
      "source.runAs.user: 0 is root's or none; write the id of someone who may read the models",
      source({ runAs: { user: 0, group: 3000, supplementalGroups: [] } }),
    ],
    ["largestModelBytes: 0 is not above 0; deadlines follow from it", { largestModelBytes: 0 }],
    [
      "bandwidth.expectedBytesPerSecond: NaN is not above 0; deadlines follow from it",
      { bandwidth: { timetable: [], expectedBytesPerSecond: NaN } },
    ],
    [
      "quiescence: settleSeconds is 60, maxWaitSeconds 60; models would be stuck before they could settle",
      { quiescence: { settleSeconds: 60, maxWaitSeconds: 60 } },
    ],
    ["worker's settings, member: letters, digits, dot, underscore and hyphen only", { member: "hpc/2" }],
  ])("refuses before anything is declared: %s", async (problem, change) => {
    const args = { ...syncArgs(), ...change };
    expect(modelSyncProblems(args)).toEqual([problem]);
    const into: Registration[] = [];
    await expect(record(() => new ModelSync("sync", args), { into })).rejects.toThrow(`sync: ${problem}`);
    expect(into.filter(({ type }) => type.startsWith("kubernetes:"))).toEqual([]);
  });

  it("knows no secret of the grant in what is not secret", async () => {
    const registrations = await record(
      () => new ModelSync("model-sync", { ...syncArgs(), grant: pulumi.secret(grant) }),
    );
    for (const name of ["settings", "trust", "bundle", "run", "verify", "exporter"]) {
      const text = JSON.stringify(only(registrations, `model-sync-${name}`).inputs);
      expect(text).not.toContain("4dabf18193072939515e22adb298388d");
      expect(text).not.toContain(grant.writer.secretKey);
    }
  });
});
