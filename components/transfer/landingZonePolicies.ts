import type { Buckets, Grant } from "./types";

interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: { readonly StringLike: Readonly<Record<"s3:prefix", readonly string[]>> };
}

/** An IAM policy as MinIO takes it. */
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

/** First parts of the keys that a member's worker writes. */
const folders = ["models", "manifests", "state", "claims"] as const;
type Folder = (typeof folders)[number];

/** Where a retention run leaves its report. */
const report = "retention/report.json";

const allow = (
  Sid: string,
  Action: readonly string[],
  Resource: readonly string[],
  prefixes?: readonly string[],
): Statement => ({
  Sid,
  Effect: "Allow",
  Action,
  Resource,
  ...(prefixes === undefined ? {} : { Condition: { StringLike: { "s3:prefix": prefixes } } }),
});

const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;
const objectArn = (bucket: string, key: string): string => `${bucketArn(bucket)}/${key}`;
const under = (members: readonly string[], of: readonly Folder[]): readonly string[] =>
  of.flatMap((folder) => members.map((member) => `${folder}/${member}/*`));

/**
 * Everything that `run` and `verify` ask of the store, under the member's own prefixes. Nothing is deleted. MinIO answers
 * a listing of unfinished uploads only without a prefix, so that right knows no condition.
 */
function writer(bucket: string, member: string): readonly Statement[] {
  return [
    allow(
      "OwnObjects",
      ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
      under([member], folders).map((key) => objectArn(bucket, key)),
    ),
    allow("OwnListings", ["s3:ListBucket"], [bucketArn(bucket)], under([member], ["models", "manifests"])),
    allow("UnfinishedUploads", ["s3:ListBucketMultipartUploads"], [bucketArn(bucket)]),
  ];
}

/** What `gc` and `promote` ask: they delete versions under the members' prefixes, and write one report. */
function retention(bucket: string, members: readonly string[]): readonly Statement[] {
  const objects = (of: readonly Folder[]): readonly string[] =>
    under(members, of).map((key) => objectArn(bucket, key));
  return [
    allow("Report", ["s3:PutObject"], [objectArn(bucket, report)]),
    ...(members.length === 0
      ? []
      : [
          allow("Manifests", ["s3:GetObject"], objects(["manifests"])),
          allow("Versions", ["s3:ListBucketVersions"], [bucketArn(bucket)], under(members, folders)),
          allow("Removal", ["s3:DeleteObject", "s3:DeleteObjectVersion"], objects(folders)),
          allow("UnfinishedUploads", ["s3:ListBucketMultipartUploads"], [bucketArn(bucket)]),
          allow(
            "AbandonedParts",
            ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            objects(["models"]),
          ),
        ]),
  ];
}

/** What the driver of benchmarks asks: results are written once and read by later runs. Nothing is deleted. */
function benchmark(bucket: string): readonly Statement[] {
  return [
    allow("Results", ["s3:GetObject", "s3:PutObject"], [objectArn(bucket, "*")]),
    allow("Listings", ["s3:ListBucket"], [bucketArn(bucket)]),
  ];
}

function statements(
  { models: bucket, benchmarks }: Buckets,
  grant: Grant,
  members: readonly string[],
): readonly Statement[] {
  switch (grant.kind) {
    case "writer":
      return writer(bucket, grant.member);
    case "reader":
      return [allow("State", ["s3:GetObject"], [objectArn(bucket, `state/${grant.member}/state.json`)])];
    case "retention":
      return retention(bucket, members);
    case "retentionReader":
      return [allow("Report", ["s3:GetObject"], [objectArn(bucket, report)])];
    case "metrics":
      // rights of administrators know no resources
      return [{ Sid: "Metrics", Effect: "Allow", Action: ["admin:Prometheus"] }];
    case "benchmark":
      return benchmark(benchmarks);
  }
}

/**
 * The policy behind a grant: least privilege, by what the worker asks of the store. Benchmarks have a bucket of their
 * own; all others reach the bucket of models alone.
 *
 * @param members whose prefixes `retention` may clean up
 */
export function grantPolicy(buckets: Buckets, grant: Grant, members: readonly string[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements(buckets, grant, members) };
}

/** Name of that policy in MinIO. Users of one grant share it, whatever their generation. */
export function policyName({ models: bucket, benchmarks }: Buckets, grant: Grant): string {
  switch (grant.kind) {
    case "writer":
    case "reader":
      return `${bucket}-${grant.kind}-${grant.member}`;
    case "retention":
      return `${bucket}-retention`;
    case "retentionReader":
      return `${bucket}-retention-reader`;
    case "metrics":
      return `${bucket}-metrics`;
    case "benchmark":
      return `${benchmarks}-benchmark`;
  }
}
