import { generateKeyPairSync } from "node:crypto";
import { hostExporters as scrapePorts } from "../../../components/monitoring/scrapeJobs";
import { hostExportersSettings, scrapedHosts } from "../../../settings/hostExporters";
import { EXPORTER_PORTS } from "../../../settings/hostExportersSchema";
import { parseSettings } from "../../../settings/parse";
import { SettingsError } from "../../../settings/problems";
import type { RawConfig } from "../../../settings/reader";
import { valueOf } from "../../support/mocks";
import { edited, memberConfig, MEMBER_OBJECT, SECRET_KEYS } from "./samples";

const HOST_KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(42)}`;
const PRIVATE_KEY = generateKeyPairSync("ed25519")
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
const NODE = {
  version: "1.10.2",
  url: "https://mirror.example/node_exporter-1.10.2.linux-amd64.tar.gz",
  sha256: "a".repeat(64),
  member: "node_exporter-1.10.2.linux-amd64/node_exporter",
};
const SLURM = { version: "0.21", url: "file:///mnt/beegfs/sw/slurm-exporter", sha256: "b".repeat(64) };
const HOST = {
  name: "slurm-ctl",
  hostKey: HOST_KEY,
  exporters: ["node", "slurm"],
  mounts: [{ path: "/mnt/beegfs" }],
};
const OWN = { exporters: { node: NODE, slurm: SLURM }, hosts: [HOST] };
const KEY = "federation:hostCredentials";
const secretKeys = new Set([...SECRET_KEYS, KEY]);

function member(own: unknown = OWN, credentials: unknown = { privateKey: PRIVATE_KEY }): RawConfig {
  return {
    ...memberConfig({ ...MEMBER_OBJECT, hostExporters: own }),
    ...(credentials === null ? {} : { [KEY]: JSON.stringify(credentials) }),
  };
}

function parsed(raw: RawConfig) {
  const settings = parseSettings(raw, "hpc", secretKeys);
  if (settings.role !== "member") throw new Error("not a member");
  return settings;
}

function problems(raw: RawConfig): readonly string[] {
  try {
    parsed(raw);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

describe("a member's exporters on hosts", () => {
  it("come with the host's address, the defaults, and the private key as a secret", async () => {
    const { member: own, hostSecrets } = parsed(member());
    const settings = hostExportersSettings(own, hostSecrets)!;
    expect(settings.hosts).toEqual([
      {
        name: "slurm-ctl",
        address: "192.168.100.10",
        port: 22,
        user: "root",
        hostKey: HOST_KEY,
        exporters: [
          { kind: "node", ...NODE, port: 9100, args: [], environment: {} },
          { kind: "slurm", ...SLURM, port: 8080, args: [], environment: {} },
        ],
        mounts: [{ path: "/mnt/beegfs", fsType: "beegfs" }],
        paused: false,
      },
    ]);
    expect(await valueOf(settings.privateKey)).toBe(PRIVATE_KEY);
  });

  it("take user and port of all hosts, or of one", () => {
    const { member: own, hostSecrets } = parsed(
      member({ ...OWN, user: "admin", port: 2222, hosts: [{ ...HOST, port: 22 }] }),
    );
    expect(hostExportersSettings(own, hostSecrets)!.hosts[0]).toMatchObject({ user: "admin", port: 22 });
  });

  it("are none where the stack file says nothing", () => {
    const { member: own, hostSecrets } = parsed(memberConfig());
    expect([hostExportersSettings(own, hostSecrets), hostSecrets]).toEqual([undefined, {}]);
  });

  it("listen by default where the scrape jobs look", () => {
    for (const kind of ["node", "dcgm", "slurm"] as const)
      expect([kind, EXPORTER_PORTS[kind]]).toEqual([kind, scrapePorts[kind].port]);
  });

  it("become targets of the member's Prometheus, at their own ports", () => {
    const { member: own, hostSecrets } = parsed(
      member({ ...OWN, exporters: { node: { ...NODE, port: 9200 }, slurm: SLURM } }),
    );
    const other = { name: "gpu-01", address: "192.168.100.21", roles: ["dcgm" as const] };
    const installed = hostExportersSettings(own, hostSecrets)!.hosts;
    expect(scrapedHosts([...own.hosts, other], installed)).toEqual([
      {
        name: "slurm-ctl",
        address: "192.168.100.10",
        roles: ["slurmctld", "node", "slurm"],
        ports: { node: 9200, slurm: 8080 },
      },
      other,
    ]);
  });
});

describe("wrong settings of exporters on hosts", () => {
  const AT = "  - federation:member.hostExporters";
  const shownKey = '"ssh-rsa AAAA"';

  it.each<[string, string, unknown, readonly string[]]>([
    [
      "host unknown",
      "hosts.0.name",
      "gpu-09",
      [`${AT}.hosts[0].name = "gpu-09": must be one of member.hosts: slurm-ctl`],
    ],
    [
      "host key",
      "hosts.0.hostKey",
      "ssh-rsa AAAA",
      [
        `${AT}.hosts[0].hostKey = ${shownKey}: must be the host's public key as /etc/ssh/ssh_host_ed25519_key.pub has it, without its comment: ssh-ed25519 AAAA... or ecdsa-sha2-nistp256 AAAA... (ssh-rsa is not taken)`,
      ],
    ],
    [
      "no exporters",
      "hosts.0.exporters",
      [],
      [`${AT}.hosts[0].exporters = []: must be a list of at least 1 exporters`],
    ],
    [
      "kind unknown",
      "hosts.0.exporters",
      ["node", "slurm", "gpu"],
      [`${AT}.hosts[0].exporters[2] = "gpu": must be one of node, dcgm, slurm`],
    ],
    [
      "kind not described",
      "hosts.0.exporters",
      ["node", "slurm", "dcgm"],
      [`${AT}.hosts[0].exporters[2] = "dcgm": is not described: add hostExporters.exporters.dcgm`],
    ],
    [
      "kind twice",
      "hosts.0.exporters",
      ["node", "slurm", "node"],
      [`${AT}.hosts[0].exporters[2] = "node": stands twice: name each exporter once`],
    ],
    [
      "kind not asked for",
      "hosts.0.exporters",
      ["node"],
      [`${AT}.exporters.slurm: no host asks for it: name it in hosts[*].exporters, or leave it out`],
    ],
    [
      "one port for two",
      "exporters.slurm.port",
      9100,
      [
        `${AT}.hosts[0].exporters[1] = "slurm": has the port 9100 of another exporter of this host: set its port`,
      ],
    ],
    [
      "host twice",
      "hosts",
      [HOST, HOST],
      [`${AT}.hosts[1].name = "slurm-ctl": stands twice: name each host once`],
    ],
    [
      "mount twice",
      "hosts.0.mounts",
      [{ path: "/mnt" }, { path: "/mnt" }],
      [`${AT}.hosts[0].mounts[1].path = "/mnt": stands twice: name each mount point once`],
    ],
    [
      "checksum",
      "exporters.node.sha256",
      "abc",
      [`${AT}.exporters.node.sha256 = "abc": must be 64 hexadecimal digits in lower case`],
    ],
    [
      "archive without member",
      "exporters.node.member",
      undefined,
      [
        `${AT}.exporters.node.member: is missing: must be given for a .tar.gz or .tgz, and only there: the program's path inside it`,
      ],
    ],
    [
      "member without archive",
      "exporters.slurm.member",
      "a/b",
      [
        `${AT}.exporters.slurm.member = "a/b": must be given for a .tar.gz or .tgz, and only there: the program's path inside it`,
      ],
    ],
    [
      "URL",
      "exporters.slurm.url",
      "/mnt/beegfs/slurm",
      [
        `${AT}.exporters.slurm.url = "/mnt/beegfs/slurm": must be an https, http or file URL without blanks, escapes or query`,
      ],
    ],
    [
      "low port",
      "exporters.node.port",
      443,
      [`${AT}.exporters.node.port = 443: must be a whole number from 1024 to 65535`],
    ],
    [
      "argument",
      "exporters.node.args",
      ["a\nb"],
      [`${AT}.exporters.node.args[0] = [text of 2 lines]: must be one line of printable ASCII`],
    ],
    [
      "unknown key",
      "hosts.0.role",
      "node",
      [`${AT}.hosts[0].role: unknown key; allowed: name, hostKey, user, port, exporters, mounts, paused`],
    ],
  ])("%s: named with key, value and what to do", (_, path, to, expected) => {
    expect(problems(member(edited(OWN, path, to)))).toEqual(expected);
  });

  it("a private key that is missing, or there for nothing", () => {
    expect(problems(member(OWN, null))).toEqual([
      `  - ${KEY}: is missing: pulumi config set --secret --path ${KEY}.privateKey < KEY-FILE, of the user on the hosts`,
    ]);
    expect(problems({ ...memberConfig(), [KEY]: JSON.stringify({ privateKey: PRIVATE_KEY }) })).toEqual([
      `  - ${KEY}: must be absent: nothing in this stack's settings uses it`,
    ]);
  });

  it.each([
    "no key",
    PRIVATE_KEY.replaceAll("PRIVATE", "PUBLIC"),
    PRIVATE_KEY.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"),
  ])("a private key that is none, without showing it", (privateKey) => {
    expect(problems(member(OWN, { privateKey }))).toEqual([
      `  - ${KEY}.privateKey: must hold an SSH private key in OpenSSH's or PEM form, without a passphrase`,
    ]);
  });

  it("a private key in plain text", () => {
    expect(() => parseSettings(member(), "hpc", SECRET_KEYS)).toThrow(
      `${KEY}: must be a secret (pulumi config set --secret), not plain text`,
    );
  });
});
