import {
  diffSettings,
  providerSettings,
  type ProviderSettings,
} from "../../../../sandbox/offline/minio/settings";
import { secret } from "../../../../sandbox/offline/properties";

const read = (
  variables: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): ProviderSettings =>
  providerSettings(
    new Map(Object.entries(variables).map(([key, value]) => [`minio:config:${key}`, value])),
    environment,
  );
const least = { minioServer: "minio.test:9000", minioUser: "root", minioPassword: "correct horse" };

describe("the configuration of the minio provider", () => {
  it("has the official defaults", () => {
    expect(read(least)).toEqual({
      url: "http://minio.test:9000",
      user: "root",
      password: "correct horse",
      sessionToken: undefined,
      region: "us-east-1",
      caFile: undefined,
      insecure: false,
    });
  });

  it("takes every key, and the environment where a key is absent or empty", () => {
    const environment = {
      MINIO_ENDPOINT: "other.test:443",
      MINIO_USER: "someone",
      MINIO_PASSWORD: "from the environment",
      MINIO_SESSION_TOKEN: "token",
      MINIO_ENABLE_HTTPS: "1",
      MINIO_INSECURE: "T",
      MINIO_CACERT_FILE: "/ca.crt",
    };
    const fromEnvironment = {
      url: "https://other.test:443",
      user: "someone",
      password: "from the environment",
      sessionToken: "token",
      region: "us-east-1",
      caFile: "/ca.crt",
      insecure: true,
    };
    expect(read({ minioUser: "" }, environment)).toEqual(fromEnvironment);
    const keys = {
      ...least,
      minioSsl: "false",
      minioInsecure: "false",
      minioCacertFile: "/own.crt",
      minioRegion: "eu",
    };
    expect(read(keys, environment)).toEqual({
      url: "http://minio.test:9000",
      user: "root",
      password: "correct horse",
      sessionToken: "token",
      region: "eu",
      caFile: "/own.crt",
      insecure: false,
    });
  });

  it("takes user and password under their former names last", () => {
    const former = {
      minioServer: "minio.test:9000",
      minioAccessKey: "former",
      minioSecretKey: "former secret",
    };
    expect(read(former)).toMatchObject({ user: "former", password: "former secret" });
    expect(read(former, { MINIO_USER: "now" })).toMatchObject({ user: "now", password: "former secret" });
  });

  it.each([
    [{ minioServer: "" }, "minio: minioServer is missing: give it to the provider or set MINIO_ENDPOINT"],
    [{ minioUser: "" }, "minio: minioUser is missing: give it to the provider or set MINIO_USER"],
    [{ minioPassword: "" }, "minio: minioPassword is missing: give it to the provider or set MINIO_PASSWORD"],
    [
      { minioServer: "https://minio.test" },
      'minio: minioServer is "https://minio.test"; it is to be host:port',
    ],
    [{ minioSsl: "yes" }, 'minio: minioSsl (or MINIO_ENABLE_HTTPS) is "yes"; it is to be true or false'],
    [{ minioApiVersion: "v2" }, 'minio: minioApiVersion is "v2"; the offline stand-in signs with v4 only'],
    [
      { minioCertFile: "/c" },
      "minio: minioCertFile (or MINIO_CERT_FILE): client certificates are not served",
    ],
    [{ minioPassword: "a:b" }, "minio: minioPassword holds a colon or a line break"],
  ])("refuses %j by its key", (wrong, message) => {
    expect(() => read({ ...least, ...wrong })).toThrow(message);
  });

  it("never replaces a resource by a change, and is compared without secret marks", () => {
    const olds = { ...least, minioPassword: secret(least.minioPassword), version: "0.17.0" };
    expect(diffSettings(olds, { ...least, version: "0.17.1" })).toEqual({ changed: [], replaces: [] });
    expect(diffSettings(olds, { ...least, minioServer: "other:9000" })).toEqual({
      changed: ["minioServer"],
      replaces: [],
    });
  });
});
