import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { hostCredentialsSchema } from "./hostExportersSchema";
import type { ExporterHost, ExporterKind, HostExporter, HostExportersSettings } from "./hostExportersTypes";
import { optional } from "./optional";
import { keyOf, type KeyPath, type Problem, shown, valueAt } from "./problems";
import { NAMESPACE, type Reader } from "./reader";
import type { MemberObject } from "./schema";
import { givenSecret } from "./transferChecks";
import type { Host } from "./types";

type HostCredentials = z.output<typeof hostCredentialsSchema>;
type Declared = NonNullable<MemberObject["hostExporters"]>;

/** Secrets that people set for hosts; absent where no exporter is installed. */
export interface HostSecrets {
  readonly hostCredentials?: HostCredentials;
}

const ROOT = `${NAMESPACE}member.hostExporters`;

/** What one value of `member.hostExporters` alone can not tell. */
function problems(declared: Declared, hosts: readonly Host[]): Problem[] {
  const problem = (path: KeyPath, message: string): Problem => {
    const value = valueAt(declared, path);
    return {
      key: keyOf(ROOT, path),
      ...optional("value", value === undefined ? undefined : shown(value)),
      message,
    };
  };
  const known = hosts.map(({ name }) => name);
  const used = new Set(declared.hosts.flatMap(({ exporters }) => exporters));
  const kinds = Object.keys(declared.exporters) as ExporterKind[];
  return [
    ...kinds
      .filter((kind) => declared.exporters[kind] !== undefined && !used.has(kind))
      .map((kind) => ({
        key: keyOf(ROOT, ["exporters", kind]),
        message: "no host asks for it: name it in hosts[*].exporters, or leave it out",
      })),
    ...declared.hosts.flatMap(({ name, exporters, mounts }, index) => {
      const at = ["hosts", index] as const;
      const ports = exporters.map((kind) => declared.exporters[kind]?.port);
      return [
        ...(known.includes(name)
          ? []
          : [
              problem(
                [...at, "name"],
                `must be one of member.hosts: ${known.length === 0 ? "there is none" : known.join(", ")}`,
              ),
            ]),
        ...(declared.hosts.findIndex((other) => other.name === name) === index
          ? []
          : [problem([...at, "name"], "stands twice: name each host once")]),
        ...exporters.flatMap((kind, number) => [
          ...(declared.exporters[kind] === undefined
            ? [problem([...at, "exporters", number], `is not described: add hostExporters.exporters.${kind}`)]
            : []),
          ...(exporters.indexOf(kind) === number
            ? []
            : [problem([...at, "exporters", number], "stands twice: name each exporter once")]),
          ...(ports.indexOf(ports[number]) === number ||
          exporters.indexOf(kind) !== number ||
          ports[number] === undefined
            ? []
            : [
                problem(
                  [...at, "exporters", number],
                  `has the port ${String(ports[number])} of another exporter of this host: set its port`,
                ),
              ]),
        ]),
        ...mounts.flatMap(({ path }, number) =>
          mounts.findIndex((other) => other.path === path) === number
            ? []
            : [problem([...at, "mounts", number, "path"], "stands twice: name each mount point once")],
        ),
      ];
    }),
  ];
}

/** A member's secrets of hosts; problems of both are told to the reader, none where its object is unreadable. */
export function memberHostSecrets(reader: Reader, member: MemberObject | undefined): HostSecrets {
  if (member === undefined) return {};
  const declared = member.hostExporters;
  if (declared !== undefined) reader.add(...problems(declared, member.hosts));
  return optional(
    "hostCredentials",
    givenSecret(
      reader,
      "hostCredentials",
      declared !== undefined,
      (value) => reader.check("hostCredentials", hostCredentialsSchema, value),
      `pulumi config set --secret --path ${NAMESPACE}hostCredentials.privateKey < KEY-FILE, of the user on the hosts`,
    ),
  );
}

function exporterHosts(
  { user, port, exporters, hosts }: Declared,
  known: readonly Host[],
): readonly ExporterHost[] {
  return hosts.map((host) => ({
    user,
    port,
    ...host,
    // checked before: the host is known, and each of its exporters described
    address: known.find(({ name }) => name === host.name)?.address ?? "",
    exporters: host.exporters.flatMap((kind): HostExporter[] => {
      const described = exporters[kind];
      return described === undefined ? [] : [{ kind, ...described }];
    }),
  }));
}

/** The exporters that a member installs on its hosts; undefined where it installs none. */
export function hostExportersSettings(
  member: MemberObject,
  { hostCredentials }: HostSecrets,
): HostExportersSettings | undefined {
  if (member.hostExporters === undefined || hostCredentials === undefined) return undefined;
  return {
    hosts: exporterHosts(member.hostExporters, member.hosts),
    privateKey: pulumi.secret(hostCredentials.privateKey),
  };
}

/** The hosts as they are scraped: each with the exporters that are there and those that the stack installs. */
export function scrapedHosts(hosts: readonly Host[], installed: readonly ExporterHost[]): readonly Host[] {
  return hosts.map((host) => {
    const own = installed.find(({ name }) => name === host.name)?.exporters ?? [];
    if (own.length === 0) return host;
    return {
      ...host,
      roles: [...new Set([...host.roles, ...own.map(({ kind }) => kind)])],
      ports: Object.fromEntries(own.map(({ kind, port }) => [kind, port])),
    };
  });
}
