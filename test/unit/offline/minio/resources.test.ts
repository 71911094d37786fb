import { Mc } from "../../../../sandbox/offline/minio/mc";
import { Resources } from "../../../../sandbox/offline/minio/resources";
import { secret, unknownString } from "../../../../sandbox/offline/properties";

/** A client whose every call fails the test. */
class NoServer extends Mc {
  override run(args: readonly string[]): Promise<never> {
    return Promise.reject(new Error(`the server was asked: mc ${args.join(" ")}`));
  }
}
const settings = {
  url: "https://minio.test:9000",
  user: "root",
  password: "correct horse",
  sessionToken: undefined,
  region: "us-east-1",
  caFile: undefined,
  insecure: false,
};
const resources = new Resources(new NoServer(settings, new AbortController().signal));
const subject = (type: string): { urn: string; id: string; timeout: number } => ({
  urn: `urn:pulumi:s::p::federation:transfer:ModelLandingZone$minio:index/${type}::one`,
  id: "",
  timeout: 0,
});

describe("a preview asks the server nothing", () => {
  it("of a bucket: what the server says of it is unknown", async () => {
    const news = { bucket: "models", acl: "private", forceDestroy: false, __defaults: [] };
    expect(await resources.create(subject("s3Bucket:S3Bucket"), news, true)).toEqual({
      id: "",
      state: {
        bucket: "models",
        acl: "private",
        forceDestroy: false,
        arn: unknownString,
        bucketDomainName: unknownString,
      },
    });
  });

  it("of a user: a secret that will be made is unknown, and secret", async () => {
    const { state } = await resources.create(subject("iamUser:IamUser"), { name: "hpc" }, true);
    expect(state).toEqual({ name: "hpc", status: unknownString, secret: secret(unknownString) });
  });

  it("of an update: what is not given stays, and secrets stay secret", async () => {
    const state = { name: "hpc", secret: secret("correct horse"), disableUser: false, status: "enabled" };
    const news = { name: "hpc", disableUser: true };
    expect(await resources.update({ ...subject("iamUser:IamUser"), id: "hpc" }, state, news, true)).toEqual({
      ...state,
      disableUser: true,
    });
  });

  it("of a document that came from a secret: the outcome is secret", async () => {
    const news = { name: "a", policy: secret("{}") };
    expect((await resources.create(subject("iamPolicy:IamPolicy"), news, true)).state).toEqual(news);
  });
});

describe("an update", () => {
  it("of a user with forceDestroy is refused: the official provider would delete it", async () => {
    const state = { name: "hpc", secret: secret("correct horse"), disableUser: false, forceDestroy: true };
    const news = { name: "hpc", secret: secret("battery staple"), disableUser: false, forceDestroy: true };
    for (const preview of [true, false])
      await expect(
        resources.update({ ...subject("iamUser:IamUser"), id: "hpc" }, state, news, preview),
      ).rejects.toThrow('user "hpc" was not updated: it has forceDestroy');
  });
});

describe("a resource that is not served", () => {
  it("is refused by its type token", async () => {
    const { urn } = subject("iamGroup:IamGroup");
    const message =
      "minio:index/iamGroup:IamGroup is not served by the offline stand-in of the minio provider";
    await expect(resources.check(urn, {}, {}, new Uint8Array())).rejects.toThrow(message);
    await expect(resources.read({ urn, id: "a", timeout: 0 }, {}, {})).rejects.toThrow(message);
  });
});
