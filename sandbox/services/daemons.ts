import { join } from "node:path";
import type { CertificateRequest } from "../clusters/certificates";
import { foldersOf } from "../clusters/folders";
import type { AccessKey } from "./credentials";
import { serviceCaFile, services } from "./topology";

/** The services' processes. */
export const serviceNames = ["minio", "mlflow"] as const;
export type ServiceName = (typeof serviceNames)[number];

/** How a service is started. */
export interface ServiceCommand {
  readonly argv: readonly [string, ...string[]];
  /** Holds what is secret; the arguments hold nothing. */
  readonly env: Readonly<Record<string, string>>;
}

const { state, pki } = foldersOf("services");

/** Names that the certificate carries beside the address. */
const names = ["minio.sandbox", "mlflow.sandbox"] as const;

/** The one certificate of the host on which both services run. */
export const hostCertificate: CertificateRequest = {
  name: "host",
  commonName: "services.sandbox",
  dns: names,
  ips: [services.address],
};

/** Folders of the services' own data. */
export const dataFolders = {
  /** MinIO looks here for `public.crt` and `private.key`. */
  minioCertificates: join(state, "minio-certificates"),
  minio: join(state, "minio"),
  mlflow: join(state, "mlflow"),
  /** Metrics of MLflow's processes; emptied at its start. */
  mlflowMetrics: join(state, "mlflow-metrics"),
} as const;

/** The command of a service, with MinIO's root credentials. */
export const commandOf: Readonly<Record<ServiceName, (bin: string, root: AccessKey) => ServiceCommand>> = {
  minio: minioCommand,
  mlflow: mlflowCommand,
};

/** MinIO over TLS; its metrics are open to whoever reaches it. */
function minioCommand(bin: string, root: AccessKey): ServiceCommand {
  const { address, minio } = services;
  return {
    // quiet: without it the log holds the credentials
    argv: [
      join(bin, "minio"),
      "server",
      "--quiet",
      ...["--address", `${address}:${minio.port}`],
      ...["--certs-dir", dataFolders.minioCertificates],
      dataFolders.minio,
    ],
    env: {
      MINIO_ROOT_USER: root.accessKey,
      MINIO_ROOT_PASSWORD: root.secretKey,
      MINIO_PROMETHEUS_AUTH_TYPE: "public",
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
    },
  };
}

/**
 * MLflow over TLS, one worker, on SQLite. Artifacts of runs lie in a folder of its own; what its model versions name
 * in MinIO it can show.
 */
function mlflowCommand(bin: string, root: AccessKey): ServiceCommand {
  const { address, minio, mlflow } = services;
  const tls = `--ssl-certfile ${join(pki, "host.crt")} --ssl-keyfile ${join(pki, "host.key")}`;
  return {
    argv: [
      join(bin, "mlflow"),
      "server",
      ...["--host", address, "--port", String(mlflow.port), "--workers", "1"],
      // a name alone matches only the default port
      ...["--allowed-hosts", ["198.18.*", ...names.map((name) => `${name}:*`)].join(",")],
      ...["--backend-store-uri", `sqlite:///${dataFolders.mlflow}/mlflow.db`],
      ...["--artifacts-destination", join(dataFolders.mlflow, "artifacts")],
      ...["--expose-prometheus", dataFolders.mlflowMetrics],
      ...["--uvicorn-opts", tls],
    ],
    env: {
      HOME: dataFolders.mlflow,
      // the job runner is eight processes that nothing here uses
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
      MLFLOW_DISABLE_TELEMETRY: "true",
      MLFLOW_S3_ENDPOINT_URL: minio.url,
      AWS_ACCESS_KEY_ID: root.accessKey,
      AWS_SECRET_ACCESS_KEY: root.secretKey,
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_CA_BUNDLE: serviceCaFile,
    },
  };
}
