import { spawnSync } from "node:child_process";
import { hostScript, listeningPattern, scriptCommand } from "../../../../components/hosts/hostScript";
import { dcgm, host, node, slurm } from "./samples";

const functions = (script: string): string => script.slice(script.indexOf("\nfail() {"));

test("the first line is the mark, the second part is the host's own, the rest is the same for all", () => {
  const script = hostScript(host(), "it's new (1234abcd)");
  expect(script.split("\n").slice(0, 8)).toEqual([
    "mark='it'\\''s new (1234abcd)'",
    "set -eu",
    "umask 022",
    "LC_ALL=C",
    "export LC_ALL",
    "root='/opt/federation-exporters'",
    "units=/etc/systemd/system",
    "names='node-exporter'",
  ]);
  expect(script).toContain("each_mount() {\n  \"$1\" '/mnt/beegfs' 'beegfs'\n}\n");
  expect(script).toContain(
    `each_exporter() {\n  "$1" 'node-exporter' '${node.url}' '${node.sha256}' '${node.member!}' ' (0B64A8C0|0{8}|0{32}):238C `,
  );
  const other = hostScript(host({ exporters: [dcgm, slurm], mounts: [] }), "");
  expect(functions(other)).toBe(functions(script));
  expect(other).toContain("each_mount() {\n  :\n}\n");
});

test("it is read whole before anything of it runs, and is a POSIX shell's", () => {
  const script = hostScript(
    host({ exporters: [{ ...node, args: ["$(touch /tmp/x)", "'; reboot; '"] }, dcgm, slurm] }),
    "mark",
  );
  expect(script.trimEnd().split("\n").at(-1)).toBe('main "$@" </dev/null');
  const { status, stderr } = spawnSync("sh", ["-n"], { input: script, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("it does only what it is told to", () => {
  const { status, stderr } = spawnSync("sh", ["-s", "format"], {
    input: hostScript(host(), ""),
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: "unknown: format\n" });
});

test("changes need root, a look does not", () => {
  expect(scriptCommand({ user: "root" }, "apply")).toBe("exec sh -s apply");
  expect(scriptCommand({ user: "admin" }, "apply")).toBe("exec sudo -n sh -s apply");
  expect(scriptCommand({ user: "admin" }, "remove")).toBe("exec sudo -n sh -s remove");
  expect(scriptCommand({ user: "admin" }, "check")).toBe("exec sh -s check");
});

test("a listener is told by its address and port in the kernel's tables", () => {
  const pattern = new RegExp(listeningPattern("192.168.100.11", 9100));
  const line = (local: string, state = "0A", remote = "00000000:0000"): string =>
    `   1: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  1000        0 30110 1`;
  expect(line("0B64A8C0:238C")).toMatch(pattern);
  expect(line("00000000:238C")).toMatch(pattern);
  expect(line(`${"0".repeat(32)}:238C`, "0A", `${"0".repeat(32)}:0000`)).toMatch(pattern);
  expect(line("0100007F:238C")).not.toMatch(pattern);
  expect(line("0B64A8C0:238D")).not.toMatch(pattern);
  expect(line("0B64A8C0:238C", "01", "0A64A8C0:C350")).not.toMatch(pattern);
});
