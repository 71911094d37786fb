import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { createCa, createServer, type KeyPair } from "../../../commands/certificates";
import { initialise, type InitOptions } from "../../../commands/initialise";
import { initOptions } from "../../../commands/initOptions";
import { kubeconfigOf } from "../../../commands/kubeconfig";
import { type PulumiCli, pulumiCli } from "../../../commands/pulumiCli";
import { type HubSecrets, memberWebCredentials } from "../../../settings/credentials";
import { parseSettings } from "../../../settings/parse";
import { paths } from "../../../sandbox/paths";
import { HUB_OBJECT, KUBECONFIG, memberConfig, UID } from "../settings/samples";

const TOKEN = "token-of-the-cluster";
const folders: string[] = [];
const servers: https.Server[] = [];
let ca: KeyPair;
let serving: KeyPair;

beforeAll(async () => {
  ca = await createCa(1, new Date());
  serving = await createServer(ca, "api", ["127.0.0.1"], new Date());
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "federation-init-"));
  folders.push(folder);
  return folder;
}

async function listen(server: https.Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An API server that knows one namespace and one token; its kubeconfig names its CA by file. */
async function cluster(uid: string, folder = newFolder()): Promise<string> {
  const url = await listen(
    https.createServer({ cert: serving.certificate, key: serving.key }, (request, response) => {
      const known =
        request.url === "/api/v1/namespaces/kube-system" &&
        request.headers.authorization === `Bearer ${TOKEN}`;
      response.writeHead(known ? 200 : 403, { "content-type": "application/json" });
      response.end(
        JSON.stringify(
          known ? { kind: "Namespace", metadata: { name: "kube-system", uid } } : { kind: "Status" },
        ),
      );
    }),
  );
  fs.writeFileSync(path.join(folder, "ca.crt"), ca.certificate);
  const file = path.join(folder, "kubeconfig");
  const other = { name: "other", cluster: { server: "https://127.0.0.1:1" } };
  fs.writeFileSync(
    file,
    stringify({
      clusters: [other, { name: "main", cluster: { server: url, "certificate-authority": "ca.crt" } }],
      users: [
        { name: "other", user: { token: "token-of-another" } },
        { name: "admin", user: { token: TOKEN } },
      ],
      contexts: [
        { name: "other", context: { cluster: "other", user: "other" } },
        { name: "main", context: { cluster: "main", user: "admin" } },
      ],
      "current-context": "main",
    }),
  );
  return file;
}

/** A stack's configuration in memory. */
function memoryCli(values: Record<string, string>, secretKeys: string[] = []) {
  const secret = new Set(secretKeys);
  const written: string[] = [];
  const cli: PulumiCli = {
    readConfig: () => ({ values: { ...values }, secretKeys: new Set(secret) }),
    setConfig: (_, key, value, isSecret) => {
      values[key] = value;
      written.push(key);
      if (isSecret) secret.add(key);
    },
  };
  return { cli, values, secret, written };
}

const hub = (members: unknown = HUB_OBJECT.members) => ({
  "federation:role": "hub",
  "federation:cluster": "cloud",
  "federation:hub": JSON.stringify({ ...HUB_OBJECT, members }),
});

/** As the cluster of {@link cluster} would answer; other clusters are out of reach. */
const clusterUidOf = (kubeconfig: string): Promise<string> =>
  kubeconfig.includes(TOKEN) ? Promise.resolve(UID) : Promise.reject(new Error("connect ECONNREFUSED"));

const run = (pulumi: PulumiCli, options: Partial<InitOptions> = {}) =>
  initialise({ stack: "cloud", ...options }, { pulumi, clusterUidOf });

/** No sentence holds a password, hash or key. */
function expectNoSecret(said: readonly string[], { generations }: HubSecrets): void {
  const users = generations
    .flatMap(({ clusters }) => Object.values(clusters))
    .flatMap(({ local, federation }) => [local, federation]);
  const secrets = users.flatMap((user) => (user === undefined ? [] : [user.password, user.hash]));
  expect(secrets.filter((secret) => said.join("\n").includes(secret))).toEqual([]);
  expect(said.join("\n")).not.toMatch(/PRIVATE KEY|token-of/);
}

test("makes a hub complete: kubeconfig, UID and credentials; a second run changes nothing", async () => {
  const stack = memoryCli(hub());
  const kubeconfig = await cluster(UID);
  const said = await run(stack.cli, { kubeconfig });
  expect(said).toEqual([
    "recorded the kubeconfig",
    `recorded the cluster's UID ${UID}`,
    "made a CA and the credentials of cloud, hpc",
  ]);
  const settings = parseSettings(stack.values, "cloud", stack.secret);
  if (settings.role !== "hub") throw new Error("not a hub");
  expectNoSecret(said, settings.hubSecrets!);
  expect(settings.clusterUid).toBe(UID);
  expect(settings.kubeconfig).toContain(Buffer.from(ca.certificate).toString("base64"));
  expect(settings.kubeconfig).not.toContain("token-of-another");
  expect([...stack.secret].sort()).toEqual(["federation:hubSecrets", "federation:kubeconfig"]);

  stack.written.length = 0;
  expect(await run(stack.cli, { kubeconfig })).toEqual([
    `the cluster's UID is ${UID}, as recorded`,
    "the credentials are complete, nothing to make",
  ]);
  expect(stack.written).toEqual([]);
});

test("records only kubeconfig and UID for a member", async () => {
  const { "federation:clusterUid": _, "federation:kubeconfig": __, ...values } = memberConfig();
  const stack = memoryCli({ ...values });
  await run(stack.cli, { stack: "hpc", kubeconfig: await cluster(UID) });
  expect(stack.written).toEqual(["federation:kubeconfig", "federation:clusterUid"]);
});

test("says that a rebuilt cluster is another one", async () => {
  const other = "00000000-1111-4222-8333-444444444444";
  const stack = memoryCli({ ...memberConfig(), "federation:clusterUid": other }, ["federation:kubeconfig"]);
  expect(await run(stack.cli, { stack: "hpc", kubeconfig: await cluster(UID) })).toEqual([
    "recorded the kubeconfig",
    `recorded the cluster's UID ${UID} (was ${other}: another cluster)`,
  ]);
});

test("makes credentials without a kubeconfig, and says what is left", async () => {
  const stack = memoryCli(hub());
  expect(await run(stack.cli)).toEqual([
    "federation:kubeconfig is not set: run again with --kubeconfig FILE",
    "made a CA and the credentials of cloud, hpc",
  ]);
});

test("writes nothing where the settings are wrong, the secrets damaged or the cluster out of reach", async () => {
  const wrong = memoryCli(hub([{ cluster: "hpc", url: "http://192.168.100.10" }]));
  await expect(run(wrong.cli)).rejects.toThrow(/^stack "cloud": 1 problem in its settings/);
  const damaged = memoryCli({ ...hub(), "federation:hubSecrets": "{}" }, ["federation:hubSecrets"]);
  await expect(run(damaged.cli)).rejects.toThrow(
    /federation:hubSecrets\.generations: is damaged: restore the stack file, or remove this key to make all anew/,
  );
  const unreachable = memoryCli(
    { ...hub(), "federation:kubeconfig": KUBECONFIG.replace("192.168.200.10:6443", "127.0.0.1:1") },
    ["federation:kubeconfig"],
  );
  await expect(run(unreachable.cli)).rejects.toThrow("connect ECONNREFUSED");
  expect([wrong, damaged, unreachable].map(({ written }) => written)).toEqual([[], [], []]);
});

describe("a rotation", () => {
  const secretsOf = (values: Readonly<Record<string, string>>) =>
    JSON.parse(values["federation:hubSecrets"] ?? "") as HubSecrets;

  /** A member that serves and accepts what its stack last applied. */
  async function memberServer(): Promise<{
    readonly url: string;
    readonly apply: (secrets: HubSecrets) => void;
  }> {
    let users: readonly string[] = [];
    const server = https.createServer(
      { cert: serving.certificate, key: serving.key },
      (request, response) => {
        response.writeHead(users.includes(request.headers.authorization ?? "") ? 200 : 401).end();
      },
    );
    const url = await listen(server);
    const apply = (secrets: HubSecrets): void => {
      const web = memberWebCredentials(secrets, "hpc");
      server.setSecureContext({ cert: web.serverCertificate, key: web.serverKey });
      users = secrets.generations
        .map(({ clusters }) => clusters.hpc!.federation!)
        .map(
          ({ username, password }) => `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
        );
    };
    return { url, apply };
  }

  test("leads through both generations, and ends only when every member is ready for the new one", async () => {
    const member = await memberServer();
    const stack = memoryCli(hub([{ cluster: "hpc", url: member.url }]));
    await run(stack.cli);
    const old = secretsOf(stack.values);
    member.apply(old);

    const begun = await run(stack.cli, { rotation: "rotate" });
    expect(begun).toEqual([
      "made generation 2 beside generation 1",
      "next: pulumi up --stack cloud, wait 2 minutes for its pods, then pulumi up of each member's stack (hpc)",
      "then, 2 minutes later: npm run init -- --stack cloud --rotate-finish",
    ]);
    const both = secretsOf(stack.values);
    expectNoSecret(begun, both);
    expect(both.generations.map(({ id }) => id)).toEqual([1, 2]);
    await expect(run(stack.cli, { rotation: "rotate" })).rejects.toThrow(
      /^a rotation from generation 1 to 2 is under way/,
    );

    await expect(run(stack.cli, { rotation: "finish" })).rejects.toThrow(
      /^the rotation can not end yet, nothing was changed:\n {2}- hpc at https:\/\/127\.0\.0\.1:\d+: .*unable to verify the first certificate/,
    );
    expect(secretsOf(stack.values)).toEqual(both);
    member.apply(both);
    expect(await run(stack.cli, { rotation: "finish" })).toEqual([
      "dropped generation 1; generation 2 is in force",
      "next: pulumi up --stack cloud, wait 2 minutes for its pods, then pulumi up of each member's stack (hpc)",
    ]);
    expect(secretsOf(stack.values).generations.map(({ id }) => id)).toEqual([2]);
    await expect(run(stack.cli, { rotation: "finish" })).rejects.toThrow(/^no rotation is under way/);
  });

  test("names a member that serves the new certificate but not the new user, and can be ended unchecked", async () => {
    const member = await memberServer();
    const stack = memoryCli(hub([{ cluster: "hpc", url: member.url }]));
    await run(stack.cli);
    await run(stack.cli, { rotation: "rotate" });
    const both = structuredClone(secretsOf(stack.values));
    both.generations[1]!.clusters.hpc!.federation!.password = "another password of thirty-two characters";
    member.apply(both);
    await expect(run(stack.cli, { rotation: "finish" })).rejects.toThrow(
      "  - hpc does not accept its user yet",
    );
    await run(stack.cli, { rotation: "finish", unchecked: true });
    expect(secretsOf(stack.values).generations.map(({ id }) => id)).toEqual([2]);
  });

  test("needs credentials to rotate", async () => {
    await expect(run(memoryCli(hub()).cli, { rotation: "rotate" })).rejects.toThrow(
      'stack "cloud" has no credentials yet: run init without --rotate first',
    );
    const member = memoryCli({ ...memberConfig() }, ["federation:kubeconfig"]);
    await expect(run(member.cli, { stack: "hpc", rotation: "rotate" })).rejects.toThrow(
      /^stack "hpc" holds no credentials to rotate/,
    );
  });
});

test("embeds files of the chosen context alone, and names a context that is not there", async () => {
  const file = await cluster(UID);
  expect(kubeconfigOf(file, "other")).not.toContain(TOKEN);
  expect(() => kubeconfigOf(file, "third")).toThrow('the kubeconfig has no context "third"');
});

test.each([
  [["--stack", "cloud"], { stack: "cloud", unchecked: false }],
  [["--stack", "cloud", "--rotate"], { stack: "cloud", unchecked: false, rotation: "rotate" }],
  [
    ["--stack", "cloud", "--rotate-finish", "--unchecked"],
    { stack: "cloud", unchecked: true, rotation: "finish" },
  ],
  [
    ["--stack", "c", "--kubeconfig", "f", "--context", "x"],
    { stack: "c", unchecked: false, kubeconfig: "f", context: "x" },
  ],
])("reads the command line %j", (args, options) => {
  expect(initOptions(args)).toEqual(options);
});

test.each([
  [[]],
  [["--stack", "c", "--rotate", "--rotate-finish"]],
  [["--stack", "c", "--context", "x"]],
  [["--stack", "c", "--unchecked"]],
])("tells its usage for %j", (args) => {
  expect(() => initOptions(args)).toThrow(/^usage: npm run init/);
});

const repository = path.resolve(__dirname, "../../..");
const modules = path.join(repository, "node_modules/.bin");
const environment = { ...process.env, PATH: [modules, process.env.PATH ?? "", paths.bin].join(":") };
const installed = spawnSync("pulumi", ["version"], { env: environment }).error === undefined;
if (!installed) console.log("skipped: pulumi is neither on PATH nor among the sandbox's tools");

/** Runs the command as people do; the servers of this test go on answering meanwhile. */
async function command(env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const child = spawn("tsx", [path.join(repository, "commands/init.ts"), ...args], { env, cwd: os.tmpdir() });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, output: output.trim() };
}

(installed ? test : test.skip)(
  "works as a command with the real pulumi CLI and a cluster over HTTPS: encrypted in the stack file, idempotent",
  async () => {
    const folder = newFolder();
    const backend = path.join(folder, "backend");
    fs.mkdirSync(backend);
    fs.writeFileSync(path.join(folder, "Pulumi.yaml"), "name: federation\nruntime: nodejs\n");
    const file = path.join(folder, "Pulumi.cloud.yaml");
    const { "federation:hub": hubObject, ...scalars } = hub();
    const config = { ...scalars, "federation:hub": JSON.parse(hubObject) as unknown };
    fs.writeFileSync(file, stringify({ config }));
    const env = {
      ...environment,
      PULUMI_OPTION_CWD: folder,
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: "unit",
    };
    const kubeconfig = await cluster(UID, folder);
    const noStack = await command(env, "--stack", "cloud", "--kubeconfig", kubeconfig);
    expect(noStack.status).toBe(1);
    expect(noStack.output).toContain("Create it first: pulumi stack init cloud");
    expect(spawnSync("pulumi", ["stack", "init", "cloud"], { env }).status).toBe(0);

    const first = await command(env, "--stack", "cloud", "--kubeconfig", kubeconfig);
    expect(first).toEqual({
      status: 0,
      output: [
        "recorded the kubeconfig",
        `recorded the cluster's UID ${UID}`,
        "made a CA and the credentials of cloud, hpc",
      ].join("\n"),
    });
    const cli = pulumiCli(env, os.tmpdir());
    expect(cli.stacks()).toEqual(["cloud"]);
    expect(cli.readOutputs("cloud")).toEqual({});
    const { values, secretKeys } = cli.readConfig("cloud");
    const settings = parseSettings(values, "cloud", secretKeys);
    if (settings.role !== "hub") throw new Error("not a hub");
    const written = fs.readFileSync(file, "utf8");
    expectNoSecret([written], settings.hubSecrets!);
    expect(written.match(/secure: v1:/g)).toHaveLength(2);
    expect(written).toContain(`federation:clusterUid: ${UID}`);

    expect(await command(env, "--stack", "cloud")).toEqual({
      status: 0,
      output: `the cluster's UID is ${UID}, as recorded\nthe credentials are complete, nothing to make`,
    });
    expect(fs.readFileSync(file, "utf8")).toBe(written);
  },
  120_000,
);
