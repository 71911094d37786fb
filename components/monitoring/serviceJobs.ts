import { CREDENTIALS, basicAuthFiles, userFiles } from "./credentials";
import type { UserPassword } from "./credentials";
import type { HttpConfig, ScrapeConfig } from "./prometheusSchema";

/** A MinIO whose metrics are read. */
export interface ObjectStoreTarget {
  /** https URLs of host and port of every server: each tells of its own requests. */
  readonly servers: readonly string[];
  /** Whether a CA of its own lies among the credentials; otherwise the image's roots verify it. */
  readonly ownCa: boolean;
  /** Whether a token lies among the credentials; otherwise whoever reaches it may read its metrics. */
  readonly token: boolean;
}

/** An MLflow whose metrics are read. */
export interface RegistryTarget {
  /** https URL of host and port. */
  readonly url: string;
  /** As of {@link ObjectStoreTarget}. */
  readonly ownCa: boolean;
  /** Whether a user lies among the credentials; otherwise whoever reaches it may read its metrics. */
  readonly user: boolean;
}

/** Servers that a cluster's Prometheus watches though they are no part of the cluster. */
export interface ServiceTargets {
  readonly minio?: ObjectStoreTarget | undefined;
  readonly mlflow?: RegistryTarget | undefined;
}

/** What the two are scraped with; each absent where it is not needed. */
export interface ServiceCredentials {
  readonly minio?: { readonly ca?: string | undefined; readonly token?: string | undefined } | undefined;
  readonly mlflow?:
    { readonly ca?: string | undefined; readonly user?: UserPassword | undefined } | undefined;
}

/** MinIO's metrics, version 3, by job: of all servers together, and of each server's own requests. */
export const MINIO_JOBS = {
  minio: "/minio/metrics/v3/cluster",
  "minio-api": "/minio/metrics/v3/api",
} as const;

export const MLFLOW_JOB = "mlflow";

const caFile = (service: keyof ServiceTargets): string => `${service}.ca.crt`;
const TOKEN_FILE = "minio.token";
const MLFLOW_USER = "mlflow";

/** The files that the jobs of the services name, below {@link CREDENTIALS}. */
export function serviceFiles({ minio, mlflow }: ServiceCredentials): Readonly<Record<string, string>> {
  const ca = (service: keyof ServiceTargets, pem: string | undefined): Readonly<Record<string, string>> =>
    pem === undefined ? {} : { [caFile(service)]: pem };
  return {
    ...ca("minio", minio?.ca),
    ...(minio?.token === undefined ? {} : { [TOKEN_FILE]: minio.token }),
    ...ca("mlflow", mlflow?.ca),
    ...(mlflow?.user === undefined ? {} : userFiles(MLFLOW_USER, mlflow.user)),
  };
}

/** https, verified by the service's own CA where it has one. */
const https = (service: keyof ServiceTargets, ownCa: boolean): HttpConfig => ({
  scheme: "https",
  ...(ownCa ? { tls_config: { ca_file: `${CREDENTIALS}/${caFile(service)}` } } : {}),
});

/** Host and port of a URL, as targets are written. */
function target(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === "" ? "443" : port}`;
}

function minioJobs({ servers, ownCa, token }: ObjectStoreTarget): readonly ScrapeConfig[] {
  return Object.entries(MINIO_JOBS).map(([job_name, metrics_path]) => ({
    job_name,
    metrics_path,
    ...https("minio", ownCa),
    ...(token ? { authorization: { credentials_file: `${CREDENTIALS}/${TOKEN_FILE}` } } : {}),
    static_configs: [{ targets: servers.map(target) }],
  }));
}

function mlflowJob({ url, ownCa, user }: RegistryTarget): ScrapeConfig {
  return {
    job_name: MLFLOW_JOB,
    metrics_path: "/metrics",
    ...https("mlflow", ownCa),
    ...(user ? { basic_auth: basicAuthFiles(MLFLOW_USER) } : {}),
    fallback_scrape_protocol: "PrometheusText0.0.4",
    static_configs: [{ targets: [target(url)] }],
  };
}

/** One job for MLflow, and one for each of MinIO's two kinds of metrics. */
export function serviceJobs({ minio, mlflow }: ServiceTargets): readonly ScrapeConfig[] {
  return [
    ...(minio === undefined ? [] : minioJobs(minio)),
    ...(mlflow === undefined ? [] : [mlflowJob(mlflow)]),
  ];
}

/** URLs that the jobs connect to. */
export function serviceUrls({ minio, mlflow }: ServiceTargets): readonly string[] {
  return [...(minio?.servers ?? []), ...(mlflow === undefined ? [] : [mlflow.url])];
}
