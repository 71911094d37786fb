import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { hostExporters, type HostRole } from "../../../components/monitoring/scrapeJobs";
import { foldersOf } from "../../../sandbox/clusters/folders";
import { hostsScope } from "../../../sandbox/clusters/leftovers";
import { hosts, network } from "../../../sandbox/clusters/topology";
import { mirrorIn } from "../../../sandbox/hosts/base";
import { exporterOf, exportersOn } from "../../../sandbox/hosts/exporters";
import { installedRoles, rolesBefore } from "../../../sandbox/hosts/installed";
import { jobMapping, rootKey } from "../../../sandbox/hosts/machine";
import { controller, gresConf, slurmConf, slurmNodes } from "../../../sandbox/hosts/slurm";
import { machineFiles, machineLinks } from "../../../sandbox/hosts/units";
import { repository } from "../../../sandbox/paths";
import { overlay } from "../../../sandbox/project/overlay";
import { images } from "./samples";

interface StackFile {
  readonly config: {
    readonly "federation:member": {
      readonly hosts: readonly { readonly name: string; readonly roles: readonly HostRole[] }[];
      readonly inventory: { readonly gpus: number };
    };
  };
}

const site = (yaml.parse(fs.readFileSync(path.join(repository, "Pulumi.hpc.yaml"), "utf8")) as StackFile)
  .config["federation:member"];

describe("the sandbox's hosts", () => {
  it("are those of the member's stack file, with the same roles and as many GPUs", () => {
    expect(hosts.map(({ name, roles }) => ({ name, roles }))).toEqual(
      site.hosts.map(({ name, roles }) => ({ name, roles })),
    );
    expect(slurmNodes.map(({ gpus }) => gpus).reduce((sum, gpus) => sum + gpus)).toBe(site.inventory.gpus);
  });

  it("answer Prometheus where it asks", () => {
    // its Slurm speaks for itself, as 25.11 does
    const asked = Object.entries(hostExporters)
      .filter(([role]) => role !== "slurm")
      .map(([role, { port }]) => [role, port]);
    expect(network.rolePorts).toEqual(Object.fromEntries(asked));
    const commands = hosts.flatMap((host) =>
      exportersOn(host).map((role) => [host.name, role, exporterOf[role](host, "/bin").join(" ")]),
    );
    // that of slurm-ctl the stack installs
    expect(commands.map(([host, role]) => `${host} ${role}`)).toEqual([
      "compute-01 node",
      "compute-01 beegfs",
      "compute-02 node",
      "compute-02 beegfs",
      "gpu-01 node",
      "gpu-01 dcgm",
      "gpu-01 beegfs",
    ]);
    for (const [name, role, command] of commands) {
      const { address } = hosts.find((host) => host.name === name)!;
      expect(command).toContain(`${address}:${hostExporters[role as HostRole].port}`);
    }
    expect(
      commands.map(([, , command]) => command).filter((command) => command?.includes("beegfs.py")),
    ).toEqual([
      expect.stringMatching(/198\.18\.12\.11:9101 \/mnt\/federation-sandbox\/beegfs compute-01 0 3$/),
      expect.stringMatching(/198\.18\.12\.12:9101 \/mnt\/federation-sandbox\/beegfs compute-02 1 3$/),
      expect.stringMatching(/198\.18\.12\.21:9101 \/mnt\/federation-sandbox\/beegfs gpu-01 2 3$/),
    ]);
  });

  it("start nothing of what the member's stack installs there, and all else", () => {
    const software = { hostKey: "ssh-ed25519 AAAA", version: "1.0.0", url: "file:///x", sha256: "" };
    const { hostExporters: declared } = overlay("hpc", { "federation:member": site }, images, software)[
      "federation:member"
    ] as { hostExporters: { hosts: readonly { name: string; exporters: readonly string[] }[] } };
    expect(declared.hosts.map(({ name, exporters }) => [name, exporters])).toEqual(
      Object.entries(installedRoles),
    );
    for (const host of hosts)
      expect([...rolesBefore(host), ...(installedRoles[host.name] ?? [])].sort()).toEqual(
        [...host.roles].sort(),
      );
  });

  it("keep what they make where a clean-up of the hosts finds it", () => {
    const { state } = foldersOf("hosts");
    expect(hostsScope().folders).toContain(state);
    for (const kept of [jobMapping, rootKey]) expect(kept.startsWith(`${state}/`)).toBe(true);
    for (const { namespace } of hosts) expect(hostsScope().owns(namespace)).toBe(true);
  });
});

describe("Slurm's machine", () => {
  const content = (file: string): string => machineFiles().find(({ path }) => path === file)!.content;

  it("has every other host as a node, the GPUs in a partition of their own that is the default", () => {
    const conf = slurmConf().split("\n");
    expect(controller.name).toBe("slurm-ctl");
    expect(
      conf.filter((line) => /^(SlurmctldHost|SlurmctldPort|NodeName|PartitionName)=/.test(line)),
    ).toEqual([
      "SlurmctldHost=slurm-ctl(198.18.12.10)",
      "SlurmctldPort=6816",
      "NodeName=compute-01 NodeAddr=198.18.12.11 CPUs=8 RealMemory=32000 State=UNKNOWN",
      "NodeName=compute-02 NodeAddr=198.18.12.12 CPUs=8 RealMemory=32000 State=UNKNOWN",
      "NodeName=gpu-01 NodeAddr=198.18.12.21 CPUs=16 RealMemory=128000 Gres=gpu:4 State=UNKNOWN",
      "PartitionName=gpu Nodes=gpu-01 Default=YES MaxTime=INFINITE State=UP",
      "PartitionName=cpu Nodes=compute-01,compute-02 MaxTime=INFINITE State=UP",
    ]);
    expect(gresConf()).toBe("NodeName=gpu-01 Name=gpu File=/dev/nvidia[0-3]\n");
  });

  it("shows metrics only while slurmctld runs", () => {
    const unit = content("/etc/systemd/system/slurm-metrics.service");
    expect(unit).toContain("BindsTo=slurmctld.service\nAfter=slurmctld.service\n");
    expect(unit).toContain("slurm.py 198.18.12.10:6817\n");
    expect(machineLinks()).toContainEqual([
      "/etc/systemd/system/slurmctld.service.wants/slurm-metrics.service",
      "/etc/systemd/system/slurm-metrics.service",
    ]);
  });

  it("holds no secret in what is the same for every sandbox, and writes each file once", () => {
    const files = machineFiles().map(({ path }) => path);
    expect(new Set(files).size).toBe(files.length);
    expect(files.filter((file) => /munge|ssh|machine-id|shadow/.test(file))).toEqual([]);
  });
});

describe("the mirror of the machine's Debian", () => {
  it.each([
    ["none is named", [], "http://deb.debian.org/debian"],
    [
      "a line names it",
      ["# deb http://old bookworm main\ndeb [arch=amd64 signed-by=/k] http://mirror/debian bookworm main\n"],
      "http://mirror/debian",
    ],
    [
      "a stanza names it after those of other suites",
      [
        "Types: deb\nURIs: http://mirror/security\nSuites: bookworm-security\n\n" +
          "Types: deb\nURIs: http://mirror/debian\nSuites: bookworm bookworm-updates\nComponents: main\n",
      ],
      "http://mirror/debian",
    ],
    [
      "only another suite is named",
      ["deb http://mirror/debian trixie main\n"],
      "http://deb.debian.org/debian",
    ],
  ])("is apt's own where there is one: %s", (_, sources, mirror) => {
    expect(mirrorIn(sources, "bookworm")).toBe(mirror);
  });
});
