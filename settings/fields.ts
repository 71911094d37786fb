import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { X509Certificate } from "node:crypto";
import { parse } from "yaml";
import { z } from "zod";
import { FEDERATION } from "../metrics/levels";
import { cpuMillicores, durationMilliseconds, kubernetesBytes, prometheusBytes } from "./quantities";

/** A string that passes `test`; `allowed` is what an error says. */
function text(allowed: string, test: (value: string) => boolean) {
  return z.string({ error: allowed }).refine(test, { error: allowed });
}

function matching(allowed: string, pattern: RegExp) {
  return text(allowed, (value) => pattern.test(value));
}

/** An object that knows its keys; an error names them. */
export function object<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const keys = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? `allowed: ${keys}` : `must be an object with ${keys}`,
  });
}

export function list<Item extends z.core.SomeType>(item: Item, of: string, atLeast = 0) {
  const allowed = atLeast === 0 ? `must be a list of ${of}` : `must be a list of at least ${atLeast} ${of}`;
  return z.array(item, { error: allowed }).min(atLeast, { error: allowed });
}

/** For checks across values: any list, whatever it holds. */
export const anyList = z.array(z.unknown());

/** A whole number between the two, both included. */
export function count(minimum: number, maximum: number) {
  const error = `must be a whole number from ${minimum} to ${maximum}`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const DIGEST = /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:[\w.-]+)?@sha256:[0-9a-f]{64}$/;
const LABEL_NAME = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const LABELS = "must be at least one Kubernetes label, name: value";
const LABEL_VALUE = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;

function isCidr(value: string): boolean {
  const [address, length, ...rest] = value.split("/");
  return rest.length === 0 && isIPv4(address ?? "") && /^(\d|[12]\d|3[0-2])$/.test(length ?? "");
}

function parsedUrl(value: string): URL | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === "https:" && url.username === "" && url.password === "" && url.hash === ""
    ? url
    : undefined;
}

/** An https URL that names host and perhaps port, nothing more. */
function isHttpsOrigin(value: string): boolean {
  const url = parsedUrl(value);
  return url !== undefined && (value === url.origin || value === `https://${url.hostname}:443`);
}

function isCertificates(value: string): boolean {
  const blocks = value.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || value.includes("PRIVATE KEY")) return false;
  try {
    return blocks.every((block) => new X509Certificate(block).subject !== "");
  } catch {
    return false;
  }
}

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** Minute, hour, day of the month, month and day of the week, each as Kubernetes takes it, in numbers. */
const CRON_RANGES: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
];

function isCron(value: string): boolean {
  const parts = value.split(" ");
  return parts.length === CRON_RANGES.length && parts.every((part, index) => isCronField(part, index));
}

function isCronField(field: string, index: number): boolean {
  const [least, most] = CRON_RANGES[index] ?? [0, 0];
  return field.split(",").every((item) => {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item);
    if (match === null) return false;
    const [from, to, step] = [match[1], match[2], match[3]].map((text) =>
      text === undefined ? undefined : Number(text),
    );
    const inside = (value: number | undefined): boolean =>
      value === undefined || (value >= least && value <= most);
    return inside(from) && inside(to) && (from ?? 0) <= (to ?? most) && step !== 0;
  });
}

function isKubeconfig(value: string): boolean {
  try {
    const content: unknown = parse(value);
    return z
      .object({ clusters: anyList.min(1), users: anyList.min(1), contexts: anyList.min(1) })
      .safeParse(content).success;
  } catch {
    return false;
  }
}

export const clusterName = matching(
  "must be a DNS label: at most 63 of a-z, 0-9 and inner hyphens",
  DNS_LABEL,
);
/** The name of a cluster of its own, not of all together. */
export const memberName = clusterName.refine((value) => value !== FEDERATION, {
  error: `must be another name than ${FEDERATION}, which stands for all clusters together`,
});
export const kubernetesName = matching("must be a DNS name: a-z, 0-9, inner hyphens and dots", DNS_NAME);
export const namespaceName = clusterName;
export const ipv4 = text("must be an IPv4 address", isIPv4);
export const cidr = text("must be an IPv4 CIDR such as 192.168.100.0/24", isCidr);
export const port = count(1, 65535);
export const nodePort = count(30000, 32767);
export const sampleLimit = count(1, 10_000_000);
/** How many there are of something, or are told apart at most. */
export const amount = count(0, 100_000);
const PRICES = "must be prices above 0 by GPU type, such as {rtx-a6000: 0.8}";
export const prices = z.record(
  matching(PRICES, DNS_LABEL),
  z.number({ error: PRICES }).positive({ error: PRICES }),
  { error: PRICES },
);
export const duration = text(
  "must be a Prometheus duration above zero such as 15s, 1m30s or 15d",
  (value) => durationMilliseconds(value) !== undefined,
);
export const prometheusSize = text(
  "must be a Prometheus size such as 512MB or 40GB (powers of 1024)",
  (value) => prometheusBytes(value) !== undefined,
);
export const storageSize = text(
  "must be a Kubernetes quantity such as 50Gi",
  (value) => kubernetesBytes(value) !== undefined,
);
export const memory = text(
  "must be a Kubernetes quantity such as 2Gi",
  (value) => kubernetesBytes(value) !== undefined,
);
export const cpu = z
  .union([z.string(), z.number()], { error: "must be cores such as 250m or 2" })
  .transform(String)
  .refine((value) => cpuMillicores(value) !== undefined, { error: "must be cores such as 250m or 2" });
