import * as fs from "node:fs";
import * as path from "node:path";
import { paths } from "../paths";
import { minioRootCredentials } from "./credentials";
import { serviceCaFile, services } from "./topology";

/** The environment in which `mc` (alias `sandbox`), `mlflow` and S3 clients reach the services as MinIO's root. */
export function serviceEnvironment(): Record<string, string> {
  const { accessKey, secretKey } = minioRootCredentials();
  const { minio, mlflow } = services;
  return {
    MC_CONFIG_DIR: paths.mc,
    MC_HOST_sandbox: minio.url.replace("://", `://${accessKey}:${secretKey}@`),
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_CA_BUNDLE: serviceCaFile,
    MLFLOW_S3_ENDPOINT_URL: minio.url,
    MLFLOW_TRACKING_URI: mlflow.url,
    MLFLOW_TRACKING_SERVER_CERT_PATH: serviceCaFile,
  };
}

/** Writes `.sandbox/services.env`, to be sourced, and the configuration of `mc` that trusts the services' CA. */
export function writeServiceEnvironment(): void {
  const trusted = path.join(paths.mc, "certs", "CAs");
  fs.mkdirSync(trusted, { recursive: true, mode: 0o700 });
  fs.copyFileSync(serviceCaFile, path.join(trusted, "services.crt"));
  const lines = Object.entries(serviceEnvironment()).map(([name, value]) => `export ${name}='${value}'`);
  fs.writeFileSync(
    paths.servicesEnv,
    [
      "# To be sourced: `mc ls sandbox`, `mlflow models ...` and S3 clients then work on the sandbox's services.",
      "# Holds MinIO's root credentials.",
      `export PATH='${paths.bin}':"$PATH"`,
      ...lines,
      "",
    ].join("\n"),
    { mode: 0o600 },
  );
}
