import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { grantPolicy, policyName } from "../../../components/transfer/landingZonePolicies";
import type { PolicyDocument } from "../../../components/transfer/landingZonePolicies";
import type { TransferGrant } from "../../../settings/transferTypes";
import { listManifests } from "../../../workloads/model-sync/publish/manifest";
import { memberPrefix, stateKey } from "../../../workloads/model-sync/publish/keys";
import { S3Error } from "../../../workloads/s3/errors";
import { textOf } from "../../../workloads/s3/xml";
import type { Bucket } from "../stores";
import { counted, judged, messageOf } from "../verdict";
import type { Problem, Verdict } from "../verdict";

/** What became of something that the member's user tried. */
export type Tried = "allowed" | "denied" | { readonly error: string };

export interface LandingZoneEvidence {
  /** By name: `Enabled`, `Suspended`, empty where versions were never kept; an error where the bucket can not be asked. */
  readonly versioning: Readonly<Record<string, string | { readonly error: string }>>;
  readonly user: string;
  /** Names of the policies that the user has; an error where MinIO does not tell. */
  readonly policies: readonly string[] | { readonly error: string };
  readonly declaredPolicy: string;
  /** Whether MinIO holds that policy as it is declared. */
  readonly asDeclared: boolean | { readonly error: string };
  readonly tried: {
    readonly read: Tried;
    /** Undefined where there is no object yet that a refused write would leave as it is. */
    readonly write?: Tried;
    readonly delete: Tried;
    readonly readOther: Tried;
  };
}

async function orError<T>(ask: () => Promise<T>): Promise<T | { readonly error: string }> {
  try {
    return await ask();
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** Allowed is also what fails for another reason than rights. */
async function tryIt(attempt: () => Promise<unknown>): Promise<Tried> {
  try {
    await attempt();
    return "allowed";
  } catch (error) {
    if (!(error instanceof S3Error)) return { error: messageOf(error) };
    if (error.code === "AccessDenied") return "denied";
    // no such object or version, or a condition that does not hold: the store looked, so it was allowed to
    return error.status === 404 || error.status === 412 ? "allowed" : { error: error.message };
  }
}

async function versioningOf({ calls }: Bucket): Promise<string> {
  const page = await calls.xml({
    operation: "GetBucketVersioning",
    method: "GET",
    path: calls.path(""),
    query: { versioning: "" },
  });
  return textOf(page, "Status");
}

async function adminJson(
  { calls }: Bucket,
  operation: string,
  query: Record<string, string>,
): Promise<unknown> {
  const { body } = await calls.call({
    operation,
    method: "GET",
    path: `/minio/admin/v3/${operation}`,
    query,
  });
  return JSON.parse(body.toString("utf8")) as unknown;
}

async function policiesOf(admin: Bucket, user: string): Promise<readonly string[]> {
  const { policyName: names = "" } = (await adminJson(admin, "user-info", { accessKey: user })) as {
    readonly policyName?: string;
  };
  return names.split(",").filter((name) => name !== "");
}

/** A policy with the order of its lists, which says nothing, taken out; MinIO keeps sets. */
function normalised(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(normalised).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "Sid")
      .map(([name, inner]) => [name, normalised(inner)]),
  );
}

/** Whether two policies grant the same. */
export const samePolicy = (one: unknown, other: unknown): boolean =>
  isDeepStrictEqual(normalised(one), normalised(other));

/** The same policy, whatever MinIO wraps it in. */
async function isAsDeclared(admin: Bucket, name: string, declared: PolicyDocument): Promise<boolean> {
  const answer = (await adminJson(admin, "info-canned-policy", { name })) as { readonly Policy?: unknown };
  return samePolicy(answer.Policy ?? answer, declared);
}

/** An object of the member that is there already. */
async function existingKey({ client }: Bucket, member: string): Promise<string | undefined> {
  const state = stateKey(member);
  if ((await client.head(state)) !== undefined) return state;
  for await (const { key } of listManifests(client, member)) return key;
  return undefined;
}

/**
 * What MinIO declares and what the member's user can do there. Nothing is written or deleted: the write is one that its
 * own condition refuses, the deletion of a version that never was.
 */
