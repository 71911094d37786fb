import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRootShared } from "../../../sandbox/clusters/machine";
import { CommandError, run } from "../../../sandbox/system/commands";
import { isDaemonAlive, readPidFile, startDaemon, stopDaemon } from "../../../sandbox/system/daemons";
import { parseMountInfo } from "../../../sandbox/system/mounts";
import { listProcesses, ownLineage, startTimeOf } from "../../../sandbox/system/processes";
import { waitFor } from "../../../sandbox/system/waiting";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "system-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const sleeper = (): Parameters<typeof startDaemon>[0] => ({
  name: "sleeper",
  argv: ["sleep", "600"],
  logFile: join(folder, "sleeper.log"),
  pidFile: join(folder, "sleeper.pid"),
});

describe("run", () => {
  it("answers standard output and hands over standard input", async () => {
    await expect(run(["cat"], { input: "text" })).resolves.toBe("text");
  });

  it("shows command, exit code and standard error on failure", async () => {
    await expect(run(["sh", "-c", "echo reason >&2; exit 3"])).rejects.toThrow(
      new CommandError(["sh", "-c", "echo reason >&2; exit 3"], 3, "reason"),
    );
  });

  it("lets nothing of the caller's environment in", async () => {
    const names = (await run(["env"]))
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names.sort()).toEqual(["HOME", "LANG", "PATH"]);
  });
});

describe("daemons", () => {
  it("outlive nothing that stops them, and leave no pid file", async () => {
    const spec = sleeper();
    const { pid } = await startDaemon(spec);
    expect(isDaemonAlive(spec.pidFile)).toBe(true);
    expect(readFileSync(spec.logFile, "utf8")).toMatch(/^--- \S+ sleep 600\n$/);
    await stopDaemon("sleeper", spec.pidFile);
    expect(startTimeOf(pid)).toBeUndefined();
    expect(readPidFile(spec.pidFile)).toBeUndefined();
  });

  it("never signals a process that has the pid of an old one", async () => {
    const spec = sleeper();
    const { pid, startTime } = await startDaemon(spec);
    const other = join(folder, "other.pid");
    writeFileSync(other, `${pid} 1\n`);
    expect(isDaemonAlive(other)).toBe(false);
    await stopDaemon("other", other);
    expect(startTimeOf(pid)).toBe(startTime);
    await stopDaemon("sleeper", spec.pidFile);
  });

  it("take a half-written pid file for none", () => {
    const file = join(folder, "half.pid");
    writeFileSync(file, "123");
    expect(readPidFile(file)).toBeUndefined();
    expect(isDaemonAlive(file)).toBe(false);
  });

  it("fail when there is no such program", async () => {
    await expect(startDaemon({ ...sleeper(), argv: ["/nonexistent/program"] })).rejects.toThrow(/ENOENT/);
  });
});

describe("processes", () => {
  it("are listed with their arguments, executable and network namespace", () => {
    const self = listProcesses().find(({ pid }) => pid === process.pid);
    expect(self?.executable).toBe("node");
    expect(self?.startTime).toBe(startTimeOf(process.pid));
    expect(self?.networkNamespace).toMatch(/^\d+$/);
  });

  it("of one's own lineage reach from here to init", () => {
    const lineage = ownLineage();
    expect([process.pid, process.ppid, 1].filter((pid) => !lineage.has(pid))).toEqual([]);
  });
});

describe("waitFor", () => {
  it("answers what the condition finds", async () => {
    let looks = 0;
    await expect(
      waitFor("three", () => Promise.resolve(++looks === 3 && looks), { deadline: 5_000, interval: 1 }),
    ).resolves.toBe(3);
  });

  it("says what it waited for, the last error and the end of the log", async () => {
    const log = join(folder, "some.log");
    writeFileSync(log, "first\nlast words\n");
    const never = (): Promise<boolean> => Promise.reject(new Error("refused"));
    await expect(waitFor("the server", never, { deadline: 0, log })).rejects.toThrow(
      `the server: not within 0 s\nlast error: refused\nend of ${log}:\nfirst\nlast words`,
    );
  });

  it("gives up at once when there is no hope", async () => {
    await expect(
      waitFor("the server", () => Promise.resolve(false), {
        deadline: 60_000,
        hopeless: () => "it has ended",
      }),
    ).rejects.toThrow("the server: it has ended");
  });
});

describe("mountinfo", () => {
  const text = [
    "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "42 27 0:4 / /run/with\\040space rw - tmpfs tmpfs rw",
  ].join("\n");

  it("is read with its escapes", () => {
    expect(parseMountInfo(text)).toEqual(["/", "/run/with space"]);
  });

  it("tells whether the root mount is shared", () => {
    expect(isRootShared(text)).toBe(true);
    expect(isRootShared(text.replace(" shared:1", ""))).toBe(false);
    expect(isRootShared(text.replace(" shared:1", " master:1"))).toBe(false);
  });
});
