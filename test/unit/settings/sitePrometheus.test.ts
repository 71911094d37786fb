import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { HubSecrets } from "../../../settings/credentials";
import { parseSettings } from "../../../settings/parse";
import type { ParsedSettings } from "../../../settings/parse";
import { SettingsError } from "../../../settings/problems";
import type { RawConfig } from "../../../settings/reader";
import { federationAccess, membersOf, prometheusSettings } from "../../../settings/sitePrometheus";
import { valueOf } from "../../support/mocks";
import {
  edited,
  HUB_OBJECT,
  hubConfig,
  MEMBER_OBJECT,
  memberConfig,
  sampleSecrets,
  SECRET_KEYS,
} from "./samples";

const SITE = {
  mode: "existing",
  url: "https://prometheus.hpc.example/monitoring",
  object: { namespace: "monitoring", name: "kube-prometheus-stack-prometheus" },
  labels: { release: "kube-prometheus-stack" },
};
const USER = { username: "federation", password: "let me in" };
const secretKeys = new Set([
  ...SECRET_KEYS,
  "federation:prometheusCredentials",
  "federation:memberPrometheusCredentials",
]);
const folder = mkdtempSync(join(tmpdir(), "site-prometheus-"));
let caFile = "";
let ca = "";
let secrets: HubSecrets;
beforeAll(async () => {
  secrets = await sampleSecrets();
  ca = secrets.generations[0].ca.certificate;
  caFile = join(folder, "ca.crt");
  writeFileSync(caFile, ca);
});
afterAll(() => rmSync(folder, { recursive: true }));

const member = (prometheus: unknown, credentials: unknown = USER): RawConfig => ({
  ...memberConfig(edited(MEMBER_OBJECT, "prometheus", prometheus)),
  ...(credentials === null ? {} : { "federation:prometheusCredentials": JSON.stringify(credentials) }),
});
const hub = (of: object, credentials?: unknown): RawConfig => ({
  ...hubConfig(secrets, edited(HUB_OBJECT, "members", [{ cluster: "hpc", url: SITE.url, ...of }])),
  ...(credentials === null ? {} : { "federation:memberPrometheusCredentials": JSON.stringify(credentials) }),
});

