import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ExporterHost } from "./exporterTypes";
import { checkCommand, nextMark, parseFinding } from "./hostCheck";
import type { Finding } from "./hostCheck";
import { hostProblems } from "./hostProblems";
import { hostScript, scriptCommand } from "./hostScript";

export interface HostExportersArgs {
  /** At least one; hosts and addresses each once. */
  readonly hosts: readonly ExporterHost[];
}

/** Times a connection is tried, each for at most 15 seconds. */
const TRIES = 3;

/** What is recorded of a host that is not asked now stays as it is. */
const EVERY_INPUT = ["connection", "create", "delete", "stdin", "triggers"];

function connectionOf({
  address,
  port,
  user,
  privateKey,
  hostKey,
}: ExporterHost): command.types.input.remote.ConnectionArgs {
  return { host: address, port, user, hostKey, privateKey: pulumi.secret(privateKey), dialErrorLimit: TRIES };
}

/**
 * Exporters on hosts outside Kubernetes: hardened systemd units, installed over SSH by the hosts' pinned keys.
 *
 * Every run of the program, so every preview, looks at each host once and changes nothing. What it finds otherwise than
 * declared becomes the first line of the host's script, which is an input of its resource: no drift, no change; drift,
 * a shown change, which `up` repairs in place. (`triggers` would not do: the provider replaces on them, and what removes
 * the old would remove the new.) `destroy` removes all of it again.
 */
export class HostExporters extends pulumi.ComponentResource {
  /** By host: why it was last installed or repaired. */
  public readonly marks: pulumi.Output<Readonly<Record<string, string>>>;

  public constructor(name: string, args: HostExportersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:hosts:HostExporters", name, {}, opts);
    const problems = hostProblems(args.hosts);
    if (problems.length > 0)
      throw new pulumi.RunError([`${name}: ${String(problems.length)} problems`, ...problems].join("\n  - "));

    const marks = args.hosts.map((host) => {
      const mark = host.paused === true ? this.pausedMark(host) : this.look(host).apply(nextMark);
      new command.remote.Command(
        `${name}-${host.name}`,
        {
          connection: connectionOf(host),
          create: scriptCommand(host, "apply"),
          delete: scriptCommand(host, "remove"),
          stdin: mark.apply((text) => hostScript(host, text)),
          // another address is another host
          triggers: [host.address],
          addPreviousOutputInEnv: false,
        },
        {
          parent: this,
          deleteBeforeReplace: true,
          ...(host.paused === true ? { ignoreChanges: EVERY_INPUT } : {}),
        },
      );
      return [host.name, mark] as const;
    });
    this.marks = pulumi.output(Object.fromEntries(marks));
    this.registerOutputs({ marks: this.marks });
  }

  /** Asks a host what is not as declared; a file system that is not mounted is warned of, since no `up` repairs it. */
  private look(host: ExporterHost): pulumi.Output<Finding> {
    const options = { parent: this };
    const printed = command.local.runOutput(
      {
        command: checkCommand(host),
        stdin: pulumi.secret(host.privateKey),
        logging: "none",
        addPreviousOutputInEnv: false,
      },
      options,
    );
    return pulumi.unsecret(printed.stdout).apply((stdout) => {
      const finding = this.read(host, stdout);
      for (const problem of finding.mounts) void pulumi.log.warn(`host ${host.name}: ${problem}`, this);
      return finding;
    });
  }

  private read(host: ExporterHost, stdout: string): Finding {
    try {
      return parseFinding(host, stdout);
    } catch (error) {
      throw new pulumi.RunError(error instanceof Error ? error.message : String(error));
    }
  }

  private pausedMark(host: ExporterHost): pulumi.Output<string> {
    void pulumi.log.warn(`host ${host.name} is paused: its exporters are neither checked nor changed`, this);
    return pulumi.output("paused");
  }
}
