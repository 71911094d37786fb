import { changedKeys, type SettingsDiff } from "../changes";
import { plainTree, type Tree } from "../properties";

/** Where the server is and who talks to it. */
export interface ProviderSettings {
  /** `http://` or `https://` with host and port. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly sessionToken: string | undefined;
  /** Region that buckets are made in. */
  readonly region: string;
  /** PEM file of authorities to trust beside the system's. */
  readonly caFile: string | undefined;
  /** The server's certificate is not verified. */
  readonly insecure: boolean;
}

const prefix = "minio:config:";

/**
 * Reads the provider's variables (`minio:config:name`, all strings) and, where one is absent or empty, its environment
 * variable, as the official provider does. Throws an Error that names the key of a missing or wrong value.
 */
export function providerSettings(
  variables: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
): ProviderSettings {
  const text = (key: string, variable?: string): string | undefined =>
    nonEmpty(variables.get(prefix + key)) ??
    (variable === undefined ? undefined : nonEmpty(environment[variable]));
  const flag = (key: string, variable: string): boolean => {
    const value = text(key, variable) ?? "false";
    if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
    if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
    throw new Error(`minio: ${key} (or ${variable}) is "${value}"; it is to be true or false`);
  };
  for (const [key, variable] of [
    ["minioCertFile", "MINIO_CERT_FILE"],
    ["minioKeyFile", "MINIO_KEY_FILE"],
  ] as const)
    if (text(key, variable) !== undefined)
      throw new Error(
        `minio: ${key} (or ${variable}): client certificates are not served by the offline stand-in`,
      );
  const apiVersion = text("minioApiVersion") ?? "v4";
  if (apiVersion !== "v4")
    throw new Error(`minio: minioApiVersion is "${apiVersion}"; the offline stand-in signs with v4 only`);
  const server = text("minioServer", "MINIO_ENDPOINT");
  if (server === undefined) throw missing("minioServer", "MINIO_ENDPOINT");
  if (!/^[^/@\s]+$/.test(server))
    throw new Error(`minio: minioServer is "${server}"; it is to be host:port, without a scheme or path`);
  return {
    url: `${flag("minioSsl", "MINIO_ENABLE_HTTPS") ? "https" : "http"}://${server}`,
    user: credential("minioUser", "MINIO_USER", text("minioAccessKey", "MINIO_ACCESS_KEY")),
    password: credential("minioPassword", "MINIO_PASSWORD", text("minioSecretKey", "MINIO_SECRET_KEY")),
    sessionToken: text("minioSessionToken", "MINIO_SESSION_TOKEN"),
    region: text("minioRegion") ?? "us-east-1",
    caFile: text("minioCacertFile", "MINIO_CACERT_FILE"),
    insecure: flag("minioInsecure", "MINIO_INSECURE"),
  };

  /** `deprecated` is the value under the key's former name. */
  function credential(key: string, variable: string, deprecated: string | undefined): string {
    const value = text(key, variable) ?? deprecated;
    if (value === undefined) throw missing(key, variable);
    if (/[:\r\n]/.test(value))
      throw new Error(
        `minio: ${key} holds a colon or a line break, which can not be handed to mc; choose another`,
      );
    return value;
  }
}

/** Compares two configurations of a provider; no change of one replaces a resource. */
export function diffSettings(olds: Tree, news: Tree): SettingsDiff {
  return { changed: changedKeys(plainTree(olds), plainTree(news)), replaces: [] };
}

function missing(key: string, variable: string): Error {
  return new Error(`minio: ${key} is missing: give it to the provider or set ${variable}`);
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
