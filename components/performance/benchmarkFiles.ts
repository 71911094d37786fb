import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { encoded } from "../transfer/workerFiles";
import type { InferenceBenchmarkArgs } from "./types";

/** Where a run finds the driver, its settings and the load script: one folder, whatever object holds them. */
export const FOLDER = "/etc/benchmark";
export const FILES = { driver: "benchmark.cjs", load: "load.mjs", config: "config.json" } as const;
/** Users and authorities, one folder a server. */
export const CREDENTIALS_FOLDER = "/etc/benchmark-credentials";

type Files = Readonly<Record<string, string>>;
type Labels = Readonly<Record<string, string>>;

/** Paths of credentials in their folder; which there are is known before any is. */
export function credentialPaths({
  target,
  store,
  registry,
}: Pick<InferenceBenchmarkArgs, "target" | "store" | "registry">): readonly string[] {
  return [
    ...["ca.crt", "username", "password"].map((file) => `prometheus/${file}`),
    ...(store.ca === undefined ? [] : ["store/ca.crt"]),
    ...["accessKey", "secretKey"].map((file) => `store/${file}`),
    ...(registry.ca === undefined ? [] : ["registry/ca.crt"]),
    ...(registry.credentials === undefined ? [] : ["registry/username", "registry/password"]),
    ...(target.ca === undefined ? [] : ["target/ca.crt"]),
  ];
}

/** A Secret's keys know no folders. */
const keyOf = (path: string): string => path.replace("/", ".");

/** Contents of credentials by their paths. */
function credentialFiles({
  target,
  prometheus,
  store,
  registry,
}: InferenceBenchmarkArgs): pulumi.Output<Files> {
  return pulumi
    .all([prometheus.credentials, store.credentials, pulumi.output(registry.credentials)])
    .apply(([hub, keys, user]): Files => ({
      "prometheus/ca.crt": hub.ca,
      "prometheus/username": hub.username,
      "prometheus/password": hub.password,
      "store/accessKey": keys.accessKey,
      "store/secretKey": keys.secretKey,
      ...(store.ca === undefined ? {} : { "store/ca.crt": store.ca }),
      ...(registry.ca === undefined ? {} : { "registry/ca.crt": registry.ca }),
      ...(user === undefined
        ? {}
        : { "registry/username": user.username, "registry/password": user.password }),
      ...(target.ca === undefined ? {} : { "target/ca.crt": target.ca }),
    }));
}

/** Names of the objects that hold what a run reads. */
export interface BenchmarkFiles {
  readonly driver: pulumi.Input<string>;
  readonly load: pulumi.Input<string>;
  readonly credentials: pulumi.Input<string>;
}

/** Whose files are declared: logical name of the component, and what all its objects carry. */
export interface FileOwner {
  readonly name: string;
  readonly metadata: { readonly namespace: pulumi.Input<string>; readonly labels: Labels };
  readonly parent: pulumi.Resource;
}

/** Declares a ConfigMap of one file. Its name is the engine's: a change makes a new one, and what mounts it follows. */
export function declareFile(
  { name, metadata, parent }: FileOwner,
  role: string,
  file: string,
  text: pulumi.Input<string>,
): pulumi.Output<string> {
  const data = pulumi.output(text).apply((content) => ({ [file]: content }));
  const options = { parent, replaceOnChanges: ["data"] };
  return new k8s.core.v1.ConfigMap(`${name}-${role}`, { metadata, data }, options).metadata.name;
}

/** Declares what every run mounts; names as of {@link declareFile}. */
export function declareFiles(owner: FileOwner, args: InferenceBenchmarkArgs): BenchmarkFiles {
  const { name, metadata, parent } = owner;
  const data = credentialFiles(args).apply((files) =>
    encoded(Object.fromEntries(Object.entries(files).map(([path, text]) => [keyOf(path), text]))),
  );
  const credentials = new k8s.core.v1.Secret(
    `${name}-credentials`,
    { metadata, type: "Opaque", data: pulumi.secret(data) },
    { parent, replaceOnChanges: ["data"] },
  );
  return {
    driver: declareFile(owner, "driver", FILES.driver, args.scripts.driver.text),
    load: declareFile(owner, "load", FILES.load, args.scripts.load.text),
    credentials: credentials.metadata.name,
  };
}

/** The volumes of those files. */
export function fileVolumes(
  { driver, load, credentials }: BenchmarkFiles,
  config: pulumi.Input<string>,
  paths: readonly string[],
): types.input.core.v1.Volume[] {
  return [
    {
      name: "benchmark",
      projected: { sources: [driver, load, config].map((name) => ({ configMap: { name } })) },
    },
    {
      name: "credentials",
      secret: {
        secretName: credentials,
        items: paths.map((path) => ({ key: keyOf(path), path })),
      },
    },
  ];
}
