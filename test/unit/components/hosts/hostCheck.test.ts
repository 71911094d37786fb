import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkCommand, nextMark, parseFinding } from "../../../../components/hosts/hostCheck";
import type { Finding } from "../../../../components/hosts/hostCheck";
import { hostScript } from "../../../../components/hosts/hostScript";
import { host, HOST_KEY } from "./samples";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "host-check-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the check with a shell script in the place of ssh. */
const check = (ssh: string, of = host()) => {
  writeFileSync(join(folder, "ssh"), `#!/bin/sh\n${ssh}\n`);
  chmodSync(join(folder, "ssh"), 0o755);
  const run = spawnSync("/bin/sh", ["-c", checkCommand(of)], {
    encoding: "utf8",
    input: "the private key",
    env: { PATH: `${folder}:/usr/bin:/bin`, TMPDIR: folder },
  });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
};
const kept = (name: string): string => readFileSync(join(folder, name), "utf8");

describe("the check", () => {
  it("asks the host with its pinned key, sends the script, and leaves no key behind", () => {
    const save = `
for word in "$@"; do printf '%s\\n' "$word"; done >${folder}/words
while [ "$1" != -i ]; do case $1 in UserKnownHostsFile=*) cp "\${1#*=}" ${folder}/known ;; esac; shift; done
cp -p "$2" ${folder}/key; dirname "$2" >${folder}/where
cat >${folder}/script
echo "mark m"; echo "nonce 1234abcd"`;
    expect(check(save, host({ port: 2222, user: "admin" }))).toEqual({
      status: 0,
      stdout: "mark m\nnonce 1234abcd\n",
      stderr: "",
    });
    const words = kept("words").trimEnd().split("\n");
    expect(words.slice(-8)).toEqual([
      expect.stringMatching(/\/key$/) as unknown,
      "-p",
      "2222",
      "-l",
      "admin",
      "--",
      "192.168.100.11",
      "exec sh -s check",
    ]);
    expect(words).toEqual(
      expect.arrayContaining([
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        "HostKeyAlias=host",
        "HostKeyAlgorithms=ssh-ed25519",
      ]),
    );
    expect(kept("known")).toBe(`host ${HOST_KEY}\n`);
    expect(kept("key")).toBe("the private key\n");
    expect(statSync(join(folder, "key")).mode & 0o777).toBe(0o600);
    expect(kept("script")).toBe(hostScript(host(), ""));
    expect(existsSync(kept("where").trim())).toBe(false);
  });

  it("ends well where the host can not be asked, with ssh's last word, and leaves no key behind", () => {
    const refuse = `while [ "$1" != -i ]; do shift; done; dirname "$2" >${folder}/where
echo "first" >&2; echo "ssh: connect to host 192.168.100.11 port 22: Connection refused" >&2; exit 255`;
    expect(check(refuse)).toEqual({
      status: 0,
      stdout: "unreachable ssh: connect to host 192.168.100.11 port 22: Connection refused\n",
      stderr: "",
    });
    expect(existsSync(kept("where").trim())).toBe(false);
  });
});

describe("a finding", () => {
  it("is read line by line", () => {
    const printed = "mark why (1)\nnonce 1234abcd\ndrift a is inactive\ndrift b\nmount /m is not mounted\n";
    expect(parseFinding(host(), printed)).toEqual({
      mark: "why (1)",
      nonce: "1234abcd",
      drift: ["a is inactive", "b"],
      mounts: ["/m is not mounted"],
    });
    expect(parseFinding(host(), "mark \nnonce 1234abcd")).toEqual({
      mark: "",
      nonce: "1234abcd",
      drift: [],
      mounts: [],
    });
  });

  it.each([
    ["unreachable Permission denied (publickey).", "Permission denied (publickey)."],
    ["unreachable \n", "its answer is incomplete"],
    ["", "its answer is incomplete"],
    ["mark a\n", "its answer is incomplete"],
  ])("%j is an error that names the host and says what to do", (printed, reason) => {
    expect(() => parseFinding(host(), printed)).toThrow(
      `host compute-01 (192.168.100.11, SSH port 22) can not be checked: ${reason}. Nothing was changed on it. Bring it ` +
        "up, correct its address, host key, user or private key, or set paused: true for it while it is down",
    );
  });
});

describe("the mark of the next up", () => {
  const finding = (more: Partial<Finding>): Finding => ({
    mark: "node-exporter is not installed (11111111)",
    nonce: "22222222",
    drift: [],
    mounts: [],
    ...more,
  });

  it("stays where all is as declared, whatever the look's own number", () => {
    expect(nextMark(finding({}))).toBe("node-exporter is not installed (11111111)");
    expect(nextMark(finding({ mounts: ["/m is not mounted"] }))).toBe(
      "node-exporter is not installed (11111111)",
    );
  });

  it("says what differs, and is another each time", () => {
    expect(nextMark(finding({ drift: ["a is inactive", "b was edited"] }))).toBe(
      "a is inactive; b was edited (22222222)",
    );
    expect(nextMark(finding({ drift: ["a is inactive"], nonce: "33333333" }))).toBe(
      "a is inactive (33333333)",
    );
  });

  it("is new where the host has none, though nothing differs", () => {
    expect(nextMark(finding({ mark: "" }))).toBe("nothing was installed (22222222)");
  });

  it("is short", () => {
    expect(nextMark(finding({ drift: ["x".repeat(1_000)] }))).toBe(`${"x".repeat(300)}... (22222222)`);
  });
});
