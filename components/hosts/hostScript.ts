import type { ExporterHost, HostExporter } from "./exporterTypes";
import { shellCommand, shellQuote } from "./shell";
import { exporterName, INSTALL_ROOT, unitFile } from "./unitFile";

/** What the script is told to do with its host; `check` only reads. */
export type Verb = "check" | "apply" | "remove";

/**
 * The lines of the kernel's socket tables (/proc/net/tcp, tcp6) of one who listens on a port at this address or at
 * all of them, as an extended regular expression.
 */
export function listeningPattern(address: string, port: number): string {
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, "0");
  // the kernel writes an address as a number of the machine, the lowest byte first on x86 and ARM
  const own = address
    .split(".")
    .reverse()
    .map((part) => hex(Number(part), 2))
    .join("");
  return ` (${own}|0{8}|0{32}):${hex(port, 4)} [0-9A-F]+:0000 0A `;
}

/** What of the script is the same for every host. POSIX shell; `$mark` and both `each_` functions come before it. */
const FUNCTIONS = String.raw`
fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

# Says what is mounted otherwise than declared. Arguments: mount point, type.
examine_mount() {
  found=$(findmnt -n -o FSTYPE -M "$1" | tail -n 1)
  if [ -z "$found" ]; then
    printf '%s is to be mounted as %s and is not mounted\n' "$1" "$2"
  elif [ "$found" != "$2" ]; then
    printf '%s is to be mounted as %s and is %s\n' "$1" "$2" "$found"
  fi
}

# Drop-ins of a unit, where "systemctl edit" and "systemctl set-property" put them.
drop_ins() {
  for folder in "$units" /run/systemd/system /etc/systemd/system.control /run/systemd/system.control; do
    [ ! -e "$folder/$1.d" ] || printf '%s\n' "$folder/$1.d"
  done
}

# Says what of an exporter is not as declared. Arguments, of all functions below:
# name, URL, SHA-256, path in the archive, pattern of its socket, text of its unit.
examine() {
  unit=federation-$1.service
  if [ ! -e "$root/bin/$1" ] && [ ! -e "$units/$unit" ]; then
    printf '%s is not installed\n' "$1"
    return
  fi
  if [ "$(cat "$root/$1.source" 2>/dev/null)" != "$3 $4" ]; then
    printf 'the program of %s is not the declared one\n' "$1"
  elif ! sha256sum -c --status "$root/$1.sha256" 2>/dev/null; then
    printf 'the program of %s was changed\n' "$1"
  fi
  if [ "$(cat "$units/$unit" 2>/dev/null)" != "$6" ]; then
    printf '%s differs from its declaration\n' "$unit"
  fi
  for folder in $(drop_ins "$unit"); do
    printf '%s overrides settings\n' "$folder"
  done
  if [ "$(systemctl show -p NeedDaemonReload --value "$unit")" = yes ]; then
    printf '%s was changed since systemd read it\n' "$unit"
  fi
  state=$(systemctl is-active "$unit" || true)
  [ "$state" = active ] || printf '%s is %s\n' "$unit" "$state"
  state=$(systemctl is-enabled "$unit" 2>/dev/null || true)
  [ "$state" = enabled ] || printf '%s does not start at boot\n' "$unit"
}

download() {
  case $1 in
    file://*) cp -- "$(printf '%s\n' "$1" | cut -c 8-)" "$2" ;;
    *)
      if command -v curl >/dev/null; then
        curl -fsSL --retry 3 --connect-timeout 15 -o "$2" -- "$1"
      elif command -v wget >/dev/null; then
        wget -q -T 15 -O "$2" -- "$1"
      else
        fail "neither curl nor wget is installed, one is needed to download $1"
      fi
      ;;
  esac
}

# Brings the declared program to its place, whole or not at all; nothing unverified ever gets there.
install_program() {
  if [ "$(cat "$root/$1.source" 2>/dev/null)" = "$3 $4" ] && sha256sum -c --status "$root/$1.sha256" 2>/dev/null; then
    return
  fi
  download "$2" "$work/source" || fail "$1 can not be downloaded from $2"
  found=$(sha256sum <"$work/source" | cut -d ' ' -f 1)
  [ "$found" = "$3" ] || fail "$2 has the SHA-256 $found, declared is $3: nothing of it was installed"
  program=$work/source
  if [ -n "$4" ]; then
    mkdir -p "$work/archive"
    tar -xzf "$work/source" -C "$work/archive" -- "$4" || fail "$2 holds no $4"
    program=$work/archive/$4
  fi
  chown root:root "$program"
  chmod 0755 "$program"
  mv -f -- "$program" "$root/bin/$1"
  if command -v restorecon >/dev/null; then restorecon "$root/bin/$1"; fi
  sha256sum "$root/bin/$1" >"$root/$1.sha256"
  printf '%s %s\n' "$3" "$4" >"$root/$1.source"
}

listens() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -Eq -- "$1"
}

# Waits until a unit runs and listens; says the last lines of its log where it does not within 30 seconds.
await_unit() {
  tries=150
  until [ "$(systemctl is-active "$1" || true)" = active ] && listens "$2"; do
    tries=$((tries - 1))
    if [ "$tries" = 0 ]; then
      journalctl -u "$1" -n 10 -o cat --no-pager >&2 || true
      fail "$1 does not listen on its port"
    fi
    sleep 0.2
  done
}

# Brings an exporter to what is declared; one that is so already is left alone.
settle() {
  [ -n "$(examine "$@")" ] || return 0
  unit=federation-$1.service
  install_program "$@"
  systemctl stop "$unit" 2>/dev/null || true
  if listens "$5"; then fail "the port of $unit is taken by another program"; fi
  printf '%s\n' "$6" >"$work/unit"
  mv -f -- "$work/unit" "$units/$unit"
  for folder in $(drop_ins "$unit"); do rm -rf -- "$folder"; done
  systemctl daemon-reload
  systemctl enable --quiet "$unit"
  systemctl start "$unit"
  await_unit "$unit" "$5"
}

# Takes an exporter off the host. Only the name is given.
forget() {
  unit=federation-$1.service
  systemctl stop "$unit" 2>/dev/null || true
  for folder in $(drop_ins "$unit"); do rm -rf -- "$folder"; done
  rm -f -- "$units/$unit" "$units"/*.wants/"$unit" "$root/bin/$1" "$root/$1.source" "$root/$1.sha256"
  systemctl daemon-reload
  systemctl reset-failed "$unit" 2>/dev/null || true
}

# Takes those off the host that are there and not among the names.
prune() {
  for file in "$units"/federation-*-exporter.service; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .service | cut -c 12-)
    case " $* " in
      *" $name "*) ;;
      *) forget "$name" ;;
    esac
  done
}

# A first installation that fails leaves the host as it was.
undo() {
  status=$?
  rm -rf -- "$work"
  if [ "$status" != 0 ] && [ ! -e "$root/mark" ]; then remove; fi
  exit "$status"
}

check() {
  printf 'mark %s\n' "$(cat "$root/mark" 2>/dev/null || true)"
  printf 'nonce %s\n' "$(cut -c 1-8 /proc/sys/kernel/random/uuid)"
  each_exporter examine | sed 's/^/drift /'
  each_mount examine_mount | sed 's/^/mount /'
}

apply() {
  problems=$(each_mount examine_mount)
  [ -z "$problems" ] || fail "$problems"
  mkdir -p "$root/bin"
  work=$(mktemp -d "$root/work.XXXXXX")
  trap undo EXIT
  each_exporter settle
  # shellcheck disable=SC2086
  prune $names
  printf '%s\n' "$mark" >"$root/mark"
}

remove() {
  each_exporter forget
  prune
  rm -rf -- "$root"
}

main() {
  case $1 in
    check | apply | remove) "$1" ;;
    *) fail "unknown: $1" ;;
  esac
}

# read whole before anything of it runs
main "$@" </dev/null
`;

