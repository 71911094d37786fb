import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { finishRotation, rotate } from "../../../commands/credentials";
import { clustersToServe } from "../../../commands/stackConfig";
import type { HubSecrets } from "../../../settings/credentials";
import { grafanaCredentials, grafanaSettings } from "../../../settings/grafana";
import { type ParsedSettings, parseSettings } from "../../../settings/parse";
import { SettingsError } from "../../../settings/problems";
import type { RawConfig } from "../../../settings/reader";
import { valueOf } from "../../support/mocks";
import {
  CLUSTERS,
  edited,
  hubConfig,
  HUB_OBJECT,
  memberConfig,
  MEMBER_OBJECT,
  sampleSecrets,
  SECRET_KEYS,
} from "./samples";

const DEPLOY = { mode: "deploy", expose: { nodePort: 30300 } };
const EXISTING = { mode: "existing", url: "https://grafana.example" };
const EXPOSED = edited(HUB_OBJECT, "prometheus.expose", { nodePort: 30990 }) as object;
const TOKEN = { "federation:grafanaCredentials": JSON.stringify({ token: "token of grafana" }) };
const secretKeys = new Set([...SECRET_KEYS, "federation:grafanaCredentials"]);

/** The hub's own cluster with a Grafana beside its Prometheus. */
const WITH_GRAFANA = CLUSTERS.map((cluster) =>
  cluster.member ? cluster : { ...cluster, grafana: ["192.168.200.10", "grafana"] },
);

let secrets: HubSecrets;
beforeAll(async () => {
  secrets = await sampleSecrets(new Date(), WITH_GRAFANA);
});

const hub = (grafana: unknown, more: RawConfig = {}): RawConfig => ({
  ...hubConfig(secrets, { ...EXPOSED, grafana }),
  ...more,
});

function parsed(raw: RawConfig): Extract<ParsedSettings, { role: "hub" }> {
  const settings = parseSettings(raw, "cloud", secretKeys);
  if (settings.role !== "hub") throw new Error("not a hub");
  return settings;
}

