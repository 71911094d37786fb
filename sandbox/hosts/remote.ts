import { run } from "../system/commands";
import { knownHosts, rootKey } from "./machine";
import { controller } from "./slurm";

/** Runs a command as root on the controller's machine, over ssh; answers what it prints. */
export async function onController(...argv: readonly string[]): Promise<string> {
  const options = {
    IdentityFile: rootKey,
    UserKnownHostsFile: knownHosts,
    IdentitiesOnly: "yes",
    BatchMode: "yes",
    ConnectTimeout: "5",
  };
  const quoted = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  return run([
    "ssh",
    "-F",
    "none",
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    `root@${controller.address}`,
    quoted.join(" "),
  ]);
}

/** Stops slurmctld as an administrator does; jobs that run go on. */
export async function stopSlurmctld(): Promise<void> {
  await onController("systemctl", "stop", "slurmctld.service");
}

/** Starts slurmctld, and with it its metrics. */
export async function startSlurmctld(): Promise<void> {
  await onController("systemctl", "start", "slurmctld.service");
}
