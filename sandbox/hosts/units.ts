import { network, prefix } from "../clusters/topology";
import {
  controller,
  epilogFile,
  gresConf,
  jobMappingFolder,
  prologFile,
  slurmConf,
  slurmNodes,
  submitScript,
  trainers,
} from "./slurm";

/** A file of the machine; its owner is root. */
export interface MachineFile {
  readonly path: string;
  readonly content: string;
  readonly mode?: number;
}

const units = "/etc/systemd/system";

/** Folder of the exporters' programs in the machine. */
export const programs = "/usr/local/lib/federation-sandbox";

/** Where systemd keeps a network namespace of the sandbox in the machine. */
export const namespaceIn = (namespace: string): string => `/run/netns/${namespace}`;

/** The daemon of a node: on this machine, but with the node's name, network and address. */
const slurmd = `[Unit]
Description=Slurm node daemon of %i
After=munge.service slurmctld.service

[Service]
ExecStart=/usr/bin/nsenter --net=${namespaceIn(`${prefix}%i`)} /usr/bin/unshare --uts /bin/sh -c 'hostname %i && exec /usr/sbin/slurmd -D -s'
KillMode=process
Restart=on-failure
RestartSec=1
`;

/** What slurmctld serves itself where it is new enough: there while slurmctld is. */
const metrics = `[Unit]
Description=Metrics of Slurm
BindsTo=slurmctld.service
After=slurmctld.service

[Service]
User=slurm
ExecStart=/usr/bin/python3 -BESs ${programs}/slurm.py ${controller.address}:${network.rolePorts.slurmctld}
Restart=on-failure
RestartSec=1
`;

const trainService = `[Unit]
Description=A training job of %i
After=slurmctld.service

[Service]
Type=oneshot
User=%i
ExecCondition=+/usr/bin/systemctl is-active --quiet slurmctld.service
ExecStart=${programs}/submit-%i
`;

const trainTimer = `[Unit]
Description=Training jobs of %i

[Timer]
OnActiveSec=2s
OnUnitActiveSec=20s
AccuracySec=1s
`;

/** Which job holds a GPU, as NVIDIA's exporter reads it. */
const prolog = `#!/bin/sh
for gpu in $(echo "\${SLURM_JOB_GPUS:-}" | tr , ' '); do
  echo "$SLURM_JOB_ID" > ${jobMappingFolder}/$gpu
done
`;

const epilog = `#!/bin/sh
for file in ${jobMappingFolder}/*; do
  [ -f "$file" ] && [ "$(cat "$file")" = "$SLURM_JOB_ID" ] && rm -f "$file"
done
exit 0
`;

const hostsFile = [
  "127.0.0.1 localhost",
  ...[controller, ...slurmNodes].map(({ name, address }) => `${address} ${name}`),
  "",
].join("\n");

/** Everything that makes a Debian with Slurm's packages the machine of the controller, but for its secrets. */
export function machineFiles(): readonly MachineFile[] {
  return [
    { path: "/etc/hostname", content: `${controller.name}\n` },
    { path: "/etc/hosts", content: hostsFile },
    { path: "/etc/resolv.conf", content: "" },
    { path: "/etc/slurm/slurm.conf", content: slurmConf() },
    { path: "/etc/slurm/gres.conf", content: gresConf() },
    { path: prologFile, content: prolog, mode: 0o755 },
    { path: epilogFile, content: epilog, mode: 0o755 },
    {
      path: "/etc/systemd/journald.conf.d/small.conf",
      content: "[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n",
    },
    { path: `${units}/slurmd@.service`, content: slurmd },
    { path: `${units}/slurm-metrics.service`, content: metrics },
    { path: `${units}/train@.service`, content: trainService },
    { path: `${units}/train@.timer`, content: trainTimer },
    ...trainers.map((trainer) => ({
      path: `${programs}/submit-${trainer.user}`,
      content: submitScript(trainer),
      mode: 0o755,
    })),
  ];
}

/** Links of the machine: where, and to what. */
export function machineLinks(): readonly (readonly [path: string, to: string])[] {
  const wanted = (unit: string, by: string, file = unit): readonly [string, string] => [
    `${units}/${by}.wants/${unit}`,
    `${units}/${file}`,
  ];
  const masked = (unit: string): readonly [string, string] => [`${units}/${unit}`, "/dev/null"];
  return [
    ...slurmNodes.map(({ name }) => wanted(`slurmd@${name}.service`, "multi-user.target", "slurmd@.service")),
    ...trainers.map(({ user }) => wanted(`train@${user}.timer`, "timers.target", "train@.timer")),
    wanted("slurm-metrics.service", "slurmctld.service"),
    // the daemon of a node with this machine's name, which is none
    masked("slurmd.service"),
    ...["apt-daily", "apt-daily-upgrade", "dpkg-db-backup", "e2scrub_all", "fstrim"].map((name) =>
      masked(`${name}.timer`),
    ),
  ];
}
