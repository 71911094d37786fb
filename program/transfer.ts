import type * as kubernetes from "@pulumi/kubernetes";
import * as minio from "@pulumi/minio";
import * as pulumi from "@pulumi/pulumi";
import type { Flow } from "../components/kubernetes/flows";
import { FederationNamespace } from "../components/kubernetes/federationNamespace";
import type { MetricsPods } from "../components/kubernetes/pods";
import type { VerifiedCluster } from "../components/kubernetes/verifiedCluster";
import type { LandingZoneOutputs } from "../components/outputs";
import { modelRetentionFlows, modelSyncFlows } from "../components/transfer/flows";
import { ModelLandingZone } from "../components/transfer/modelLandingZone";
import { ModelRetention, modelRetentionPods } from "../components/transfer/modelRetention";
import { ModelSync, modelSyncPods, modelSyncPodSecurity } from "../components/transfer/modelSync";
import { sitePods } from "./sitePods";
import type { HubSettings, LandingZone, MemberSettings, ModelSyncSettings, Settings } from "../settings";

/** Where the metrics of the transfer are found; undefined where the stack moves no models. */
export function transferMetrics(settings: Settings): MetricsPods | undefined {
  if (settings.role === "hub")
    return settings.landingZone === undefined ? undefined : modelRetentionPods(settings.transferNamespace);
  return settings.modelSync === undefined ? undefined : modelSyncPods(settings.transferNamespace);
}

/** A hub's landing zone as it was declared. */
export interface DeclaredLandingZone {
  readonly outputs: LandingZoneOutputs;
  /** Buckets, users and their rights. */
  readonly component: pulumi.Resource;
}

/** The part of the stack in moving models; a hub's landing zone where there is one. */
export function declareTransfer(
  settings: Settings,
  cluster: VerifiedCluster,
): DeclaredLandingZone | undefined {
  if (settings.role === "hub") {
    const { landingZone } = settings;
    return landingZone === undefined ? undefined : declareLandingZone(settings, landingZone, cluster);
  }
  if (settings.modelSync !== undefined) declareModelSync(settings, settings.modelSync, cluster.provider);
  return undefined;
}

/** MinIO with the rights of its administrator; nothing of it is touched before the cluster is known to be the right one. */
function minioProvider({ minio: { url, region, caFile }, admin }: LandingZone, uid: pulumi.Output<string>) {
  const { host } = new URL(url);
  const verified = pulumi.all([admin, uid]).apply(([credentials]) => credentials);
  return new minio.Provider("minio", {
    minioServer: host.includes(":") ? host : `${host}:443`,
    minioUser: verified.accessKey,
    minioPassword: verified.secretKey,
    minioRegion: region,
    minioSsl: true,
    ...(caFile === undefined ? {} : { minioCacertFile: caFile }),
  });
}

function declareLandingZone(
  settings: HubSettings,
  zone: LandingZone,
  { provider, uid }: VerifiedCluster,
): DeclaredLandingZone {
  const component = new ModelLandingZone(
    "landing-zone",
    {
      buckets: zone.buckets,
      adoptBuckets: zone.adoptBuckets,
      users: zone.users,
      protect: settings.protect,
    },
    { provider: minioProvider(zone, uid) },
  );
  const { modelsBucket, benchmarksBucket } = component;
  const { inferenceServices } = zone.retention;
  const flows = modelRetentionFlows({
    minioUrl: zone.minio.url,
    mlflowUrl: zone.mlflow.url,
    monitoringNamespace: settings.namespace,
    apiServer: inferenceServices === "kubernetes" ? settings.kubernetes.apiServer : undefined,
  });
  new ModelRetention(
    "model-retention",
    {
      namespace: transferNamespace(settings, "restricted", flows, provider),
      image: settings.images.node,
      bundle: zone.worker,
      minio: zone.minio,
      mlflow: zone.mlflow,
      bucket: modelsBucket,
      members: settings.members.map(({ cluster }) => cluster),
      retention: zone.retention,
      credentials: zone.retentionCredentials,
      exporterCredentials: zone.retentionReaderCredentials,
      mlflowCredentials: zone.mlflowCredentials,
    },
    { provider },
  );
  return {
    component,
    outputs: {
      minioUrl: zone.minio.url,
      region: zone.minio.region,
      modelsBucket,
      benchmarksBucket,
      mlflowUrl: zone.mlflow.url,
    },
  };
}

function declareModelSync(
  settings: MemberSettings,
  { worker, ...sync }: ModelSyncSettings,
  provider: kubernetes.Provider,
): void {
  const { prometheus } = settings;
  const flows = modelSyncFlows({
    minioUrl: sync.minioUrl,
    mlflowUrl: sync.mlflow.url,
    monitoringNamespace: prometheus.kind === "existing" ? prometheus.object.namespace : settings.namespace,
    prometheusLabels: prometheus.kind === "existing" ? sitePods(prometheus).labels : undefined,
  });
  const namespace = transferNamespace(settings, modelSyncPodSecurity(sync.source.volume), flows, provider);
  new ModelSync(
    "model-sync",
    { ...sync, namespace, image: settings.images.node, bundle: worker, member: settings.cluster },
    { provider },
  );
}

function transferNamespace(
  settings: Settings,
  podSecurity: "restricted" | "privileged",
  flows: readonly Flow[],
  provider: kubernetes.Provider,
): pulumi.Output<string> {
  const args = { name: settings.transferNamespace, podSecurity, flows, protect: false };
  return new FederationNamespace("transfer", args, { provider }).namespaceName;
}
