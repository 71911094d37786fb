import type { ExporterHost } from "./exporterTypes";
import { hostScript, scriptCommand } from "./hostScript";
import { shellCommand, shellQuote } from "./shell";

/** What one read-only look at a host found. */
export interface Finding {
  /** What the last `up` noted on the host; empty where nothing is installed. */
  readonly mark: string;
  /** Eight hexadecimal digits that no other look has. */
  readonly nonce: string;
  /** What is not as declared, one sentence each: an `up` repairs it. */
  readonly drift: readonly string[];
  /** File systems that are not mounted as declared: only people can repair that. */
  readonly mounts: readonly string[];
}

const SECONDS = 15;

/** Options of ssh beside key, port and user: nothing of the caller's own configuration, the pinned host key alone. */
function sshOptions({ hostKey }: ExporterHost): readonly string[] {
  const [algorithm = ""] = hostKey.split(" ");
  const options = {
    BatchMode: "yes",
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    StrictHostKeyChecking: "yes",
    GlobalKnownHostsFile: "/dev/null",
    HostKeyAlias: "host",
    HostKeyAlgorithms: algorithm,
    ConnectTimeout: String(SECONDS),
    ServerAliveInterval: String(SECONDS),
    ServerAliveCountMax: "2",
    LogLevel: "ERROR",
  };
  return [
    "-F",
    "/dev/null",
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
  ];
}

/**
 * The local command that looks at a host: POSIX shell with OpenSSH's client. The private key comes on its standard
 * input and stands in a file only while it runs. It ends well in any case; a host that can not be asked is a line
 * `unreachable`.
 */
export function checkCommand(host: ExporterHost): string {
  const target = ["-p", String(host.port), "-l", host.user, "--", host.address, scriptCommand(host, "check")];
  return [
    "set -eu",
    "umask 077",
    "folder=$(mktemp -d)",
    `trap 'rm -rf -- "$folder"' EXIT`,
    "trap 'exit 1' HUP INT TERM",
    // a key without its last line break is none
    `{ cat && echo; } >"$folder/key"`,
    `printf '%s\\n' ${shellQuote(`host ${host.hostKey}`)} >"$folder/known"`,
    `printf '%s' ${shellQuote(hostScript(host, ""))} |`,
    `  ssh ${shellCommand(...sshOptions(host))} -o UserKnownHostsFile="$folder/known" -i "$folder/key" ${shellCommand(...target)} 2>"$folder/said" ||`,
    `  printf 'unreachable %s\\n' "$(tail -n 1 "$folder/said")"`,
  ].join("\n");
}

/** Reads what the check printed; throws an Error that says what to do where the host could not be asked. */
export function parseFinding(
  host: Pick<ExporterHost, "name" | "address" | "port">,
  printed: string,
): Finding {
  const lines = printed.split("\n");
  const all = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim());
  const [unreachable] = all("unreachable");
  const [mark] = all("mark");
  const [nonce] = all("nonce");
  if (unreachable !== undefined || mark === undefined || nonce === undefined) {
    const said = unreachable === undefined || unreachable === "" ? "its answer is incomplete" : unreachable;
    throw new Error(
      `host ${host.name} (${host.address}, SSH port ${String(host.port)}) can not be checked: ${said}. Nothing was ` +
        "changed on it. Bring it up, correct its address, host key, user or private key, or set paused: true for it " +
        "while it is down",
    );
  }
  return { mark, nonce, drift: all("drift"), mounts: all("mount") };
}

const LONGEST = 300;

/**
 * What the next `up` notes on the host. Where all is as declared, that is what stands there already, so that nothing
 * changes; else what is wrong, with a number that no earlier mark has, so that the same drift is found every time.
 */
export function nextMark({ mark, nonce, drift }: Finding): string {
  if (drift.length === 0 && mark !== "") return mark;
  const reasons = drift.length === 0 ? "nothing was installed" : drift.join("; ");
  const short = reasons.length > LONGEST ? `${reasons.slice(0, LONGEST)}...` : reasons;
  return `${short} (${nonce})`;
}
