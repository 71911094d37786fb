import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { AccessKey, RegistryUser, WorkerBundle } from "./types";

/** Where a worker finds its files: one folder for each object that holds some. */
export const FOLDERS = {
  bundle: "/opt/model-sync",
  settings: "/etc/model-sync/settings",
  trust: "/etc/model-sync/trust",
  credentials: "/etc/model-sync/credentials",
} as const;

export const BUNDLE_FILE = "model-sync.cjs";
export const SETTINGS_FILE = "settings.json";
const TRUST_FILES = { minio: "minio.crt", mlflow: "mlflow.crt" } as const;

/** PEM of the authorities behind both servers; the image's own roots where absent. */
export interface Trust {
  readonly minio?: string | undefined;
  readonly mlflow?: string | undefined;
}

/** JSON with the keys of every object sorted, so that equal values are equal texts. */
export function sortedJson(value: unknown): string {
  const sorted = (_key: string, inner: unknown): unknown =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  return JSON.stringify(value, sorted, 2);
}

/** The part of a worker's settings that says where the store is and who we are. */
export function s3Settings(s3: { endpoint: string; region: string; bucket: string }, trust: Trust) {
  return {
    ...s3,
    accessKeyIdFile: `${FOLDERS.credentials}/minio.accessKey`,
    secretAccessKeyFile: `${FOLDERS.credentials}/minio.secretKey`,
    ...(trust.minio === undefined ? {} : { caFile: `${FOLDERS.trust}/${TRUST_FILES.minio}` }),
  };
}

/** The part that says where the registry is and who we are; `user` tells whether it knows users. */
export function mlflowSettings(
  { url, allowUnauthenticated }: { readonly url: string; readonly allowUnauthenticated: boolean },
  user: boolean,
  trust: Trust,
) {
  return {
    url,
    allowUnauthenticated,
    ...(user
      ? {
          usernameFile: `${FOLDERS.credentials}/mlflow.username`,
          passwordFile: `${FOLDERS.credentials}/mlflow.password`,
        }
      : {}),
    ...(trust.mlflow === undefined ? {} : { caFile: `${FOLDERS.trust}/${TRUST_FILES.mlflow}` }),
  };
}

/** What is wrong with the addresses of both servers: credentials and models go to TLS only. */
export function addressProblems(
  addresses: Readonly<Record<string, string>>,
  { allowUnauthenticated }: { readonly allowUnauthenticated: boolean },
  user: boolean,
): readonly string[] {
  const problems = Object.entries(addresses).flatMap(([field, url]) =>
    URL.canParse(url) && new URL(url).protocol === "https:"
      ? []
      : [`${field}: "${url}" is no https URL; write https://host:port`],
  );
  if (!user && !allowUnauthenticated)
    problems.push(
      "mlflowCredentials: absent; give a user, or mlflow.allowUnauthenticated: true for a registry anyone can write to",
    );
  return problems;
}

type Files = Readonly<Record<string, string>>;

/** Files of a Secret, as the API takes them. */
export function encoded(files: Files): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([file, text]) => [file, Buffer.from(text).toString("base64")]),
  );
}

const userFiles = ({ accessKey, secretKey }: AccessKey): Files => ({
  "minio.accessKey": accessKey,
  "minio.secretKey": secretKey,
});

const registryFiles = (user: RegistryUser | undefined): Files =>
  user === undefined ? {} : { "mlflow.username": user.username, "mlflow.password": user.password };

const trustFiles = ({ minio, mlflow }: Trust): Files => ({
  ...(minio === undefined ? {} : { [TRUST_FILES.minio]: minio }),
  ...(mlflow === undefined ? {} : { [TRUST_FILES.mlflow]: mlflow }),
});

/** Names of the objects that hold a worker's files. */
export interface WorkerFiles {
  readonly bundle: pulumi.Input<string>;
  readonly settings: pulumi.Input<string>;
  readonly trust: pulumi.Input<string>;
  readonly credentials: pulumi.Input<string>;
}

export interface WorkerFilesArgs {
  readonly namespace: pulumi.Input<string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly bundle: WorkerBundle;
  /** Content of the settings file; nothing of it is secret. */
  readonly settings: pulumi.Input<string>;
  readonly trust: pulumi.Input<Trust>;
  readonly credentials: pulumi.Input<AccessKey>;
  readonly exporterCredentials: pulumi.Input<AccessKey>;
  readonly mlflowCredentials?: pulumi.Input<RegistryUser> | undefined;
}

/**
 * Declares what a worker and its exporter mount. All names are the engine's: a change makes a new object, and what mounts
 * it follows; `replaceOnChanges` says so to a provider that could change objects in place.
 */
export function declareWorkerFiles(
  name: string,
  args: WorkerFilesArgs,
  parent: pulumi.Resource,
): { readonly worker: WorkerFiles; readonly exporter: WorkerFiles } {
  const metadata = { namespace: args.namespace, labels: args.labels };
  const options = { parent, replaceOnChanges: ["data"] };
  const configMap = (role: string, data: pulumi.Input<Files>): pulumi.Output<string> =>
    new k8s.core.v1.ConfigMap(`${name}-${role}`, { metadata, data }, options).metadata.name;
  const secret = (role: string, files: pulumi.Output<Files>): pulumi.Output<string> =>
    new k8s.core.v1.Secret(
      `${name}-${role}`,
      { metadata, type: "Opaque", data: pulumi.secret(files.apply(encoded)) },
      options,
    ).metadata.name;

  const shared = {
    bundle: configMap("bundle", { [BUNDLE_FILE]: args.bundle.text }),
    settings: configMap(
      "settings",
      pulumi.output(args.settings).apply((text) => ({ [SETTINGS_FILE]: text })),
    ),
    trust: configMap("trust", pulumi.output(args.trust).apply(trustFiles)),
  };
  const worker = pulumi
    .all([args.credentials, args.mlflowCredentials])
    .apply(([user, registry]): Files => ({ ...userFiles(user), ...registryFiles(registry) }));
  const exporter = pulumi.output(args.exporterCredentials).apply(userFiles);
  return {
    worker: { ...shared, credentials: secret("credentials", worker) },
    exporter: { ...shared, credentials: secret("exporter-credentials", exporter) },
  };
}
