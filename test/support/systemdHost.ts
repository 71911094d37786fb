import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** A real host with systemd and sshd that tests may install on, reached as root. */
export interface HostAccess {
  readonly address: string;
  readonly port: number;
  /** File of root's private key. */
  readonly keyFile: string;
  /** `ssh-ed25519 AAAA...`. */
  readonly hostKey: string;
}

/** How a command on the host ended. */
export interface HostRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What nobody but the host itself changes, and what changes all the time. */
const VOLATILE = [
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/var/log",
  "/var/cache",
  "/var/backups",
  "/var/lib/systemd",
  "/var/lib/private",
  "/root/.ssh",
];

/** A host by its own shell, beside whatever a test installs on it. */
export class SystemdHost {
  constructor(readonly access: HostAccess) {}

  get privateKey(): string {
    return readFileSync(this.access.keyFile, "utf8");
  }

  /** Runs a shell command as root, whatever it ends with. */
  run(command: string, input: string | Buffer = ""): Promise<HostRun> {
    const { address, port, keyFile, hostKey } = this.access;
    const options = {
      BatchMode: "yes",
      IdentitiesOnly: "yes",
      StrictHostKeyChecking: "yes",
      KnownHostsCommand: `/bin/echo host ${hostKey}`,
      UserKnownHostsFile: "/dev/null",
      HostKeyAlias: "host",
      LogLevel: "ERROR",
    };
    const words = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const target = ["-i", keyFile, "-p", String(port), "-l", "root", "--", address, command];
    return new Promise((resolve, reject) => {
      const child = spawn("ssh", ["-F", "/dev/null", ...words, ...target]);
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
      child.once("error", reject);
      child.once("close", (code) =>
        resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
      );
      child.stdin.on("error", () => undefined).end(input);
    });
  }

  /** What a shell command prints, without its last line break; an error with all it said when it fails. */
  async must(command: string, input: string | Buffer = ""): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, input);
    if (code !== 0) throw new Error(`on the host: ${command}\nended with ${code}\n${stdout}${stderr}`);
    return stdout.replace(/\n$/, "");
  }

  /** Property of a unit, as `systemctl show` says it. */
  show(unit: string, property: string): Promise<string> {
    return this.must(`systemctl show -p ${property} --value ${unit}`);
  }

  /**
   * Every file of the host with size, owner and times, and what systemd has of the federation: two of them are equal
   * where nothing was changed. With `times: false` what was made anew in the same way is the same.
   */
  async everything({ times }: { readonly times: boolean }): Promise<readonly string[]> {
    const left = VOLATILE.map((path) => `-path ${path}`).join(" -o ");
    const format = times ? "%p %y %m %u %s %l %T@ %C@" : "%p %y %m %u";
    const files = `find / -xdev \\( ${left} \\) -prune -o -printf '${format}\\n'`;
    const units = "systemctl list-units --all --no-legend --plain 'federation-*'";
    const runtime = "find /run/systemd/system /run/systemd/system.control 2>/dev/null | grep federation";
    const users = "getent passwd | grep -E 'federation|exporter'";
    const said = await this.must(`{ ${files}; ${units}; ${runtime}; ${users}; } | sort; true`);
    return said.split("\n");
  }
}