function visitor(name: string, calls: readonly (readonly string[])[]): string {
  const lines = calls.map((words) => `  "$1" ${shellCommand(...words)}`);
  return [`${name}() {`, ...(lines.length === 0 ? ["  :"] : lines), "}"].join("\n");
}

function exporterWords(host: ExporterHost, exporter: HostExporter): readonly string[] {
  return [
    exporterName(exporter),
    exporter.url,
    exporter.sha256,
    exporter.member ?? "",
    listeningPattern(host.address, exporter.port),
    unitFile(host, exporter),
  ];
}

/**
 * The one script of a host, which checks it, brings it to what is declared, or cleans it: run by `sh -s` with a verb.
 * `mark` is what is noted on the host when that is done; it stands in the first line.
 */
export function hostScript(host: ExporterHost, mark: string): string {
  return [
    `mark=${shellQuote(mark)}`,
    "set -eu",
    "umask 022",
    "LC_ALL=C",
    "export LC_ALL",
    `root=${shellQuote(INSTALL_ROOT)}`,
    "units=/etc/systemd/system",
    `names=${shellQuote(host.exporters.map(exporterName).join(" "))}`,
    visitor(
      "each_mount",
      host.mounts.map(({ path, fsType }) => [path, fsType]),
    ),
    visitor(
      "each_exporter",
      host.exporters.map((exporter) => exporterWords(host, exporter)),
    ),
    FUNCTIONS.trimStart(),
  ].join("\n");
}

/** The command line that runs a host's script, which comes on its standard input; changes need root. */
export function scriptCommand({ user }: Pick<ExporterHost, "user">, verb: Verb): string {
  const root = verb === "check" || user === "root" ? [] : ["sudo -n"];
  return ["exec", ...root, "sh -s", verb].join(" ");
}
