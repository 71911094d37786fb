import * as minio from "@pulumi/minio";
import * as pulumi from "@pulumi/pulumi";
import { grantPolicy, policyName } from "./landingZonePolicies";
import type { Buckets, LandingZoneUser } from "./types";

export interface ModelLandingZoneArgs {
  readonly buckets: Buckets;
  /** Which of both exist already: taken over as they are, and left behind on `pulumi destroy`. */
  readonly adoptBuckets: readonly string[];
  /** Every S3 user in force; two generations while credentials rotate. */
  readonly users: readonly LandingZoneUser[];
  /** Whether the buckets survive `pulumi destroy`; otherwise they go with everything in them. */
  readonly protect: boolean;
}

const BUCKET_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{2,127}$/;
const MEMBER = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Everything wrong with the arguments: field, value, what is allowed. */
export function landingZoneProblems({
  buckets,
  adoptBuckets,
  users,
}: ModelLandingZoneArgs): readonly string[] {
  const problems: string[] = [];
  for (const [role, bucket] of Object.entries(buckets)) {
    if (!BUCKET_NAME.test(bucket))
      problems.push(
        `buckets.${role}: "${bucket}" is no bucket's name; write 3 to 63 of a-z, 0-9 and inner hyphens`,
      );
  }
  if (buckets.models === buckets.benchmarks) problems.push(`buckets: both are "${buckets.models}"; name two`);
  for (const bucket of adoptBuckets) {
    if (bucket !== buckets.models && bucket !== buckets.benchmarks)
      problems.push(
        `adoptBuckets: "${bucket}" is neither ${buckets.models} nor ${buckets.benchmarks}; remove it`,
      );
  }
  const names = users.map(({ name }) => name);
  for (const { name, grant } of users) {
    if (!USER_NAME.test(name))
      problems.push(
        `users: "${name}" is no access key; write 3 to 128 letters, digits, dots, underscores, hyphens`,
      );
    if ("member" in grant && !MEMBER.test(grant.member))
      problems.push(`users: "${name}" is for "${grant.member}", which is no member's name`);
  }
  for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index)))
    problems.push(`users: "${name}" is there twice; every user needs a name of its own`);
  return problems;
}

/** Members that have a user, by name. */
function membersOf(users: readonly LandingZoneUser[]): readonly string[] {
  return [...new Set(users.flatMap(({ grant }) => ("member" in grant ? [grant.member] : [])))].sort();
}

/** The users of each policy, by its name in MinIO. */
function usersByPolicy({
  buckets,
  users,
}: ModelLandingZoneArgs): ReadonlyMap<string, readonly LandingZoneUser[]> {
  const byPolicy = new Map<string, LandingZoneUser[]>();
  for (const user of users) {
    const policy = policyName(buckets, user.grant);
    byPolicy.set(policy, [...(byPolicy.get(policy) ?? []), user]);
  }
  return byPolicy;
}

/**
 * Where members' models arrive: two versioned buckets, and for every user a policy that allows what its grant needs and
 * nothing else. Its provider is MinIO's.
 */
export class ModelLandingZone extends pulumi.ComponentResource {
  /** Name of the bucket of models; resolves when it keeps versions. */
  public readonly modelsBucket: pulumi.Output<string>;
  /** Name of the bucket of benchmark results; resolves when it keeps versions. */
  public readonly benchmarksBucket: pulumi.Output<string>;

  public constructor(name: string, args: ModelLandingZoneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:transfer:ModelLandingZone", name, {}, opts);
    const problems = landingZoneProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    this.modelsBucket = this.bucket(`${name}-models`, args.buckets.models, args);
    this.benchmarksBucket = this.bucket(`${name}-benchmarks`, args.buckets.benchmarks, args);
    for (const [policy, users] of usersByPolicy(args)) this.users(name, policy, users, args);
    this.registerOutputs({ modelsBucket: this.modelsBucket, benchmarksBucket: this.benchmarksBucket });
  }

  /** A bucket that keeps versions; of one that existed before nothing else is changed. */
  private bucket(
    name: string,
    bucket: string,
    { adoptBuckets, protect }: ModelLandingZoneArgs,
  ): pulumi.Output<string> {
    const adopted = adoptBuckets.includes(bucket);
    const options = { parent: this, protect, retainOnDelete: protect || adopted };
    const declared = new minio.S3Bucket(
      `${name}-bucket`,
      { bucket, acl: "private", forceDestroy: !protect && !adopted },
      {
        ...options,
        ...(adopted
          ? { import: bucket, ignoreChanges: ["acl", "forceDestroy", "objectLocking", "quota"] }
          : {}),
      },
    );
    return new minio.S3BucketVersioning(
      `${name}-versioning`,
      { bucket: declared.bucket, versioningConfiguration: { status: "Enabled" } },
      options,
    ).bucket;
  }

  /** The policy of one grant, and the users that it is given to. */
  private users(
    name: string,
    policy: string,
    users: readonly LandingZoneUser[],
    { buckets, users: all }: ModelLandingZoneArgs,
  ): void {
    const [first] = users;
    if (first === undefined) return;
    const document = grantPolicy(buckets, first.grant, membersOf(all));
    const { name: policyName } = new minio.IamPolicy(
      `${name}-${policy}-policy`,
      { name: policy, policy: JSON.stringify(document) },
      { parent: this },
    );
    for (const { name: user, secretKey } of users) {
      // never forceDestroy: with it, this provider deletes a user that it should update
      const { name: userName } = new minio.IamUser(
        `${name}-${user}-user`,
        { name: user, secret: secretKey },
        { parent: this },
      );
      new minio.IamUserPolicyAttachment(
        `${name}-${user}-policy-attachment`,
        { userName, policyName },
        { parent: this },
      );
    }
  }
}
