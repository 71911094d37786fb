import { hosts, network, type HostTopology } from "../clusters/topology";

/** A compute node as Slurm is told of it; more than this machine has, since its jobs only sleep. */
export interface SlurmNode extends HostTopology {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly gpus: number;
}

const runsSlurmctld = ({ roles }: HostTopology): boolean => roles.includes("slurmctld");

/** The host of the controller: the one machine with an operating system of its own. */
export const controller: HostTopology = theController();

function theController(): HostTopology {
  const [first, ...others] = hosts.filter(runsSlurmctld);
  if (first === undefined || others.length > 0)
    throw new Error("the sandbox's topology needs one host with the role slurmctld");
  return first;
}

/** The other hosts: those with DCGM have GPUs. */
export const slurmNodes: readonly SlurmNode[] = hosts
  .filter((host) => !runsSlurmctld(host))
  .map((host) =>
    host.roles.includes("dcgm")
      ? { ...host, cpus: 16, memoryMiB: 128_000, gpus: 4 }
      : { ...host, cpus: 8, memoryMiB: 32_000, gpus: 0 },
  );

/** Where slurmctld listens: its usual port serves metrics here, as it does itself from 25.11 on. */
const slurmctldPort = network.rolePorts.slurmctld - 1;

/** Where Slurm's prolog notes which job holds a GPU, one file a GPU. */
export const jobMappingFolder = "/var/lib/dcgm-job-mapping";

export const prologFile = "/etc/slurm/prolog";
export const epilogFile = "/etc/slurm/epilog";

export const gpuDevice = (index: number): string => `/dev/nvidia${index}`;

function nodeLine({ name, address, cpus, memoryMiB, gpus }: SlurmNode): string {
  const gres = gpus > 0 ? ` Gres=gpu:${gpus}` : "";
  return `NodeName=${name} NodeAddr=${address} CPUs=${cpus} RealMemory=${memoryMiB}${gres} State=UNKNOWN`;
}

function partitionLine(name: string, nodes: readonly SlurmNode[], more = ""): string {
  return `PartitionName=${name} Nodes=${nodes.map((node) => node.name).join(",")}${more} MaxTime=INFINITE State=UP`;
}

/** slurm.conf: one controller, no database, so that accounts are words and finished jobs go after five minutes. */
export function slurmConf(): string {
  const withGpus = slurmNodes.filter(({ gpus }) => gpus > 0);
  const without = slurmNodes.filter(({ gpus }) => gpus === 0);
  return `${[
    "ClusterName=hpc",
    `SlurmctldHost=${controller.name}(${controller.address})`,
    `SlurmctldPort=${slurmctldPort}`,
    "SlurmUser=slurm",
    "SlurmdUser=root",
    "AuthType=auth/munge",
    "StateSaveLocation=/var/lib/slurm/slurmctld",
    // %n is the node: all of them run on this one machine
    "SlurmdSpoolDir=/var/lib/slurm/slurmd-%n",
    "SlurmdPidFile=/run/slurmd-%n.pid",
    "ProctrackType=proctrack/linuxproc",
    "TaskPlugin=task/none",
    "JobAcctGatherType=jobacct_gather/none",
    "AccountingStorageType=accounting_storage/none",
    "JobCompType=jobcomp/none",
    "MpiDefault=none",
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_Core_Memory",
    "SlurmdParameters=config_overrides",
    "SlurmdTimeout=60",
    "ReturnToService=2",
    "MinJobAge=300",
    "GresTypes=gpu",
    `Prolog=${prologFile}`,
    `Epilog=${epilogFile}`,
    ...slurmNodes.map(nodeLine),
    partitionLine("gpu", withGpus, " Default=YES"),
    partitionLine("cpu", without),
  ].join("\n")}\n`;
}

/** gres.conf: a GPU is a device file. */
export function gresConf(): string {
  return slurmNodes
    .filter(({ gpus }) => gpus > 0)
    .map(({ name, gpus }) => `NodeName=${name} Name=gpu File=/dev/nvidia[0-${gpus - 1}]\n`)
    .join("");
}

/** Users whose jobs wait, run and end all the time. */
export interface Trainer {
  readonly user: string;
  readonly uid: number;
  readonly account: string;
  readonly gpus: number;
  /** Duration of a job. */
  readonly seconds: number;
}

export const trainers: readonly Trainer[] = [
  { user: "alice", uid: 2001, account: "vision", gpus: 1, seconds: 120 },
  { user: "bob", uid: 2002, account: "language", gpus: 2, seconds: 180 },
];

/** Jobs of a user that may wait at once. */
const waiting = 2;

/** Submits a training job of the user who runs it, unless enough of them wait: the queue never grows. */
export function submitScript({ account, gpus, seconds }: Trainer): string {
  return `#!/bin/sh
set -eu
[ "$(squeue --noheader --me --states=PENDING | wc -l)" -lt ${waiting} ] || exit 0
exec sbatch --quiet --job-name=train --account=${account} --gres=gpu:${gpus} --cpus-per-task=2 --mem=8G \\
  --time=10 --chdir=/ --output=/dev/null --wrap='exec sleep ${seconds}'
`;
}
