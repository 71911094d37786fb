import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { ExporterHost, HostExporter } from "../../components/hosts/exporterTypes";
import { exporterName, unitFile, unitName } from "../../components/hosts/unitFile";
import { paths, repository } from "../../sandbox/paths";
import { BareHost } from "../support/bareHost";
import { SystemdHost } from "../support/systemdHost";
import { Project, type Result } from "./offline/project";

jest.setTimeout(300_000);
process.env.PATH = [paths.bin, process.env.PATH].join(":");

const program = `
import { readFileSync } from "node:fs";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { HostExporters } from "${repository}/components/hosts/hostExporters";

const { hosts } = JSON.parse(readFileSync(__dirname + "/wanted.json", "utf8"));
const privateKey = new pulumi.Config().requireSecret("privateKey");
const own = hosts.map((host: object) => ({ ...host, privateKey }));
const provider = new command.Provider("hosts");
export const marks = new HostExporters("exporters", { hosts: own }, { provider }).marks;
`;

/** On the host, where a test's programs wait to be installed from. */
const SHELF = "/srv/federation-test";
const RESOURCE = "exporters-host";

const bare = new BareHost();
const { access } = bare;

describe("exporters on a real host", () => {
  const host = new SystemdHost(access);
  const project = new Project();
  const folder = mkdtempSync(path.join(tmpdir(), "hosts-"));
  let server: Server;
  /** The same real program thrice: as a file, in an archive, and by HTTP where the host can download. */
  let exporters: Readonly<Record<"node" | "dcgm" | "slurm", HostExporter>>;
  let before: readonly string[];

  const declared = (more: Partial<ExporterHost> = {}): Omit<ExporterHost, "privateKey"> => {
    const { privateKey, ...rest } = {
      name: "host",
      address: access.address,
      port: access.port,
      user: "root",
      hostKey: access.hostKey,
      privateKey: "",
      exporters: [exporters.node, exporters.dcgm, exporters.slurm],
      mounts: [{ path: "/proc", fsType: "proc" }],
      ...more,
    };
    return rest;
  };
  const want = (more: Partial<ExporterHost> = {}): void =>
    project.write("program/wanted.json", JSON.stringify({ hosts: [declared(more)] }));
  const units = (): readonly string[] => Object.values(exporters).map(unitName);
  const states = async (): Promise<Readonly<Record<string, string>>> => {
    const said = await Promise.all(
      units().map(async (unit) => [
        unit,
        `${await host.show(unit, "ActiveState")} ${await host.show(unit, "UnitFileState")}`,
      ]),
    );
    return Object.fromEntries(said) as Readonly<Record<string, string>>;
  };
  const processes = async (): Promise<readonly string[]> =>
    Promise.all(units().map((unit) => host.show(unit, "MainPID")));
  const allRun = async (): Promise<void> =>
    expect(await states()).toEqual(Object.fromEntries(units().map((unit) => [unit, "active enabled"])));
  const noChange = (): Promise<string> => project.mustUp("--expect-no-changes");
  /** A preview's diff: one update, and nothing is changed on the host by it. */
  const previewed = async (): Promise<string> => {
    const was = await host.everything({ times: true });
    const shown = await project.must("preview", "--diff", "--color", "never");
    expect(shown.match(/^ *[~+-]+ (command:|pulumi:providers:|federation:).*$/gm)).toEqual([
      expect.stringMatching(/^ *~ command:remote:Command: \(update\)$/) as unknown,
    ]);
    expect(await host.everything({ times: true })).toEqual(was);
    return shown;
  };
  const refused = async (message: string): Promise<Result> => {
    const result = await project.up();
    expect(result.code).not.toBe(0);
    expect(result.output).toContain(message);
    return result;
  };
  const metrics = async ({ port }: HostExporter): Promise<string> => {
    const response = await fetch(`http://${access.address}:${port}/metrics`, {
      signal: AbortSignal.timeout(10_000),
    });
    return response.text();
  };

  beforeAll(async () => {
    await bare.boot();
    const binary = path.join(paths.bin, "node_exporter");
    const archive = path.join(folder, "node_exporter-9.9.9.tar.gz");
    execFileSync("tar", [
      "-czf",
      archive,
      "-h",
      "--transform",
      "s,^,node_exporter-9.9.9/,",
      "-C",
      paths.bin,
      "node_exporter",
    ]);
    server = createServer((_, response) => response.end(readFileSync(binary)));
    await new Promise<void>((listening) => server.listen(0, "0.0.0.0", listening));
    const { port } = server.address() as { port: number };
    await host.must(`mkdir -p ${SHELF}`);
    await host.must(`cat >${SHELF}/node_exporter-9.9.9.tar.gz`, readFileSync(archive));
    await host.must(`cat >${SHELF}/node_exporter`, readFileSync(binary));
    const downloads = (await host.run("command -v curl || command -v wget")).code === 0;
    const here = (await host.must("printf '%s' \"$SSH_CLIENT\"")).split(" ")[0] ?? "";
    const sum = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
    const common = { version: "9.9.9", listenFlag: "--web.listen-address", sha256: sum(binary) };
    exporters = {
      node: {
        ...common,
        kind: "node",
        url: `file://${SHELF}/node_exporter-9.9.9.tar.gz`,
        sha256: sum(archive),
        member: "node_exporter-9.9.9/node_exporter",
        port: 19100,
        args: ["--collector.textfile.directory=/tmp/it's 100% $HOME"],
      },
      dcgm: { ...common, kind: "dcgm", url: `file://${SHELF}/node_exporter`, port: 19400 },
      slurm: {
        ...common,
        kind: "slurm",
        url: downloads ? `http://${here}:${port}/node_exporter` : `file://${SHELF}/node_exporter`,
        port: 18080,
        environment: { SLURM_CONF: 'a "quoted" \\ 100% $value' },
      },
    };
    before = await host.everything({ times: false });
    await project.start("index.ts", "--import tsx");
    project.write("program/index.ts", program);
    await project.setSecret("privateKey", host.privateKey);
    await project.must("config", "set", "--path", "pulumi:disable-default-providers[0]", "*");
    want();
  });

  afterAll(async () => {
    server.close();
    await project.pulumi("destroy", "--yes", "--skip-preview");
    project.remove();
    rmSync(folder, { recursive: true, force: true });
    await bare.remove();
  });

  it("are previewed by reading alone", async () => {
    const was = await host.everything({ times: true });
    const steps = await project.preview();
    expect(Object.keys(steps).sort()).toEqual(["exporters", RESOURCE, "hosts", "offline-test"]);
    expect(steps[RESOURCE]!.op).toBe("create");
    expect(await host.everything({ times: true })).toEqual(was);
  });

  it("are not installed, and nothing is left, where a checksum is wrong", async () => {
    want({ exporters: [exporters.dcgm, { ...exporters.node, sha256: "0".repeat(64) }] });
    await refused(
      `${exporters.node.url} has the SHA-256 ${exporters.node.sha256}, declared is ${"0".repeat(64)}: nothing of it was installed`,
    );
    expect(await host.everything({ times: false })).toEqual(before);
  });

  it("are not installed, and nothing is left, where a file system is not mounted", async () => {
    want({
      mounts: [
        { path: "/proc", fsType: "beegfs" },
        { path: "/srv", fsType: "beegfs" },
      ],
    });
    const { output } = await refused("/proc is to be mounted as beegfs and is proc");
    expect(output).toContain("warning: host host: /proc is to be mounted as beegfs and is proc");
    expect(output).toContain("warning: host host: /srv is to be mounted as beegfs and is not mounted");
    expect(await host.everything({ times: false })).toEqual(before);
  });

  it("are installed: they run, start at boot and answer with metrics", async () => {
    want();
    await project.mustUp();
    await allRun();
    for (const exporter of Object.values(exporters)) {
      expect(await host.must(`cat /etc/systemd/system/${unitName(exporter)}`)).toBe(
        unitFile({ address: access.address }, exporter),
      );
      expect(await metrics(exporter)).toMatch(/^node_exporter_build_info\{.*\} 1$/m);
    }
  });

  it("get their arguments and their environment as they were declared", async () => {
    const [node, , slurm] = await processes();
    expect((await host.must(`tr '\\0' '\\n' </proc/${node!}/cmdline`)).split("\n")).toEqual([
      "/opt/federation-exporters/bin/node-exporter",
      `--web.listen-address=${access.address}:${exporters.node.port}`,
      "--collector.textfile.directory=/tmp/it's 100% $HOME",
    ]);
    expect((await host.must(`tr '\\0' '\\n' </proc/${slurm!}/environ`)).split("\n")).toContain(
      'SLURM_CONF=a "quoted" \\ 100% $value',
    );
  });

  it("run as users of their own that exist while they run, without any right", async () => {
    const users: string[] = [];
    for (const pid of await processes()) {
      const status = await host.must(`cat /proc/${pid}/status`);
      const of = (key: string): string => new RegExp(`^${key}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
      expect([of("CapEff"), of("CapPrm"), of("CapBnd"), of("NoNewPrivs"), of("Seccomp")]).toEqual([
        ...Array<string>(3).fill("0".repeat(16)),
        "1",
        "2",
      ]);
      const user = Number(of("Uid").split("\t")[0]);
      expect(user).toBeGreaterThanOrEqual(61184);
      expect(user).toBeLessThanOrEqual(65519);
      users.push(String(user));
    }
    expect(new Set(users).size).toBe(3);
  });

  it("stay as they are at the next up, process for process", async () => {
    const [files, running] = [await host.everything({ times: true }), await processes()];
    await noChange();
    expect(await host.everything({ times: true })).toEqual(files);
    expect(await processes()).toEqual(running);
  });

  const unit = "federation-node-exporter.service";
  it.each([
    ["stopped", `systemctl stop ${unit}`, `${unit} is inactive`],
    ["stopped once more", `systemctl stop ${unit}`, `${unit} is inactive`],
    ["disabled", `systemctl disable --quiet ${unit}`, `${unit} does not start at boot`],
    [
      "edited",
      `sed -i 's/^Restart=.*/Restart=no/' /etc/systemd/system/${unit} && systemctl daemon-reload`,
      `${unit} differs from its declaration`,
    ],
    [
      "overridden",
      `mkdir -p /etc/systemd/system/${unit}.d && printf '[Service]\\nNice=5\\n' >/etc/systemd/system/${unit}.d/override.conf`,
      `/etc/systemd/system/${unit}.d overrides settings`,
    ],
    [
      "given a limit",
      `systemctl set-property --runtime ${unit} CPUWeight=50`,
      `/run/systemd/system.control/${unit}.d overrides settings`,
    ],
    ["removed", `rm /etc/systemd/system/${unit}`, `${unit} differs from its declaration`],
    [
      "given another program",
      "cp --remove-destination /bin/true /opt/federation-exporters/bin/node-exporter",
      "the program of node-exporter was changed",
    ],
  ])(
    "a unit %s by hand is shown by a preview and repaired by an up, which leaves the others alone",
    async (_, hand, reason) => {
      const [, ...others] = await processes();
      await host.must(hand);
      expect(await previewed()).toContain(reason);
      await project.mustUp();
      await allRun();
      expect((await processes()).slice(1)).toEqual(others);
      expect(await host.must(`cat /etc/systemd/system/${unit}`)).toBe(
        unitFile({ address: access.address }, exporters.node),
      );
      expect(await host.must(`systemctl show -p DropInPaths --value ${unit}`)).toBe("");
      expect(await metrics(exporters.node)).toContain("node_exporter_build_info");
      expect(await project.must("stack", "output", "--json")).toContain(reason);
      await noChange();
    },
  );

  it("installed by hand anew after a loss of everything are found and repaired", async () => {
    await host.must(
      `systemctl stop 'federation-*' && rm -rf /opt/federation-exporters /etc/systemd/system/federation-*`,
    );
    expect(await previewed()).toContain("node-exporter is not installed; dcgm-exporter is not installed");
    await project.mustUp();
    await allRun();
    await noChange();
  });

  it("keep running where what is to replace them is not what was declared", async () => {
    const running = await processes();
    want({ exporters: [{ ...exporters.node, sha256: "f".repeat(64) }, exporters.dcgm, exporters.slurm] });
    await refused("nothing of it was installed");
    expect(await processes()).toEqual(running);
    await allRun();
    want();
    await noChange();
  });

  it("do not take a port from another program", async () => {
    const taken = `${access.address}:19777`;
    await host.must(`systemd-run --quiet --unit=taker systemd-socket-activate --listen=${taken} /bin/true`);
    // 4D41: the port, as the kernel's table of sockets writes it
    await host.must(
      "for i in $(seq 100); do grep -q ':4D41 ' /proc/net/tcp && exit 0; sleep 0.1; done; exit 1",
    );
    want({ exporters: [exporters.node, exporters.dcgm, { ...exporters.slurm, port: 19777 }] });
    await refused("the port of federation-slurm-exporter.service is taken by another program");
    await host.must("systemctl stop taker");
    want();
    await project.mustUp();
    await allRun();
    await noChange();
  });

  it("that do not start are an error with the last lines of their log", async () => {
    want({ exporters: [exporters.node, exporters.dcgm, { ...exporters.slurm, args: ["--no-such-flag"] }] });
    const { output } = await refused("federation-slurm-exporter.service does not listen on its port");
    expect(output).toContain("unknown long flag '--no-such-flag'");
    want();
    await project.mustUp();
    await allRun();
    await noChange();
  });

  it("that are no longer declared are removed, and the others left alone", async () => {
    const [node] = await processes();
    want({ exporters: [exporters.node] });
    await project.mustUp();
    expect((await processes())[0]).toBe(node);
    expect(
      await host.must("systemctl list-units --all --no-legend --plain 'federation-*' | cut -d ' ' -f 1"),
    ).toBe(unit);
    expect((await host.must("find /opt/federation-exporters -type f | sort")).split("\n")).toEqual([
      "/opt/federation-exporters/bin/node-exporter",
      "/opt/federation-exporters/mark",
      "/opt/federation-exporters/node-exporter.sha256",
      "/opt/federation-exporters/node-exporter.source",
    ]);
    want();
    await project.mustUp();
    await noChange();
  });

  it("are neither asked nor changed while their host is paused", async () => {
    const running = await processes();
    await host.must(`systemctl stop ${unit}`);
    want({ paused: true, exporters: [exporters.node], hostKey: `ssh-ed25519 ${"A".repeat(68)}` });
    const shown = await project.must("up", "--yes", "--skip-preview", "--expect-no-changes");
    expect(shown).toContain("host host is paused: its exporters are neither checked nor changed");
    expect((await processes()).slice(1)).toEqual(running.slice(1));
    want();
    await project.mustUp();
    await allRun();
    await noChange();
  });

  it("refuse a host with another key than the pinned one, before anything is changed", async () => {
    const was = await host.everything({ times: true });
    const [algorithm = "", key = ""] = access.hostKey.split(" ");
    const at = key.length - 5;
    const other = `${algorithm} ${key.slice(0, at)}${key[at] === "A" ? "B" : "A"}${key.slice(at + 1)}`;
    want({ hostKey: other });
    const { code, output } = await project.pulumi("preview");
    expect(code).not.toBe(0);
    expect(output).toContain(`host host (${access.address}, SSH port ${access.port}) can not be checked:`);
    expect(output).toContain("Host key verification failed.");
    expect(await host.everything({ times: true })).toEqual(was);
    want();
    await noChange();
  });

  it("leave no private key in the state, in clear, or on this machine", async () => {
    const secret = host.privateKey.split("\n")[1]!;
    expect(await project.exported()).not.toContain(secret);
    expect(execFileSync("ls", [project.temporary], { encoding: "utf8" })).not.toMatch(/pulumi-command|tmp\./);
  });

  it("are gone after destroy: the host is as it was", async () => {
    await project.must("destroy", "--yes", "--skip-preview");
    expect(await host.everything({ times: false })).toEqual(before);
    for (const exporter of Object.values(exporters))
      expect((await host.run(`getent passwd federation-${exporterName(exporter)}`)).code).not.toBe(0);
  });
});