export const HTTPS_ORIGIN =
  "must be an https URL of host and port alone, such as https://192.168.100.10:30990";
export const httpsOrigin = text(HTTPS_ORIGIN, isHttpsOrigin);
export const httpsUrl = text(
  "must be an https URL without user, password or fragment",
  (value) => parsedUrl(value) !== undefined,
);
export const image = matching(
  "must be an image pinned by digest: <registry>/<name>:<tag>@sha256:<64 hex digits>",
  DIGEST,
);
export const labels = z
  .record(matching(LABELS, LABEL_NAME), matching(LABELS, LABEL_VALUE), { error: LABELS })
  .refine((value) => Object.keys(value).length > 0, { error: LABELS });
export const certificates = text("must be PEM certificates and nothing else", isCertificates);
export const uid = matching(
  "must be the UID of the cluster's namespace kube-system (npm run init records it)",
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
);
export const stackReference = matching(
  "must be a full stack name such as organization/federation/cloud",
  /^[\w.-]+\/[\w.-]+\/[\w.-]+$/,
);
export const kubeconfig = text(
  "must be a kubeconfig with clusters, users and contexts (npm run init -- --kubeconfig FILE records it)",
  isKubeconfig,
);

/** Names a receiver and its secrets. */
export const receiverName = matching(
  "must be at most 32 of a-z, 0-9 and inner hyphens",
  /^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/,
);
export const hostPort = text("must be host and port such as 192.168.200.10:30993", (value) => {
  const match = /^([^:/]+):(\d+)$/.exec(value);
  const number = Number(match?.[2]);
  return match !== null && DNS_NAME.test(match[1] ?? "") && number >= 1 && number <= 65535;
});
export const httpUrl = text("must be an http or https URL without user, password or fragment", (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return (
    (url?.protocol === "https:" || url?.protocol === "http:") &&
    url.username === "" &&
    url.password === "" &&
    url.hash === ""
  );
});

/** Text of one line without blanks at its ends. */
/** A currency by its code of three letters. */
export const currency = matching("must be a code of three letters, such as EUR", /^[A-Z]{3}$/);
export const word = matching("must be one line of text", /^\S(.*\S)?$/);
export const absolutePath = matching(
  "must be an absolute path without . or .. in it",
  /^(\/(?!\.{1,2}(\/|$))[^/\n]+)+$/,
);
export const relativePath = matching(
  "must be a relative path without . or .. in it",
  /^(?!\.{1,2}(\/|$))[^/\n]+(\/(?!\.{1,2}(\/|$))[^/\n]+)*$/,
);
/** The name of a user of a machine. */
export const userName = matching("must be the name of a user of the hosts", /^[a-z_][a-z0-9_-]{0,31}$/);
/** A public key that a host proves itself by. */
export const sshHostKey = matching(
  "must be the host's public key as /etc/ssh/ssh_host_ed25519_key.pub has it, without its comment: " +
    "ssh-ed25519 AAAA... or ecdsa-sha2-nistp256 AAAA... (ssh-rsa is not taken)",
  /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}$/,
);
export const sha256 = matching("must be 64 hexadecimal digits in lower case", /^[0-9a-f]{64}$/);
export const programVersion = matching("must be the version of the program, such as 1.10.2", /^[\w.+-]+$/);
export const programUrl = matching(
  "must be an https, http or file URL without blanks, escapes or query",
  /^(https?:\/\/[\w.:[\]-]+|file:\/\/)(\/[\w.,:~+@=-]+)+$/,
);
/** A port that needs no rights. */
export const unprivilegedPort = count(1024, 65535);
export const printable = matching("must be one line of printable ASCII", /^[\x20-\x7e]+$/);
export const variableName = matching(
  "must be the name of a variable: letters, digits and _",
  /^[A-Za-z_]\w*$/,
);
export const flag = matching("must be a flag such as --web.listen-address", /^--?[A-Za-z][\w.-]*$/);
export const fileSystemType = matching("must be a type of file system such as beegfs", /^[\w.-]+$/);
/** User or group; never root. */
export const id = count(1, 4_294_967_294);
export const labelName = matching("must be a Kubernetes label name", LABEL_NAME);
/** The names that every S3 service takes. */
export const bucketName = matching(
  "must be an S3 bucket name: 3 to 63 of a-z, 0-9 and inner hyphens",
  /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
);
export const timeOfDay = matching("must be a time of day such as 07:30", /^([01]\d|2[0-3]):[0-5]\d$/);
export const timeZone = text("must be an IANA time zone such as Europe/Berlin", isTimeZone);
export const cron = text("must be a cron schedule of five fields such as */15 * * * *", isCron);
/** A file of PEM certificates, read when the settings are. */
export const certificatesFile = text(
  "must be a file of PEM certificates, relative to the project's folder",
  (file) => {
    try {
      return isCertificates(readFileSync(file, "utf8"));
    } catch {
      return false;
    }
  },
);
