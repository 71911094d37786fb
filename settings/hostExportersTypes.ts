import type * as pulumi from "@pulumi/pulumi";

/** What an exporter measures: the machine, its GPUs, or Slurm. */
export type ExporterKind = "node" | "dcgm" | "slurm";

/** One exporter on a host. */
export interface HostExporter {
  readonly kind: ExporterKind;
  readonly version: string;
  readonly url: string;
  readonly sha256: string;
  readonly member?: string;
  readonly port: number;
  readonly args: readonly string[];
  readonly listenFlag?: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A host that the stack installs exporters on. */
export interface ExporterHost {
  readonly name: string;
  readonly address: string;
  /** Of SSH. */
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly exporters: readonly HostExporter[];
  readonly mounts: readonly { readonly path: string; readonly fsType: string }[];
  readonly paused: boolean;
}

/** Exporters on hosts outside Kubernetes. */
export interface HostExportersSettings {
  readonly hosts: readonly ExporterHost[];
  /** Of the user on every host. */
  readonly privateKey: pulumi.Output<string>;
}
