import type { ResourceDiff } from "../../../../sandbox/offline/changes";
import { attachment } from "../../../../sandbox/offline/minio/attachment";
import { bucket } from "../../../../sandbox/offline/minio/bucket";
import { diffResource } from "../../../../sandbox/offline/minio/diff";
import { policy } from "../../../../sandbox/offline/minio/policy";
import type { ResourceType } from "../../../../sandbox/offline/minio/resourceType";
import { user } from "../../../../sandbox/offline/minio/user";
import { versioning } from "../../../../sandbox/offline/minio/versioning";
import { secret, unknownString, type Tree } from "../../../../sandbox/offline/properties";

const diff = (type: ResourceType, state: Tree, news: Tree, ignored: string[] = []): ResourceDiff =>
  diffResource(type, state, news, ignored);
const found = (type: ResourceType, state: Tree, news: Tree, ignored: string[] = []): object =>
  Object.fromEntries(diff(type, state, news, ignored).changes);
const update = { kind: "update", replaces: false };
const replace = { kind: "update", replaces: true };

const document = (action: unknown): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: action, Resource: ["arn:aws:s3:::a"] }],
  });
const hpc = { name: "hpc", secret: secret("correct horse"), disableUser: false, status: "enabled" };

describe("a diff of MinIO's resources", () => {
  it("finds nothing where the server or the provider chose, and the program says nothing", () => {
    const state = {
      bucket: "terraform-1",
      acl: "private",
      forceDestroy: false,
      arn: "arn:aws:s3:::terraform-1",
    };
    expect(found(bucket, state, { acl: "private", forceDestroy: false, __defaults: ["acl"] })).toEqual({});
    expect(found(user, hpc, { name: "hpc", disableUser: false })).toEqual({});
  });

  it.each<[string, ResourceType, Tree, Tree, object]>([
    ["another bucket", bucket, { bucket: "a" }, { bucket: "b" }, { bucket: replace }],
    [
      "another prefix",
      bucket,
      { bucket: "a1", bucketPrefix: "a" },
      { bucketPrefix: "b" },
      { bucketPrefix: replace },
    ],
    [
      "forceDestroy",
      bucket,
      { bucket: "a", forceDestroy: false },
      { bucket: "a", forceDestroy: true },
      { forceDestroy: update },
    ],
    [
      "a versioning status",
      versioning,
      { bucket: "a", versioningConfiguration: { status: "Enabled" } },
      { bucket: "a", versioningConfiguration: { status: "Suspended" } },
      { versioningConfiguration: update },
    ],
    ["a user's name", user, hpc, { ...hpc, name: "cloud" }, { name: replace }],
    ["a user's secret", user, hpc, { ...hpc, secret: secret("battery staple") }, { secret: update }],
    ["a user that is disabled", user, hpc, { ...hpc, disableUser: true }, { disableUser: update }],
    [
      "a policy's name",
      policy,
      { name: "a", policy: document("s3:*") },
      { name: "b", policy: document("s3:*") },
      { name: replace },
    ],
    [
      "a policy's document",
      policy,
      { name: "a", policy: document("s3:GetObject") },
      { name: "a", policy: document("s3:PutObject") },
      { policy: update },
    ],
    [
      "the user and policy of an attachment",
      attachment,
      { userName: "a", policyName: "b" },
      { userName: "c", policyName: "d" },
      { userName: replace, policyName: replace },
    ],
  ])("finds %s", (_, type, state, news, expected) => {
    expect(found(type, state, news)).toEqual(expected);
  });

  it("finds no change in a document the server wrote anew", () => {
    const state = { name: "a", policy: document(["s3:GetObject", "s3:PutObject"]) };
    expect(found(policy, state, { name: "a", policy: document(["s3:PutObject", "s3:GetObject"]) })).toEqual(
      {},
    );
  });

  it("finds a secret that is given where none was known", () => {
    const { secret: _, ...imported } = hpc;
    expect(found(user, imported, hpc)).toEqual({ secret: { kind: "add", replaces: false } });
  });

  it("takes what is not known yet for a change", () => {
    expect(found(policy, { name: "a", policy: "{}" }, { name: "a", policy: unknownString })).toEqual({
      policy: update,
    });
    expect(found(bucket, { bucket: "a" }, { bucket: unknownString })).toEqual({ bucket: replace });
  });

  it("leaves ignored properties alone", () => {
    expect(found(user, hpc, { ...hpc, secret: "battery staple", disableUser: true }, ["secret"])).toEqual({
      disableUser: update,
    });
  });

  it("has the old one go first only when the new one has its name", () => {
    expect(diff(user, hpc, { ...hpc, disableUser: true }).deleteBeforeReplace).toBe(true);
    expect(diff(user, hpc, { ...hpc, name: "cloud" }).deleteBeforeReplace).toBe(false);
    expect(diff(bucket, { bucket: "terraform-1" }, {}).deleteBeforeReplace).toBe(false);
  });
});
