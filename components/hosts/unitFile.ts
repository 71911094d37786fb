import { kindOf } from "./exporterKinds";
import type { ExporterHost, HostExporter } from "./exporterTypes";

/** Folder of everything that is installed on a host, but the units. */
export const INSTALL_ROOT = "/opt/federation-exporters";

/** Name of an exporter on its hosts: `node-exporter`. */
export function exporterName({ kind }: Pick<HostExporter, "kind">): string {
  return `${kind}-exporter`;
}

/** Name of its systemd unit. */
export function unitName(exporter: Pick<HostExporter, "kind">): string {
  return `federation-${exporterName(exporter)}.service`;
}

/** A word of a unit's setting in double quotes, as systemd reads it back: no escape, no specifier (`%`) in it. */
function quoted(word: string): string {
  return `"${word.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
}

/** A word of a unit's command line, which knows variables (`$`) beside. */
export function commandWord(word: string): string {
  return quoted(word).replaceAll("$", "$$$$");
}

/** One variable of a unit's environment. */
export function environmentWord(name: string, value: string): string {
  return quoted(`${name}=${value}`);
}

/** Sandbox of every exporter: a user of its own that exists while it runs, no rights, nothing writable. */
const HARDENING: readonly string[] = [
  "DynamicUser=yes",
  "NoNewPrivileges=yes",
  "CapabilityBoundingSet=",
  "AmbientCapabilities=",
  "ProtectSystem=strict",
  "PrivateTmp=yes",
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelLogs=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "LockPersonality=yes",
  "UMask=0077",
  "SystemCallArchitectures=native",
  "SystemCallErrorNumber=EPERM",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged",
];

/** The text of an exporter's unit on a host, without its last line break. */
export function unitFile({ address }: Pick<ExporterHost, "address">, exporter: HostExporter): string {
  const { title, listenFlag, hardening } = kindOf(exporter.kind);
  const listen = `${exporter.listenFlag ?? listenFlag}=${address}:${String(exporter.port)}`;
  const command = [`${INSTALL_ROOT}/bin/${exporterName(exporter)}`, listen, ...(exporter.args ?? [])];
  const environment = Object.entries(exporter.environment ?? {}).sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  return [
    "# Written by Pulumi: what is changed here by hand is found at the next preview and undone.",
    "[Unit]",
    `Description=${title} ${exporter.version} of the federation`,
    "Wants=network-online.target",
    "After=network-online.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=exec",
    `ExecStart=${command.map(commandWord).join(" ")}`,
    ...environment.map(([name, value]) => `Environment=${environmentWord(name, value)}`),
    "Restart=always",
    "RestartSec=5",
    ...HARDENING,
    ...hardening,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ].join("\n");
}
