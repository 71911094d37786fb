import { readdirSync } from "node:fs";
import { MinioServer, type Caller } from "./minioServer";
import { Project, type Step } from "./project";

jest.setTimeout(300_000);

/** What the program makes of a landing zone for models; the file `wanted.json` beside it says this. */
interface Wanted {
  /** What the member may do with its objects. */
  readonly actions: readonly string[];
  readonly scratch?: { readonly forceDestroy?: boolean };
  readonly disableUser?: boolean;
  /** Names of buckets that are there and are to be taken over. */
  readonly imported?: readonly string[];
  /** Names of buckets and users beside those of every program. */
  readonly buckets?: readonly string[];
  readonly users?: readonly string[];
  readonly group?: boolean;
}

const program = `
import { readFileSync } from "node:fs";
import * as minio from "@pulumi/minio";
import * as pulumi from "@pulumi/pulumi";

const wanted = JSON.parse(readFileSync(__dirname + "/wanted.json", "utf8"));
const config = new pulumi.Config();
const provider = new minio.Provider("server", {
  minioServer: config.require("server"),
  minioUser: "root",
  minioPassword: config.requireSecret("password"),
  minioSsl: true,
  minioCacertFile: config.require("ca"),
});
const own = { provider };
const secret = config.requireSecret("secret");

const models = new minio.S3Bucket("models", { bucket: "models" }, own);
new minio.S3BucketVersioning("versioning", { bucket: models.bucket, versioningConfiguration: { status: "Enabled" } }, own);
const user = new minio.IamUser("member", { name: "hpc", secret, disableUser: wanted.disableUser }, own);
const policy = new minio.IamPolicy("writer", {
  policy: pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: wanted.actions, Resource: [pulumi.interpolate\`\${models.arn}/hpc/*\`] }],
  }),
}, own);
new minio.IamUserPolicyAttachment("grant", { userName: user.name, policyName: policy.name }, own);
if (wanted.scratch) new minio.S3Bucket("scratch", { bucketPrefix: "scratch-", ...wanted.scratch }, own);
for (const bucket of wanted.imported ?? []) new minio.S3Bucket(bucket, { bucket }, { ...own, import: bucket });
for (const bucket of wanted.buckets ?? []) new minio.S3Bucket(bucket, { bucket }, own);
for (const name of wanted.users ?? []) new minio.IamUser(name, { name, secret }, own);
if (wanted.group) new minio.IamGroup("group", {}, own);

export const domain = models.bucketDomainName;
export const userStatus = user.status;
export const userSecret = user.secret;
export const policyName = policy.name;
`;

const server = new MinioServer();
const project = new Project();
const hpc = (secret: string): Caller => ({ user: "hpc", secret });
const [first, second] = ["first-secret-of-hpc", "second-secret-of-hpc"];
const put = ["s3:PutObject"];

const want = (wanted: Wanted): void => project.write("program/wanted.json", JSON.stringify(wanted));
const ops = (steps: Record<string, Step>): object =>
  Object.fromEntries(Object.entries(steps).map(([name, { op }]) => [name, op]));
const outputs = async (): Promise<Record<string, unknown>> =>
  JSON.parse(await project.must("stack", "output", "--json", "--show-secrets")) as Record<string, unknown>;
const buckets = async (): Promise<string[]> =>
  (await server.must("ls", "minio/")).map(({ key }) => String(key));
const users = async (): Promise<unknown[]> =>
  (await server.must("admin", "user", "list", "minio")).map(({ accessKey }) => accessKey);
const policies = async (): Promise<unknown[]> =>
  (await server.must("admin", "policy", "list", "minio")).map(({ policy }) => policy).sort();
/** Whether somebody may write an object below `hpc/`, and what mc says of it. */
const write = async (caller: Caller): Promise<{ done: boolean; said: string }> => {
  project.write("object", "weights");
  const { code, output } = await server.mc(
    caller,
    "cp",
    `${project.folder}/object`,
    "minio/models/hpc/object",
  );
  return { done: code === 0, said: output };
};
const refused = async (message: string | RegExp): Promise<void> => {
  const { code, output } = await project.up();
  expect(code).not.toBe(0);
  expect(output).toMatch(message);
};
/** Folders that a call of mc has left behind. */
const leftFolders = (): string[] =>
  readdirSync(project.temporary).filter((name) => name.startsWith("pulumi-minio-"));

let builtIn: unknown[];
beforeAll(async () => {
  await server.start();
  await project.start("index.ts", "--import tsx");
  project.write("program/index.ts", program);
  await project.must("config", "set", "server", server.address);
  await project.must("config", "set", "ca", server.caFile);
  await project.setSecret("password", server.root.secret);
  await project.setSecret("secret", first);
  builtIn = await policies();
});

