import type { ExporterHost, HostExporter } from "../../../../components/hosts/exporterTypes";

export const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExample12";

export const node: HostExporter = {
  kind: "node",
  version: "1.10.2",
  url: "https://mirror.example/node_exporter-1.10.2.linux-amd64.tar.gz",
  sha256: "a".repeat(64),
  member: "node_exporter-1.10.2.linux-amd64/node_exporter",
  port: 9100,
};

export const dcgm: HostExporter = {
  kind: "dcgm",
  version: "4.5.1",
  url: "file:///mnt/beegfs/sw/dcgm-exporter",
  sha256: "b".repeat(64),
  port: 9400,
  args: ["-r", "localhost:5555"],
};

export const slurm: HostExporter = {
  kind: "slurm",
  version: "0.21",
  url: "http://mirror.example:8081/slurm-exporter",
  sha256: "c".repeat(64),
  port: 8080,
  environment: { SLURM_CONF: "/etc/slurm/slurm.conf" },
};

export const host = (more: Partial<ExporterHost> = {}): ExporterHost => ({
  name: "compute-01",
  address: "192.168.100.11",
  port: 22,
  user: "root",
  hostKey: HOST_KEY,
  privateKey: "a private key",
  exporters: [node],
  mounts: [{ path: "/mnt/beegfs", fsType: "beegfs" }],
  ...more,
});
