import { z } from "zod";
import * as fields from "./fields";
import { list, object } from "./fields";
import type { ExporterKind } from "./hostExportersTypes";

const KINDS = ["node", "dcgm", "slurm"] as const satisfies readonly ExporterKind[];
const kind = z.enum(KINDS, { error: `must be one of ${KINDS.join(", ")}` });

const ENVIRONMENT = "must be variables, NAME: value, each one line of printable ASCII";

/** Where the exporters of each kind usually listen; the scrape jobs' own ports. */
export const EXPORTER_PORTS: Readonly<Record<ExporterKind, number>> = { node: 9100, dcgm: 9400, slurm: 8080 };

const exporter = (of: ExporterKind) =>
  object({
    version: fields.programVersion,
    url: fields.programUrl,
    sha256: fields.sha256,
    /** The program's path inside a `.tar.gz` or `.tgz`. */
    member: fields.relativePath.exactOptional(),
    port: fields.unprivilegedPort.default(EXPORTER_PORTS[of]),
    args: list(fields.printable, "arguments").default([]),
    listenFlag: fields.flag.exactOptional(),
    environment: z.record(fields.variableName, fields.printable, { error: ENVIRONMENT }).default({}),
  }).refine(({ url, member }) => /\.(tar\.gz|tgz)$/.test(url) === (member !== undefined), {
    path: ["member"],
    error: "must be given for a .tar.gz or .tgz, and only there: the program's path inside it",
  });

const mount = object({ path: fields.absolutePath, fsType: fields.fileSystemType.default("beegfs") });

const host = object({
  /** One of `member.hosts`, whose address is taken. */
  name: fields.kubernetesName,
  hostKey: fields.sshHostKey,
  user: fields.userName.exactOptional(),
  port: fields.port.exactOptional(),
  exporters: list(kind, "exporters", 1),
  mounts: list(mount, "mounts").default([]),
  paused: z.boolean({ error: "must be true or false" }).default(false),
});

/** `member.hostExporters`: exporters that the stack installs, over SSH, on hosts of the member. */
export const hostExporters = object({
  user: fields.userName.default("root"),
  port: fields.port.default(22),
  exporters: object({
    node: exporter("node").exactOptional(),
    dcgm: exporter("dcgm").exactOptional(),
    slurm: exporter("slurm").exactOptional(),
  }),
  hosts: list(host, "hosts", 1),
});

const KEY = "must hold an SSH private key in OpenSSH's or PEM form, without a passphrase";

/** `federation:hostCredentials`. */
export const hostCredentialsSchema = object({
  privateKey: z.string({ error: KEY }).refine(
    (text) => {
      const [, begin, end] =
        /^-----BEGIN ([A-Z ]*PRIVATE KEY)-----\n[\s\S]+\n-----END ([A-Z ]*PRIVATE KEY)-----\s*$/.exec(text) ??
        [];
      return (
        begin !== undefined &&
        begin === end &&
        !begin.includes("ENCRYPTED") &&
        !text.includes("Proc-Type: 4,ENCRYPTED")
      );
    },
    { error: KEY },
  ),
});