afterAll(async () => {
  await server.stop();
  project.remove();
});

describe("a landing zone on MinIO", () => {
  it("is previewed without a word to the server", async () => {
    want({ actions: put, scratch: {} });
    expect(ops(await project.preview())).toEqual({
      "offline-test": "create",
      server: "create",
      models: "create",
      versioning: "create",
      member: "create",
      writer: "create",
      grant: "create",
      scratch: "create",
    });
    expect([await buckets(), await users(), await policies()]).toEqual([[], [], builtIn]);
  });

  it("is made, with the official names and outputs, and its secrets stay secret", async () => {
    await project.mustUp();
    const made = await outputs();
    expect(made).toEqual({
      domain: `https://${server.address}/minio/models`,
      userStatus: "enabled",
      userSecret: first,
      policyName: expect.stringMatching(/^writer-[0-9a-f]{7}$/) as unknown,
    });
    const state = await project.state();
    expect(state.models!.outputs).toEqual({
      bucket: "models",
      acl: "private",
      forceDestroy: false,
      arn: "arn:aws:s3:::models",
      bucketDomainName: made.domain,
    });
    expect(state.scratch!.id).toMatch(/^scratch-\d{17}[0-9a-f]{9}$/);
    expect((await buckets()).sort()).toEqual(["models/", `${state.scratch!.id}/`]);
    expect(await users()).toEqual(["hpc"]);
    expect(await server.must("version", "info", "minio/models")).toMatchObject([
      { versioning: { status: "Enabled" } },
    ]);
    expect(await server.must("admin", "user", "info", "minio", "hpc")).toMatchObject([
      { policyName: made.policyName, userStatus: "enabled" },
    ]);
    const exported = await project.exported();
    for (const secret of [first, server.root.secret]) expect(exported).not.toContain(secret);
  });

  it("lets the member do what its policy says, and no more", async () => {
    expect(await write(hpc(first))).toMatchObject({ done: true });
    const read = await server.mc(hpc(first), "cat", "minio/models/hpc/object");
    expect([read.code, read.output]).toEqual([1, expect.stringContaining("Insufficient permissions")]);
  });

  it("has nothing to change, after a refresh neither, nor for a document that only looks different", async () => {
    await project.mustUp("--expect-no-changes");
    await project.must("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    want({ actions: [...put, ...put], scratch: {} });
    await project.mustUp("--expect-no-changes");
  });

  it("gets a new document and a new secret in place: the old secret is good for nothing from then on", async () => {
    const { policyName } = await outputs();
    want({ actions: ["s3:PutObject", "s3:GetObject"], scratch: {} });
    await project.setSecret("secret", second);
    expect(ops(await project.preview())).toEqual({ member: "update", writer: "update" });
    expect(await write(hpc(first))).toMatchObject({ done: true });
    await project.mustUp();
    expect(await outputs()).toMatchObject({ policyName, userSecret: second });
    const old = await write(hpc(first));
    expect([old.done, old.said]).toEqual([false, expect.stringContaining("SignatureDoesNotMatch")]);
    expect(await write(hpc(second))).toMatchObject({ done: true });
    const read = await server.mc(hpc(second), "cat", "minio/models/hpc/object");
    expect([read.code, read.stdout]).toEqual([0, "weights"]);
    await project.mustUp("--expect-no-changes");
  });

  it("disables and enables the member in place, with a new secret at the same time too", async () => {
    want({ actions: put, scratch: {}, disableUser: true });
    await project.setSecret("secret", first);
    await project.mustUp();
    expect(await outputs()).toMatchObject({ userStatus: "disabled", userSecret: first });
    expect(await write(hpc(first))).toMatchObject({ done: false });
    want({ actions: put, scratch: {} });
    await project.mustUp();
    expect(await outputs()).toMatchObject({ userStatus: "enabled" });
    expect(await write(hpc(first))).toMatchObject({ done: true });
  });
});

describe("what somebody did by hand", () => {
  it("is found by a refresh and put right", async () => {
    const { policyName } = await outputs();
    await server.must("version", "suspend", "minio/models");
    await server.must("admin", "policy", "detach", "minio", String(policyName), "--user", "hpc");
    await server.must("admin", "user", "disable", "minio", "hpc");
    const Statement = [{ Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::*" }];
    project.write("all.json", JSON.stringify({ Version: "2012-10-17", Statement }));
    await server.must("admin", "policy", "create", "minio", String(policyName), `${project.folder}/all.json`);
    await project.must("refresh", "--yes", "--skip-preview");
    expect(ops(await project.preview())).toEqual({
      versioning: "update",
      member: "update",
      writer: "update",
      grant: "create",
    });
    await project.mustUp();
    expect(await server.must("version", "info", "minio/models")).toMatchObject([
      { versioning: { status: "Enabled" } },
    ]);
    expect(await write(hpc(first))).toMatchObject({ done: true });
    expect((await server.mc(hpc(first), "cat", "minio/models/hpc/object")).code).toBe(1);
  });

  it("is a bucket that is gone: a refresh takes it out of the state, an update makes it again", async () => {
    const { id } = (await project.state()).scratch!;
    await server.must("rb", "--force", "minio/models");
    await server.must("rb", "--force", `minio/${id}`);
    await project.must("refresh", "--yes", "--skip-preview");
    const state = await project.state();
    expect([state.models, state.versioning, state.scratch]).toEqual([undefined, undefined, undefined]);
    await project.mustUp();
    const again = (await project.state()).scratch!.id;
    expect(again).not.toBe(id);
    expect((await buckets()).sort()).toEqual(["models/", `${again}/`]);
    await project.mustUp("--expect-no-changes");
  });

  it("is a bucket of the same name: it is not taken over unless imported", async () => {
    await server.must("mb", "minio/by-hand");
    want({ actions: put, scratch: {}, buckets: ["by-hand"] });
    await refused(/bucket "by-hand" was not created: bucket "by-hand" exists already; import it/);
    expect((await project.state())["by-hand"]).toBeUndefined();
    want({ actions: put, scratch: {}, imported: ["by-hand"] });
    await project.mustUp();
    expect((await project.state())["by-hand"]!.outputs).toMatchObject({
      bucket: "by-hand",
      arn: "arn:aws:s3:::by-hand",
    });
    want({ actions: put, scratch: {}, buckets: ["by-hand"] });
    await project.mustUp("--expect-no-changes");
  });

  it("is a user of the same name: it keeps its secret", async () => {
    await server.must("admin", "user", "add", "minio", "theirs", "their-own-secret");
    want({ actions: put, scratch: {}, buckets: ["by-hand"], users: ["theirs"] });
    await refused(/user "theirs" was not created: user "theirs" exists already; import it/);
    const { output } = await server.mc({ user: "theirs", secret: "their-own-secret" }, "ls", "minio/models");
    expect(output).toContain("Access Denied");
    await server.must("admin", "user", "remove", "minio", "theirs");
  });

  it("is an import of what is not there: it is refused", async () => {
    want({ actions: put, scratch: {}, buckets: ["by-hand"], imported: ["never-made"] });
    await refused(/'never-made' does not exist/);
  });
});

describe("what can not be done", () => {
  it("is a resource that the stand-in does not serve: it is named", async () => {
    want({ actions: put, scratch: {}, buckets: ["by-hand"], group: true });
    await refused(
      "minio:index/iamGroup:IamGroup is not served by the offline stand-in of the minio provider",
    );
  });

  it("is deleting a bucket that holds objects, unless it was told to let them go", async () => {
    const { id } = (await project.state()).scratch!;
    project.write("object", "precious");
    await server.must("version", "enable", `minio/${id}`);
    const upload = ["cp", `${project.folder}/object`, `minio/${id}/object`];
    await server.must(...upload);
    await server.must(...upload);
    want({ actions: put, buckets: ["by-hand"] });
    await refused(new RegExp(`bucket "${id}" was not deleted: mc rb server/${id}: .*is not empty`));
    expect(await server.must("ls", "--versions", `minio/${id}`)).toHaveLength(2);
    want({ actions: put, buckets: ["by-hand"], scratch: { forceDestroy: true } });
    expect(ops(await project.preview())).toEqual({ scratch: "update" });
    await project.mustUp();
    want({ actions: put, buckets: ["by-hand"] });
    await project.mustUp();
    expect((await buckets()).sort()).toEqual(["by-hand/", "models/"]);
  });

  it("is work with a wrong password or without the server: both are told with the resource", async () => {
    want({ actions: put, buckets: ["by-hand", "one-more"] });
    await project.setSecret("password", "wrong password");
    await refused(/bucket "one-more" was not created: mc mb .*signature we calculated does not match/);
    await project.setSecret("password", server.root.secret);
    await project.must("config", "set", "server", "127.0.0.1:9");
    await refused(/bucket "one-more" was not created: mc mb .*connect: connection refused/);
    await project.must("config", "set", "server", server.address);
    await project.mustUp();
  });
});

describe("destroy", () => {
  it("leaves nothing behind, nor has any call of mc", async () => {
    await server.must("rm", "--recursive", "--versions", "--force", "minio/models");
    await project.must("destroy", "--yes", "--skip-preview");
    expect(Object.keys(await project.state())).toEqual([]);
    expect([await buckets(), await users(), await policies()]).toEqual([[], [], builtIn]);
    expect(leftFolders()).toEqual([]);
  });
});
