import type { HubSecrets } from "./credentials";
import type { Problem } from "./problems";
import { NAMESPACE, type Reader } from "./reader";
import type { HubObject, MemberObject } from "./schema";
import { s3RolesOf } from "./transferCredentials";
import { minioCredentialsSchema, mlflowCredentialsSchema } from "./transferSchema";
import type { AccessKey } from "./transferTypes";
import type { UserPassword } from "./types";

const SET = "pulumi config set --secret";

/** Secrets that people set for the transfer; each absent where it is not needed. */
export interface TransferSecrets {
  readonly minioCredentials?: AccessKey;
  readonly mlflowCredentials?: UserPassword;
}

/** A secret that is needed, or must not be there; undefined, with a problem told, where it is not as it should be. */
export function givenSecret<T>(
  reader: Reader,
  name: string,
  needed: boolean,
  check: (value: unknown) => T | undefined,
  advice: string,
): T | undefined {
  const key = NAMESPACE + name;
  if (!reader.has(name)) {
    if (needed) reader.add({ key, message: `is missing: ${advice}` });
    return undefined;
  }
  if (!needed) {
    reader.add({ key, message: "must be absent: nothing in this stack's settings uses it" });
    return undefined;
  }
  const value = reader.json(name);
  return value === undefined ? undefined : check(value);
}

function mlflowCredentials(
  reader: Reader,
  mlflow: { readonly allowUnauthenticated: boolean } | undefined,
  at: string,
): UserPassword | undefined {
  return givenSecret(
    reader,
    "mlflowCredentials",
    mlflow !== undefined && !mlflow.allowUnauthenticated,
    (value) => reader.check("mlflowCredentials", mlflowCredentialsSchema, value),
    `${SET} --path ${NAMESPACE}mlflowCredentials.username NAME, then .password; or ${at}.allowUnauthenticated: true ` +
      "for a registry that anyone on the network may write to",
  );
}

/** The transfer's part of a hub's secrets; problems are told to the reader, none where the hub's object is unreadable. */
export function hubTransferSecrets(reader: Reader, hub: HubObject | undefined): TransferSecrets {
  if (hub === undefined) return {};
  const zone = hub.landingZone;
  if (zone !== undefined && hub.prometheus.existingSecrets !== undefined)
    reader.add({
      key: `${NAMESPACE}hub.landingZone`,
      message:
        "needs the S3 users that npm run init makes: not possible together with hub.prometheus.existingSecrets",
    });
  const minio = givenSecret(
    reader,
    "minioCredentials",
    zone !== undefined,
    (value) => reader.check("minioCredentials", minioCredentialsSchema, value),
    `${SET} --path ${NAMESPACE}minioCredentials.accessKey KEY, then .secretKey, of a MinIO user that may make buckets, users and policies`,
  );
  const mlflow = mlflowCredentials(reader, zone?.mlflow, `${NAMESPACE}hub.landingZone.mlflow`);
  return {
    ...(minio === undefined ? {} : { minioCredentials: minio }),
    ...(mlflow === undefined ? {} : { mlflowCredentials: mlflow }),
  };
}

/** The same of a member's. */
export function memberTransferSecrets(reader: Reader, member: MemberObject | undefined): TransferSecrets {
  if (member === undefined) return {};
  const mlflow = mlflowCredentials(reader, member.modelSync?.mlflow, `${NAMESPACE}member.modelSync.mlflow`);
  return mlflow === undefined ? {} : { mlflowCredentials: mlflow };
}

/** Told where a generation lacks the user of benchmarks, though the hub has a landing zone for their results. */
export function missingBenchmarkUser(
  { generations }: HubSecrets,
  { landingZone }: HubObject,
  cluster: string,
  stack: string,
): readonly Problem[] {
  // whether the cluster has credentials at all is told elsewhere
  const lacks = generations.some(({ clusters }) => {
    const own = clusters[cluster];
    return own !== undefined && own.benchmark === undefined;
  });
  return landingZone === undefined || !lacks
    ? []
    : [
        {
          key: `${NAMESPACE}hubSecrets`,
          message: `has no user with whom benchmarks write to Prometheus: npm run init -- --stack ${stack} makes it`,
        },
      ];
}

/** Clusters that lack an S3 user in some generation, though the hub has a landing zone. */
export function missingS3Users(
  secrets: HubSecrets,
  hub: HubObject,
  cluster: string,
  stack: string,
): Problem[] {
  if (hub.landingZone === undefined) return [];
  const lacks = (name: string): boolean =>
    secrets.generations.some(({ clusters }) =>
      s3RolesOf(name !== cluster).some((role) => clusters[name]?.s3?.[role] === undefined),
    );
  return [cluster, ...hub.members.map((member) => member.cluster)].filter(lacks).map((name) => ({
    key: `${NAMESPACE}hubSecrets`,
    message: `has no S3 users of cluster ${name}: npm run init -- --stack ${stack} makes them`,
  }));
}