function parsed<R extends ParsedSettings["role"]>(
  role: R,
  raw: RawConfig,
): Extract<ParsedSettings, { role: R }> {
  const settings = parseSettings(raw, "stack", secretKeys);
  if (settings.role !== role) throw new Error(`not a ${role}`);
  return settings as Extract<ParsedSettings, { role: R }>;
}
function problems(raw: RawConfig): readonly string[] {
  try {
    parseSettings(raw, "stack", secretKeys);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

describe("a member's Prometheus", () => {
  it("is deployed where nothing else is said, or said so", () => {
    const plain = parsed("member", memberConfig()).member.prometheus;
    expect(plain.kind).toBe("deploy");
    expect(
      parsed("member", memberConfig(edited(MEMBER_OBJECT, "prometheus.mode", "deploy"))).member.prometheus,
    ).toEqual(plain);
  });

  it("may be one that the site has, checked at every run and read with a user or a token", async () => {
    const { member: object, prometheusCredentials } = parsed("member", member(SITE));
    const { mode: kind, ...rest } = SITE;
    expect(object.prometheus).toEqual({ kind, ...rest, evaluationInterval: "30s", check: true });
    const settings = prometheusSettings(object.prometheus, prometheusCredentials);
    if (settings.kind !== "existing") throw new Error("not the site's");
    expect(await pulumi.isSecret(settings.credentials)).toBe(true);
    expect(await valueOf(settings.credentials)).toEqual({ kind: "basic", ...USER });
    expect(parsed("member", member(SITE, { token: "t" })).prometheusCredentials).toEqual({
      kind: "bearer",
      token: "t",
    });
    const withCa = parsed("member", member({ ...SITE, caFile })).member.prometheus;
    expect(prometheusSettings(withCa, { kind: "basic", ...USER })).toMatchObject({ ca });
  });

  it.each<[unknown, unknown, readonly string[]]>([
    [
      SITE,
      null,
      [
        "  - federation:prometheusCredentials: is missing: pulumi config set --secret --path federation:prometheusCredentials.username NAME, then .password; or .token TOKEN",
      ],
    ],
    [SITE, { user: "u" }, ["  - federation:prometheusCredentials: must be {username, password} or {token}"]],
    [
      MEMBER_OBJECT.prometheus,
      USER,
      ["  - federation:prometheusCredentials: must be absent: nothing in this stack's settings uses it"],
    ],
    [
      { ...SITE, url: "http://prometheus.hpc.example" },
      USER,
      [
        '  - federation:member.prometheus.url = "http://prometheus.hpc.example": must be an https URL without user, password or fragment',
      ],
    ],
    [
      { ...SITE, object: { namespace: "monitoring" } },
      USER,
      [
        "  - federation:member.prometheus.object.name: is missing: must be a DNS name: a-z, 0-9, inner hyphens and dots",
      ],
    ],
    [
      { ...SITE, retention: { time: "15d" } },
      USER,
      [
        "  - federation:member.prometheus.retention: unknown key; allowed: mode, url, caFile, object, labels, evaluationInterval, check",
      ],
    ],
    [
      { mode: "exists" },
      null,
      [
        '  - federation:member.prometheus.mode = "exists": must be an object with mode deploy (default) or existing',
      ],
    ],
  ])("refuses %j with %j", (prometheus, credentials, told) => {
    expect(problems(member(prometheus, credentials))).toEqual(told);
  });

  it("that the site has comes with the site's own exporters", () => {
    const raw = edited(edited(MEMBER_OBJECT, "prometheus", SITE), "kubernetes.nodeExporter", { port: 9110 });
    expect(
      problems({ ...memberConfig(raw), "federation:prometheusCredentials": JSON.stringify(USER) }),
    ).toEqual([
      "  - federation:member.kubernetes.nodeExporter: must be absent: with prometheus.mode existing the site's Prometheus scrapes the site's own",
    ]);
  });
});

describe("the hub", () => {
  it("reaches a member's site by what the site gave it", () => {
    const { hub: object, memberCredentials } = parsed(
      "hub",
      hub({ prometheus: { mode: "existing", caFile } }, { hpc: { token: "t" } }),
    );
    expect(memberCredentials).toEqual({ hpc: { kind: "bearer", token: "t" } });
    const [reached] = membersOf(object.members, memberCredentials);
    expect(reached).toMatchObject({ cluster: "hpc", url: SITE.url, existing: { auth: "bearer", ca } });
    const made = { hpc: { username: "federation-hpc-1", password: "made" }, other: USER };
    expect(federationAccess(made, memberCredentials)).toEqual({ hpc: { token: "t" }, other: USER });
    expect(federationAccess(made, { hpc: { kind: "basic", ...USER } }).hpc).toEqual(USER);
  });

  it.each<[object, unknown, readonly string[]]>([
    [
      { prometheus: { mode: "existing" } },
      undefined,
      [
        "  - federation:memberPrometheusCredentials: is missing: pulumi config set --secret --path federation:memberPrometheusCredentials.hpc.username NAME, then .password; or .token TOKEN",
      ],
    ],
    [
      { prometheus: { mode: "existing" } },
      { other: USER },
      [
        "  - federation:memberPrometheusCredentials.hpc: is missing: pulumi config set --secret --path federation:memberPrometheusCredentials.hpc.username NAME, then .password; or .token TOKEN",
        "  - federation:memberPrometheusCredentials.other: must be absent: hub.members lists no such member with prometheus.mode existing",
      ],
    ],
    [
      {},
      undefined,
      [
        '  - federation:hub.members[0].url = "https://prometheus.hpc.example/monitoring": must be an https URL of host and port alone, such as https://192.168.100.10:30990',
      ],
    ],
  ])("refuses a member %j with %j", (of, credentials, told) => {
    expect(problems(hub(of, credentials))).toEqual(told);
  });

  it("deploys its own", () => {
    expect(problems(hubConfig(secrets, edited(HUB_OBJECT, "prometheus.mode", "existing")))).toEqual([
      '  - federation:hub.prometheus.mode = "existing": must be deploy: only a member may use a Prometheus that its site has',
    ]);
  });
});