function problems(
  raw: RawConfig,
  stack = "cloud",
  encrypted: ReadonlySet<string> = secretKeys,
): readonly string[] {
  try {
    parseSettings(raw, stack, encrypted);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

describe("the settings of Grafana", () => {
  it("are a Grafana of the stack's own, with defaults, or one that the site has", () => {
    expect(parsed(hub(DEPLOY)).hub.grafana).toEqual({
      mode: "deploy",
      expose: { kind: "nodePort", port: 30300, allowFrom: ["0.0.0.0/0"] },
      anonymousViewers: false,
    });
    const balanced = { mode: "deploy", expose: { loadBalancer: { address: "192.168.200.9" } } };
    expect(parsed(hub(balanced)).hub.grafana).toMatchObject({
      expose: { kind: "loadBalancer", address: "192.168.200.9", port: 443 },
    });
    const existing = parsed(hub(EXISTING, TOKEN));
    expect(existing.hub.grafana).toEqual(EXISTING);
    expect(existing.grafanaToken).toEqual({ token: "token of grafana" });
    expect(parsed(hub(undefined)).hub.grafana).toBeUndefined();
  });

  it("name what is wrong, and what to do", () => {
    expect(problems(hub({ ...DEPLOY, mode: "rent" }))).toEqual([
      '  - federation:hub.grafana.mode = "rent": must be deploy or existing',
    ]);
    expect(
      problems(hub({ mode: "existing", url: "http://grafana.example", caFile: "nowhere.crt" }, TOKEN)),
    ).toEqual([
      '  - federation:hub.grafana.url = "http://grafana.example": must be an https URL without user, password or fragment',
      '  - federation:hub.grafana.caFile = "nowhere.crt": must be a file of PEM certificates, relative to the project\'s folder',
    ]);
    expect(problems(hub({ mode: "deploy", expose: { nodePort: 30990 } }))).toEqual([
      "  - federation:hub.grafana.expose.nodePort = 30990: must be another port: it is hub.prometheus.expose.nodePort",
    ]);
    expect(problems(hubConfig(secrets, { ...HUB_OBJECT, grafana: EXISTING }))).toEqual([
      "  - federation:hub.grafana: with mode existing needs hub.prometheus.expose: a Grafana outside the namespace reaches Prometheus only there",
      "  - federation:grafanaCredentials: is missing: pulumi config set --secret --path federation:grafanaCredentials.token TOKEN, of a service account that may write folders, data sources and dashboards",
    ]);
    expect(problems(hub(DEPLOY, TOKEN))).toEqual([
      "  - federation:grafanaCredentials: must be absent: nothing in this stack's settings uses it",
    ]);
  });

  it("take no secret in plain text, and show none", () => {
    expect(problems(hub(EXISTING, TOKEN), "cloud", SECRET_KEYS)).toEqual([
      "  - federation:grafanaCredentials: must be a secret (pulumi config set --secret), not plain text",
    ]);
    expect(
      problems(hub(EXISTING, { "federation:grafanaCredentials": '{"key": "hush"}' })).join("\n"),
    ).not.toContain("hush");
  });

  it("are refused together with existing Secrets, of which no password is known", () => {
    const { "federation:hubSecrets": _, ...raw } = hubConfig(
      secrets,
      edited({ ...EXPOSED, grafana: DEPLOY }, "prometheus.existingSecrets", ["web"]),
    );
    expect(problems(raw)).toEqual([
      "  - federation:hub.grafana: needs the passwords and certificates that npm run init makes: not possible together with hub.prometheus.existingSecrets",
    ]);
  });

  it("send to init where password and certificate are missing", async () => {
    const raw = { ...hub(DEPLOY), "federation:hubSecrets": JSON.stringify(await sampleSecrets()) };
    expect(problems(raw)).toEqual([
      "  - federation:hubSecrets: has no password and certificate of Grafana: npm run init -- --stack cloud makes them",
    ]);
  });

  it("are a hub's", () => {
    expect(problems(memberConfig({ ...MEMBER_OBJECT, grafana: DEPLOY }), "hpc")).toEqual([
      "  - federation:member.grafana: is a hub's key, and this stack is a member",
    ]);
  });
});

describe("the credentials of Grafana", () => {
  it("are its own certificate and administrator, and the hub's local user at Prometheus", () => {
    const own = secrets.generations[0].clusters.cloud!;
    expect(grafanaCredentials(secrets, "cloud")).toEqual({
      caCertificates: secrets.generations[0].ca.certificate,
      serverCertificate: own.grafana!.server.certificate,
      serverKey: own.grafana!.server.key,
      prometheus: { username: "local-1", password: own.local.password },
      admin: { username: "admin", password: own.grafana!.password },
    });
    expect(own.grafana!.password).not.toBe(own.local.password);
  });

  it("stay the old ones, with trust in both CAs, until a rotation has ended", async () => {
    const both = (await rotate(secrets, WITH_GRAFANA, new Date())).secrets;
    const [old, newer] = both.generations;
    const during = grafanaCredentials(both, "cloud");
    expect(during.admin.password).toBe(old.clusters.cloud!.grafana!.password);
    expect(during.prometheus.username).toBe("local-1");
    expect(during.caCertificates).toBe(old.ca.certificate + newer!.ca.certificate);
    const after = grafanaCredentials(finishRotation(both).secrets, "cloud");
    expect(after.admin.password).toBe(newer!.clusters.cloud!.grafana!.password);
    expect(after.prometheus.username).toBe("local-2");
  });

  it("are secret outputs of the settings, in both modes", async () => {
    const of = (grafana: unknown, more: RawConfig = {}) => {
      const { hub: own, hubSecrets, grafanaToken } = parsed(hub(grafana, more));
      if (own.grafana === undefined || hubSecrets === undefined) throw new Error("no Grafana");
      return grafanaSettings(own.grafana, hubSecrets, "cloud", grafanaToken);
    };
    const deployed = of(DEPLOY);
    if (deployed.kind !== "deploy") throw new Error("not deployed");
    expect(deployed.expose?.port).toBe(30300);
    expect(await pulumi.isSecret(deployed.credentials)).toBe(true);
    const existing = of(EXISTING, TOKEN);
    if (existing.kind !== "existing") throw new Error("not existing");
    expect([existing.url, existing.ca]).toEqual(["https://grafana.example", undefined]);
    expect([await pulumi.isSecret(existing.token), await pulumi.isSecret(existing.prometheus)]).toEqual([
      true,
      true,
    ]);
    expect(await valueOf(existing.token)).toBe("token of grafana");
    expect((await valueOf(existing.prometheus)).user.username).toBe("local-1");
  });
});

it("takes the CA of a site's Grafana from a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "grafana-"));
  const caFile = join(folder, "ca.crt");
  const [{ ca }] = secrets.generations;
  writeFileSync(caFile, ca.certificate);
  try {
    const { hub: own, hubSecrets, grafanaToken } = parsed(hub({ ...EXISTING, caFile }, TOKEN));
    expect(grafanaSettings(own.grafana!, hubSecrets!, "cloud", grafanaToken)).toMatchObject({
      ca: ca.certificate,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("the hosts that Grafana's certificate is made for", () => {
  const hosts = (grafana: unknown): readonly string[] | undefined => {
    const { hub: own } = parsed(hub(grafana));
    return clustersToServe("cloud", own)[0]?.grafana;
  };
  const INSIDE = [
    "grafana",
    "grafana.federation",
    "grafana.federation.svc",
    "grafana.federation.svc.cluster.local",
    "localhost",
    "127.0.0.1",
  ];

  it.each([
    ["of its Service alone", { mode: "deploy" }, INSIDE],
    ["the nodes for a node port", DEPLOY, ["192.168.200.10", "192.168.200.21", ...INSIDE]],
    [
      "the balancer's address and the name in its URL",
      {
        mode: "deploy",
        expose: { loadBalancer: { address: "192.168.200.9" } },
        url: "https://grafana.site:8443/x",
      },
      ["192.168.200.9", "grafana.site", ...INSIDE],
    ],
    ["none where it is not deployed", undefined, undefined],
  ] as const)("are %s", (_, grafana, expected) => {
    expect(hosts(grafana)).toEqual(expected);
  });

  it("are no member's", () => {
    const { hub: own } = parsed(hub(DEPLOY));
    expect(clustersToServe("cloud", own)[1]).not.toHaveProperty("grafana");
  });
});