export async function gatherLandingZone(
  {
    models,
    benchmarks,
    writer,
  }: { readonly models: Bucket; readonly benchmarks: Bucket; readonly writer: Bucket },
  { writer: { accessKey } }: TransferGrant,
  member: string,
): Promise<LandingZoneEvidence> {
  const grant = { kind: "writer", member } as const;
  const buckets = { models: models.name, benchmarks: benchmarks.name };
  const policy = policyName(buckets, grant);
  const own = memberPrefix(member);
  const nobody = `${own}validate-${randomUUID()}/none`;
  const existing = await existingKey(models, member);
  return {
    versioning: {
      [models.name]: await orError(() => versioningOf(models)),
      [benchmarks.name]: await orError(() => versioningOf(benchmarks)),
    },
    user: accessKey,
    policies: await orError(() => policiesOf(models, accessKey)),
    declaredPolicy: policy,
    asDeclared: await orError(() => isAsDeclared(models, policy, grantPolicy(buckets, grant, [member]))),
    tried: {
      read: await tryIt(() => writer.client.list(own).next()),
      ...(existing === undefined
        ? {}
        : { write: await tryIt(() => writer.client.put(existing, Buffer.alloc(0), { ifNoneMatch: "*" })) }),
      delete: await tryIt(() => writer.client.delete(nobody, randomUUID())),
      readOther: await tryIt(async () => writer.client.get(`${memberPrefix(`not-${member}`)}none`)),
    },
  };
}

const UP = "`pulumi up` of the hub's stack puts its buckets, users and policies right";

function bucketProblems(versioning: LandingZoneEvidence["versioning"]): readonly Problem[] {
  return Object.entries(versioning).flatMap(([bucket, state]): Problem[] => {
    if (state === "Enabled") return [];
    const cause =
      typeof state === "string"
        ? `bucket ${bucket} keeps no versions (${state === "" ? "never enabled" : state})`
        : `bucket ${bucket}: ${state.error}`;
    return [{ cause, action: UP }];
  });
}

function policyProblems({
  user,
  policies,
  declaredPolicy,
  asDeclared,
}: LandingZoneEvidence): readonly Problem[] {
  if ("error" in policies) return [{ cause: `user ${user}: ${policies.error}`, action: UP }];
  if (policies.length !== 1 || policies[0] !== declaredPolicy)
    return [
      {
        cause: `user ${user} has ${policies.length === 0 ? "no policy" : `policy ${policies.join(", ")}`}, declared is ${declaredPolicy} alone`,
        action: UP,
      },
    ];
  if (asDeclared === true) return [];
  const how = asDeclared === false ? "is not as declared" : `can not be read: ${asDeclared.error}`;
  return [{ cause: `policy ${declaredPolicy} ${how}`, action: UP }];
}

/** What the member's user must be able to do, and what it must not. */
const WANTED: Readonly<
  Record<keyof LandingZoneEvidence["tried"], { wanted: "allowed" | "denied"; what: string }>
> = {
  read: { wanted: "allowed", what: "list its prefix" },
  write: { wanted: "allowed", what: "write below its prefix" },
  delete: { wanted: "denied", what: "delete" },
  readOther: { wanted: "denied", what: "read another member's prefix" },
};

function rightProblems({ user, tried }: LandingZoneEvidence): readonly Problem[] {
  return (Object.keys(WANTED) as (keyof typeof WANTED)[]).flatMap((right): Problem[] => {
    const { wanted, what } = WANTED[right];
    const found = tried[right];
    if (found === undefined || found === wanted) return [];
    if (typeof found === "object")
      return [{ cause: `user ${user} can not ${what}: ${found.error}`, action: UP }];
    return [{ cause: `user ${user} ${found === "denied" ? "may not" : "may"} ${what}`, action: UP }];
  });
}

export function judgeLandingZone(evidence: LandingZoneEvidence): Verdict {
  const { versioning, user, declaredPolicy, tried } = evidence;
  const buckets = Object.entries(versioning)
    .filter(([, state]) => state === "Enabled")
    .map(([bucket]) => bucket);
  const policies = policyProblems(evidence);
  // without its policy everything is denied: that is one cause, not several
  const problems = [
    ...bucketProblems(versioning),
    ...policies,
    ...(policies.length > 0 ? [] : rightProblems(evidence)),
  ];
  return judged(
    [
      `${counted(buckets.length, "bucket")} with versions (${buckets.join(", ")})`,
      `user ${user} has policy ${declaredPolicy} as declared`,
      tried.write === undefined
        ? "it may list its prefix, not delete, not read elsewhere; nothing is there yet to try writing on"
        : "it may list and write below its prefix, not delete, not read elsewhere (nothing was written)",
    ],
    problems,
  );
}
