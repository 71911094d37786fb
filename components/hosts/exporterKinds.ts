import type { ExporterKind } from "./exporterTypes";

/** What the exporters of one kind have in common. */
export interface Kind {
  /** What people call it. */
  readonly title: string;
  /** The argument that takes `address:port` of the usual exporter of this kind. */
  readonly listenFlag: string;
  /** Settings of its unit beside those of every exporter: what it must see, and what it need not. */
  readonly hardening: readonly string[];
}

const families = (...names: readonly string[]): string => `RestrictAddressFamilies=${names.join(" ")}`;

const kinds: Readonly<Record<ExporterKind, Kind>> = {
  // prometheus/node_exporter: asks the kernel for links (netlink) and for the state of the clock
  node: {
    title: "node exporter",
    listenFlag: "--web.listen-address",
    hardening: [
      "SystemCallFilter=adjtimex clock_adjtime",
      "ProtectHome=read-only",
      "PrivateDevices=yes",
      "MemoryDenyWriteExecute=yes",
      families("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"),
    ],
  },
  // NVIDIA/dcgm-exporter: loads NVIDIA's libraries and opens the GPUs
  dcgm: {
    title: "DCGM exporter",
    listenFlag: "--address",
    hardening: [
      "ProtectClock=yes",
      "ProtectHome=yes",
      "DevicePolicy=closed",
      "DeviceAllow=char-nvidia* rw",
      families("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"),
    ],
  },
  // vpenso/prometheus-slurm-exporter: runs Slurm's own commands, which sign with munge over its socket
  slurm: {
    title: "Slurm exporter",
    listenFlag: "--listen-address",
    hardening: [
      "ProtectClock=yes",
      "ProtectHome=yes",
      "PrivateDevices=yes",
      "MemoryDenyWriteExecute=yes",
      families("AF_INET", "AF_INET6", "AF_UNIX"),
    ],
  },
};

/** What the exporters of a kind have in common. */
export function kindOf(kind: ExporterKind): Kind {
  return kinds[kind];
}
