import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { childSecondsOf, measured, peakOf } from "../../../../bench/sync/process";

describe("figures of /proc", () => {
  it("give the peak in MiB, and none once the process has ended", () => {
    expect(peakOf("Name:\tnode\nVmPeak:\t  999 kB\nVmHWM:\t  307200 kB\nVmRSS:\t 1 kB\n")).toBe(300);
    expect(peakOf("Name:\tnode\nState:\tZ (zombie)\n")).toBeUndefined();
    expect(peakOf("")).toBeUndefined();
  });

  it("give the seconds of children, whatever the process is called", () => {
    const numbers = ["S", ...Array.from({ length: 12 }, (_, at) => String(at)), "250", "75", "20", "0"];
    expect(childSecondsOf(`42 (a) b (c)) ${numbers.join(" ")}\n`)).toBe(3.25);
    expect(childSecondsOf(fs.readFileSync("/proc/self/stat", "utf8"))).toBeGreaterThanOrEqual(0);
  });
});

describe("a measured command", () => {
  let folder: string;
  const node = (script: string) => ({
    program: process.execPath,
    args: ["-e", script],
    env: { WORD: "said" },
  });
  const log = (): string => path.join(folder, "log");

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "measured-"));
  });

  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("gives what it printed and took, with its own environment", async () => {
    const script = `
      const held = Buffer.alloc(64 << 20, 1);
      const until = process.cpuUsage().user + 200_000;
      while (process.cpuUsage().user < until);
      console.log(process.env.WORD, Object.keys(process.env).includes("HOME"), held.length);
      console.error("both");`;
    const ran = await measured(node(script), log());
    expect(ran.output).toBe("said false 67108864\nboth\n");
    expect(ran.cpuSeconds).toBeGreaterThanOrEqual(0.2);
    expect(ran.seconds).toBeGreaterThanOrEqual(0.2);
    expect(ran.peakMiB).toBeGreaterThan(64);
  });

  it("fails with what it said when it ends otherwise than expected", async () => {
    const failing = node(`console.log("why"); process.exitCode = 3;`);
    await expect(measured(failing, log())).rejects.toThrow(/-e console.log.* ended with 3, not 0:\nwhy/s);
    expect((await measured(failing, log(), 3)).output).toBe("why\n");
    await expect(measured({ ...failing, program: path.join(folder, "absent") }, log())).rejects.toThrow(
      "ENOENT",
    );
    await expect(measured(node("process.kill(process.pid, 'SIGKILL')"), log())).rejects.toThrow(
      "ended with SIGKILL, not 0",
    );
  });
});
