import * as pulumi from "@pulumi/pulumi";
import type { HubSecrets } from "../../../settings/credentials";
import { loadSettings, ownCredentials, SettingsError } from "../../../settings";
import type { HubSettings, MemberSettings, WebCredentials } from "../../../settings";
import {
  edited,
  hubConfig,
  HUB_OBJECT,
  memberConfig,
  MEMBER_OBJECT,
  sampleSecrets,
  SECRET_KEYS,
} from "./samples";

const published = {
  hpc: {
    local: { username: "local-1", password: "of hpc" },
    alerts: { username: "alerts-hpc-1", password: "for the hub" },
  },
};
let outputs: Readonly<Record<string, unknown>> = {};
let secrets: HubSecrets;

beforeAll(async () => {
  secrets = await sampleSecrets();
});

async function configure(stack: string, raw: Readonly<Record<string, string>>): Promise<void> {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: name, state: { ...(inputs as object), outputs } }),
      call: () => ({}),
    },
    "federation",
    stack,
    true,
  );
  pulumi.runtime.setAllConfig({ ...raw }, [...SECRET_KEYS]);
}

/** What an output resolves to, and whether it is secret. */
async function resolved<T>(
  output: pulumi.Output<T>,
): Promise<{ readonly value: T; readonly secret: boolean }> {
  const value = await new Promise<T>((resolve) => output.apply((inner) => resolve(inner)));
  return { value, secret: await pulumi.isSecret(output) };
}

test("a hub's credentials, federation users and what its members read are secret outputs", async () => {
  await configure("cloud", hubConfig(secrets));
  const settings = loadSettings() as HubSettings;
  expect(settings.role).toBe("hub");
  expect((await resolved(settings.kubeconfig)).secret).toBe(true);
  const [generation] = secrets.generations;
  expect(await resolved(settings.federation)).toEqual({
    value: { hpc: { username: "federation-1", password: generation.clusters.hpc!.federation!.password } },
    secret: true,
  });
  const members = await resolved(settings.memberCredentials);
  expect(members.secret).toBe(true);
  expect(Object.keys(members.value)).toEqual(["hpc"]);
  expect(Object.keys(members.value.hpc!.users)).toEqual(["local-1", "federation-1"]);
  if (settings.credentials.kind !== "stack") throw new Error("expected the stack's own credentials");
  const own = await resolved(settings.credentials.web);
  expect(own.secret).toBe(true);
  expect(own.value.local.password).toBe(generation.clusters.cloud!.local.password);
});

test("a hub expects the models that it scales, besides those that are listed", async () => {
  const chat = {
    model: "chat",
    namespace: "models",
    workload: { inferenceService: "chat" },
    scaling: { kind: "kserve", maxReplicas: 2, target: 60 },
  };
  await configure("cloud", hubConfig(secrets, { ...HUB_OBJECT, servedModels: ["listed"], serving: [chat] }));
  const settings = loadSettings() as HubSettings;
  expect(settings.servedModels).toEqual(["listed", "chat"]);
  expect(settings.serving.map(({ key, model }) => [key, model])).toEqual([
    ["federation:hub.serving[0]", "chat"],
  ]);
  await configure("cloud", hubConfig(secrets));
  const none = loadSettings() as HubSettings;
  expect([none.servedModels, none.serving]).toEqual([[], []]);
});

test("a hub with existing Secrets names them and publishes no credentials", async () => {
  const { "federation:hubSecrets": _, ...raw } = hubConfig(
    secrets,
    edited(HUB_OBJECT, "prometheus.existingSecrets", ["own-tls"]),
  );
  await configure("cloud", raw);
  const settings = loadSettings() as HubSettings;
  expect(settings.credentials).toEqual({ kind: "existing", secrets: ["own-tls"] });
  expect((await resolved(settings.memberCredentials)).value).toEqual({});
  expect((await resolved(settings.federation)).value).toEqual({});
});

test("a member reads its own entry of the hub's output", async () => {
  outputs = { memberCredentials: published };
  await configure("hpc", memberConfig());
  const settings = loadSettings() as MemberSettings;
  expect(settings.hubStack).toBe("organization/federation/cloud");
  if (settings.credentials.kind !== "stack") throw new Error("expected the hub's credentials");
  expect(await resolved(settings.credentials.web)).toEqual({ value: published.hpc, secret: true });
});

test("says what to do where the hub publishes nothing for this member", () => {
  const stack = "organization/federation/cloud";
  expect(() => ownCredentials(undefined, stack, "hpc")).toThrow(
    "federation:hubStack: organization/federation/cloud has no output memberCredentials: run `pulumi up` of the hub first",
  );
  expect(() => ownCredentials(published, stack, "hpc2")).toThrow(
    "federation:hubStack: organization/federation/cloud publishes no credentials of cluster hpc2: list it in the hub's " +
      "federation:hub.members, run `npm run init` for the hub's stack, then `pulumi up` of the hub",
  );
  expect(ownCredentials(published, stack, "hpc") as Partial<WebCredentials>).toEqual(published.hpc);
});

test("throws one settings error before anything is registered", async () => {
  const { "federation:clusterUid": _, ...raw } = memberConfig(
    edited(MEMBER_OBJECT, "hosts.0.address", "hpc"),
  );
  await configure("hpc", raw);
  expect(() => loadSettings()).toThrow(SettingsError);
  expect(() => loadSettings()).toThrow(/^stack "hpc": 2 problems/);
});

describe("an unverified kubelet", () => {
  test.each([
    [{ insecureSkipVerify: true }, 1],
    ["clusterCa", 0],
  ])("warns at every run (%j: %d)", async (value, warnings) => {
    await configure("hpc", memberConfig(edited(MEMBER_OBJECT, "kubernetes.kubelet", { tls: value })));
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
    loadSettings();
    const messages = warn.mock.calls.map(([message]) => message);
    expect(messages).toHaveLength(warnings);
    for (const message of messages)
      expect(message).toMatch(/^federation:member\.kubernetes\.kubelet\.tls is insecureSkipVerify/);
    warn.mockRestore();
  });
});
