import { bucket } from "../../../../sandbox/offline/minio/bucket";
import { checkInputs } from "../../../../sandbox/offline/minio/inputs";
import { policy } from "../../../../sandbox/offline/minio/policy";
import type { ResourceType } from "../../../../sandbox/offline/minio/resourceType";
import { user } from "../../../../sandbox/offline/minio/user";
import { versioning } from "../../../../sandbox/offline/minio/versioning";
import { secret, unknownString, type Tree } from "../../../../sandbox/offline/properties";
import type { Checked } from "../../../../sandbox/offline/provider";

const seed = Uint8Array.of(1);
const check = (type: ResourceType, news: Tree, olds: Tree = {}): Checked =>
  checkInputs(type, "logical", olds, news, seed);
const reasons = (type: ResourceType, news: Tree): string[] =>
  check(type, news).failures.map(({ reason }) => reason);

describe("the inputs", () => {
  it("get the official defaults, and list them", () => {
    expect(check(bucket, { bucket: "models" })).toEqual({
      inputs: { bucket: "models", acl: "private", forceDestroy: false, __defaults: ["acl", "forceDestroy"] },
      failures: [],
    });
    expect(check(bucket, { bucketPrefix: "models-", acl: "private", forceDestroy: true })).toEqual({
      inputs: { bucketPrefix: "models-", acl: "private", forceDestroy: true, __defaults: [] },
      failures: [],
    });
  });

  it("get the logical name and seven hexadecimal characters for a name, and keep it", () => {
    const { inputs } = check(policy, { policy: "{}" });
    expect(inputs).toEqual({
      policy: "{}",
      name: expect.stringMatching(/^logical-[0-9a-f]{7}$/) as unknown,
      __defaults: ["name"],
    });
    const again = checkInputs(policy, "logical", inputs, { policy: '{"a":1}' }, Uint8Array.of(2));
    expect(again.inputs.name).toBe(inputs.name);
  });

  it("do not keep a name that the program gave and gives no more", () => {
    const { inputs } = check(policy, { policy: "{}", name: "given" });
    expect(inputs).toEqual({ policy: "{}", name: "given", __defaults: [] });
    expect(check(policy, { policy: "{}" }, inputs).inputs.name).toMatch(/^logical-[0-9a-f]{7}$/);
  });

  it("mark a user's secret as one, given as such or not, and leave it out where there is none", () => {
    const expected = secret("correct horse");
    expect(check(user, { name: "hpc", secret: "correct horse" }).inputs.secret).toEqual(expected);
    expect(check(user, { name: "hpc", secret: expected }).inputs.secret).toEqual(expected);
    expect(check(user, { name: "hpc" }).inputs).toEqual({
      name: "hpc",
      disableUser: false,
      forceDestroy: false,
      updateSecret: false,
      __defaults: ["disableUser", "forceDestroy", "updateSecret"],
    });
  });

  it("may be unknown, whole or in part", () => {
    expect(check(bucket, { bucket: unknownString }).failures).toEqual([]);
    expect(
      reasons(versioning, { bucket: "models", versioningConfiguration: { status: unknownString } }),
    ).toEqual([]);
  });

  it("pass over what is null", () => {
    expect(check(bucket, { bucket: "models", bucketPrefix: null }).failures).toEqual([]);
  });

  it.each<[ResourceType, Tree, string]>([
    [
      bucket,
      { objectLocking: true },
      "objectLocking is not served by the offline stand-in, which knows bucket,",
    ],
    [bucket, { bucket: "models", bucketPrefix: "m" }, "bucket and bucketPrefix can not be given together"],
    [bucket, { bucket: "Models/a" }, 'bucket "Models/a" is no name of a bucket'],
    [
      bucket,
      { bucketPrefix: "a".repeat(38) },
      `bucketPrefix "${"a".repeat(38)}" is no prefix of a bucket's name`,
    ],
    [
      bucket,
      { acl: "public" },
      'acl "public" is not served by the offline stand-in, which knows private alone',
    ],
    [bucket, { forceDestroy: "yes" }, 'forceDestroy "yes" is to be of type boolean'],
    [versioning, { versioningConfiguration: { status: "Enabled" } }, "bucket is missing"],
    [
      versioning,
      { bucket: "models", versioningConfiguration: { status: "enabled" } },
      '.status is "enabled"; it is to be one of Enabled, Suspended',
    ],
    [
      versioning,
      { bucket: "models", versioningConfiguration: { status: "Enabled", excludeFolders: true } },
      "holds excludeFolders, which the offline stand-in does not serve",
    ],
    [user, { name: "-h" }, 'name "-h" is no name of a user'],
    [policy, { policy: "allow all" }, 'policy "allow all" is not a JSON object'],
    [policy, { policy: "{}", name: "a,b" }, 'name "a,b" is no name of a policy'],
  ])("of %p are refused by name: %j", (type, news, message) => {
    expect(reasons(type, news).join("\n")).toContain(message);
  });

  it("never show a secret in what is said of it", () => {
    expect(reasons(user, { name: "hpc", secret: "short" })).toEqual(["secret is shorter than 8 characters"]);
    expect(reasons(bucket, { bucket: secret("Not Public") }).join()).not.toContain("Not Public");
  });
});
