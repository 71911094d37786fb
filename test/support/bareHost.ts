import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { stateFolder } from "../../sandbox/clusters/folders";
import { prefix } from "../../sandbox/clusters/topology";
import { baseFolder, bootArguments, ensureBase } from "../../sandbox/hosts/base";
import { findCgroups, inCgroup, removeCgroup } from "../../sandbox/system/cgroups";
import { inNamespace, run } from "../../sandbox/system/commands";
import { startDaemon, stopDaemon } from "../../sandbox/system/daemons";
import { createNamespace, removeLink, removeNamespace } from "../../sandbox/system/links";
import { unmountUnder } from "../../sandbox/system/mounts";
import { waitFor } from "../../sandbox/system/waiting";
import { SystemdHost, type HostAccess } from "./systemdHost";

/** What a clean-up of the sandbox would find as well, where a test was killed. */
const NAME = `${prefix}bare`;
const folder = path.join(stateFolder, "bare-host");
const root = path.join(folder, "root");
const files = { logFile: path.join(folder, "console.log"), pidFile: path.join(folder, "machine.pid") };

/** A network of its own: whether a sandbox runs beside it makes no difference. */
const network = { here: "198.18.250.1", there: "198.18.250.2", length: 30 } as const;

/** Units of the base that belong to Slurm's machines. */
const masked = ["munge", "slurmctld", "slurmd"].map((name) => `/etc/systemd/system/${name}.service`);

/** A Debian machine with systemd, sshd and nothing else, for the tests of one file. */
export class BareHost {
  readonly access: HostAccess;

  /** Makes the keys of both sides, which the tests name before the machine is there. */
  constructor() {
    fs.rmSync(path.join(folder, "keys"), { recursive: true, force: true });
    fs.mkdirSync(path.join(folder, "keys"), { recursive: true, mode: 0o700 });
    for (const name of ["root", "host"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", this.key(name)]);
    const [type = "", text = ""] = fs.readFileSync(`${this.key("host")}.pub`, "utf8").split(" ");
    this.access = { address: network.there, port: 22, keyFile: this.key("root"), hostKey: `${type} ${text}` };
  }

  private key(name: string): string {
    return path.join(folder, "keys", name);
  }

  async boot(): Promise<void> {
    await ensureBase(console.log);
    await this.attach();
    const [upper, work] = [path.join(folder, "upper"), path.join(folder, "work")];
    for (const made of [upper, work, root]) fs.mkdirSync(made, { recursive: true, mode: 0o755 });
    const options = `lowerdir=${baseFolder()},upperdir=${upper},workdir=${work}`;
    await run(["mount", "-t", "overlay", "-o", options, "overlay", root]);
    this.write("/etc/machine-id", `${randomBytes(16).toString("hex")}\n`);
    for (const unit of masked) fs.symlinkSync("/dev/null", path.join(root, unit));
    this.write("/etc/ssh/ssh_host_ed25519_key", fs.readFileSync(this.key("host"), "utf8"), 0o600);
    this.write("/etc/ssh/ssh_host_ed25519_key.pub", fs.readFileSync(`${this.key("host")}.pub`, "utf8"));
    fs.mkdirSync(path.join(root, "root/.ssh"), { recursive: true, mode: 0o700 });
    this.write("/root/.ssh/authorized_keys", fs.readFileSync(`${this.key("root")}.pub`, "utf8"), 0o600);
    await startDaemon({
      name: NAME,
      argv: inCgroup(NAME, [
        "systemd-nspawn",
        "--quiet",
        `--directory=${root}`,
        `--machine=${NAME}`,
        "--hostname=bare",
        `--network-namespace-path=/run/netns/${NAME}`,
        ...bootArguments,
      ]),
      // its locks would outlive it when it is killed
      env: { SYSTEMD_NSPAWN_LOCK: "0" },
      ...files,
    });
    const host = new SystemdHost(this.access);
    await waitFor(
      "the host has booted",
      async () => (await host.run("systemctl is-system-running --wait")).code === 0,
      {
        deadline: 60_000,
        log: files.logFile,
      },
    );
  }

  async remove(): Promise<void> {
    await stopDaemon(NAME, files.pidFile, 10_000);
    await unmountUnder(folder);
    const own = (): string[] => findCgroups((name) => name === NAME);
    await waitFor("its cgroups to be empty", () => Promise.resolve(own().every(removeCgroup)), {
      deadline: 10_000,
      interval: 50,
    });
    await removeLink(NAME);
    await removeNamespace(NAME);
    fs.rmSync(folder, { recursive: true, force: true });
  }

  private async attach(): Promise<void> {
    const { here, there, length } = network;
    await createNamespace(NAME);
    await run(["ip", "link", "add", NAME, "type", "veth", "peer", "name", "eth0", "netns", NAME]);
    await run(["ip", "address", "replace", `${here}/${length}`, "dev", NAME]);
    await run(["ip", "link", "set", NAME, "up"]);
    await run(inNamespace(NAME, ["ip", "address", "replace", `${there}/${length}`, "dev", "eth0"]));
    await run(inNamespace(NAME, ["ip", "link", "set", "eth0", "up"]));
  }

  private write(file: string, content: string, mode = 0o644): void {
    fs.writeFileSync(path.join(root, file), content);
    fs.chmodSync(path.join(root, file), mode);
  }
}
