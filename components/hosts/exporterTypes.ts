import type * as pulumi from "@pulumi/pulumi";

/** What an exporter measures: the machine, its GPUs, or Slurm. */
export type ExporterKind = "node" | "dcgm" | "slurm";

/** One exporter on a host: a program that is downloaded, and how it is started. */
export interface HostExporter {
  readonly kind: ExporterKind;
  /** Of the program, for people; what is installed is decided by `sha256`. */
  readonly version: string;
  /** Where the host finds it: `https://`, `http://`, or `file://` for a file system that the host has mounted. */
  readonly url: string;
  /** Of what is at the URL, 64 hexadecimal digits in lower case; nothing else is ever installed. */
  readonly sha256: string;
  /** The program's path inside the archive; needed for `.tar.gz` and `.tgz`, absent for a plain program. */
  readonly member?: string | undefined;
  /** TCP port on the host's address, 1024-65535: the exporter has no right to a lower one. */
  readonly port: number;
  /** Further arguments; the one that says where to listen is written by the component. */
  readonly args?: readonly string[] | undefined;
  /** The argument that takes `address:port`; default: that of the usual exporter of this kind. */
  readonly listenFlag?: string | undefined;
  /** Environment of the exporter, readable by everyone on the host: nothing secret. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** A file system that has to be mounted on a host before anything is installed there. */
export interface HostMount {
  /** The mount point itself, absolute. */
  readonly path: string;
  /** Its type as the kernel names it, such as `beegfs`. */
  readonly fsType: string;
}

/** A host outside Kubernetes: how it is reached and what it shall run. */
export interface ExporterHost {
  /** Names the resource; renaming one removes and installs again. */
  readonly name: string;
  /** IPv4 address of SSH and of the exporters. */
  readonly address: string;
  /** Port of SSH. */
  readonly port: number;
  /** `root`, or a user that may run `sudo` without a password. */
  readonly user: string;
  /** The host's own public key, `ssh-ed25519 AAAA...`: a host with another one is refused. */
  readonly hostKey: string;
  /** Private key of `user`, in OpenSSH's or PEM form; kept secret. */
  readonly privateKey: pulumi.Input<string>;
  readonly exporters: readonly HostExporter[];
  readonly mounts: readonly HostMount[];
  /** True while the host is down or worked on: it is neither asked nor changed, and what is recorded of it stays. */
  readonly paused?: boolean | undefined;
}
