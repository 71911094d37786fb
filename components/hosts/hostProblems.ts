import type { ExporterHost, HostExporter, HostMount } from "./exporterTypes";

/** An exporter has no right to bind a lower port. */
const LEAST_PORT = 1024;
const MOST_PORT = 65535;

const HOST_KEY = /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}$/;
const IPV4 = /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/;
const USER = /^[a-z_][a-z0-9_-]{0,31}$/;
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const URL = /^(https?:\/\/[\w.:[\]-]+|file:\/\/)(\/[\w.,:~+@=-]+)+$/;
const PRINTABLE = /^[\x20-\x7e]+$/;
const VERSION = /^[\w.+-]+$/;
const VARIABLE = /^[A-Za-z_]\w*$/;
const FLAG = /^--?[A-Za-z][\w.-]*$/;
const ABSOLUTE = /^(\/(?!\.{1,2}(\/|$))[^/\n]+)+$/;
const RELATIVE = /^(?!\.{1,2}(\/|$)|-)[^/\n]+(\/(?!\.{1,2}(\/|$))[^/\n]+)*$/;
const ARCHIVE = /\.(tar\.gz|tgz)$/;

/** One value that has to look like something. */
function matches(at: string, value: string, pattern: RegExp, allowed: string): readonly string[] {
  return pattern.test(value) ? [] : [`${at} = ${JSON.stringify(value)}: must be ${allowed}`];
}

function inRange(at: string, value: number, least: number): readonly string[] {
  return Number.isInteger(value) && value >= least && value <= MOST_PORT
    ? []
    : [`${at} = ${String(value)}: must be a whole number from ${String(least)} to ${String(MOST_PORT)}`];
}

function repeated(at: string, values: readonly (string | number)[]): readonly string[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) === index ? [] : [`${at}: ${String(value)} stands twice; name each once`],
  );
}

function exporterProblems(at: string, exporter: HostExporter): readonly string[] {
  const { args = [], environment = {}, listenFlag, member } = exporter;
  return [
    ...matches(`${at}.version`, exporter.version, VERSION, "the version of the program, such as 1.10.2"),
    ...matches(`${at}.url`, exporter.url, URL, "an https, http or file URL without blanks, escapes or query"),
    ...matches(`${at}.sha256`, exporter.sha256, /^[0-9a-f]{64}$/, "64 hexadecimal digits in lower case"),
    ...inRange(`${at}.port`, exporter.port, LEAST_PORT),
    ...(member === undefined
      ? []
      : matches(`${at}.member`, member, RELATIVE, "a relative path without . or .. in it")),
    ...(ARCHIVE.test(exporter.url) === (member !== undefined)
      ? []
      : [`${at}.member: must be given for a .tar.gz or .tgz, and only there: the program's path inside it`]),
    ...(listenFlag === undefined
      ? []
      : matches(`${at}.listenFlag`, listenFlag, FLAG, "a flag such as --web.listen-address")),
    ...args.flatMap((arg, index) =>
      matches(`${at}.args[${String(index)}]`, arg, PRINTABLE, "one line of printable ASCII"),
    ),
    ...Object.entries(environment).flatMap(([name, value]) => [
      ...matches(`${at}.environment`, name, VARIABLE, "the name of a variable: letters, digits and _"),
      ...matches(`${at}.environment.${name}`, value, PRINTABLE, "one line of printable ASCII"),
    ]),
  ];
}

function mountProblems(at: string, { path, fsType }: HostMount): readonly string[] {
  return [
    ...matches(`${at}.path`, path, ABSOLUTE, "an absolute path without . or .. in it"),
    ...matches(`${at}.fsType`, fsType, /^[\w.-]+$/, "a type of file system, such as beegfs"),
  ];
}

function ownProblems(at: string, host: ExporterHost): readonly string[] {
  return [
    ...matches(`${at}.name`, host.name, NAME, "a DNS name: a-z, 0-9, inner hyphens and dots"),
    ...matches(`${at}.address`, host.address, IPV4, "an IPv4 address"),
    ...matches(`${at}.user`, host.user, USER, "the name of a user of the host"),
    ...inRange(`${at}.port`, host.port, 1),
    ...matches(
      `${at}.hostKey`,
      host.hostKey,
      HOST_KEY,
      "the host's public key as /etc/ssh/ssh_host_ed25519_key.pub has it, without its comment (ssh-rsa is not taken)",
    ),
    ...(host.exporters.length > 0
      ? []
      : [`${at}.exporters: must name at least one; leave the host out for none`]),
    ...repeated(
      `${at}.exporters`,
      host.exporters.map(({ kind }) => kind),
    ),
    ...repeated(
      `${at}.exporters: port`,
      host.exporters.map(({ port }) => port),
    ),
    ...repeated(
      `${at}.mounts`,
      host.mounts.map(({ path }) => path),
    ),
  ];
}

/** Everything that is wrong with a list of hosts, one sentence each: where, the value, what is allowed. */
export function hostProblems(hosts: readonly ExporterHost[]): readonly string[] {
  return [
    ...repeated(
      "hosts",
      hosts.map(({ name }) => name),
    ),
    ...repeated(
      "hosts",
      hosts.map(({ address }) => address),
    ),
    ...hosts.flatMap((host, index) => {
      const at = `hosts[${String(index)}]`;
      return [
        ...ownProblems(at, host),
        ...host.exporters.flatMap((exporter, number) =>
          exporterProblems(`${at}.exporters[${String(number)}]`, exporter),
        ),
        ...host.mounts.flatMap((mount, number) => mountProblems(`${at}.mounts[${String(number)}]`, mount)),
      ];
    }),
  ];
}
