import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { main, reportOptions, writeReport } from "../../../commands/benchmarkReport";
import { reportOf } from "../../../workloads/benchmark/report";
import { judgedSchema } from "../../../workloads/benchmark/report/judgedSchema";
import { linearTicks, logTicks } from "../../../workloads/benchmark/report/svg";
import type { Load, Result } from "../../../workloads/benchmark/result";
import { runAgainst, withWarm } from "../../support/benchmark";

/** Saturates early, scales late, on simulated GPUs: something of everything. */
const mixed: Result = runAgainst({
  server: { slots: 2, server: { kvCacheUsed: 0.3 } },
  target: { simulated: true, slos: { requestsPerSecondPerGpu: 60 } },
  warmRate: 20,
  start: 20,
  autoscaling: {
    rateAfter: 80,
    returnSeconds: 140,
    phases: [
      { phase: "metric-seen", seconds: 18 },
      { phase: "decision", seconds: 80 },
      { phase: "pod-created", seconds: 0.4 },
      { phase: "scheduled", seconds: 0.1 },
      { phase: "image", seconds: 2.5 },
      { phase: "model", seconds: 14 },
      { phase: "ready", seconds: 24 },
      { phase: "in-rotation", seconds: 1 },
    ],
    totalSeconds: 140,
    timeline: [
      { seconds: -20, rate: 20, desired: 1, inRotation: 1 },
      { seconds: 0, rate: 80, desired: 1, inRotation: 1 },
      { seconds: 98, rate: 80, desired: 3, inRotation: 1 },
      { seconds: 133, rate: 80, desired: 3, inRotation: 2 },
      { seconds: 140, rate: 80, desired: 3, inRotation: 3 },
      { seconds: 200, rate: 20, desired: 3, inRotation: 3 },
      { seconds: 330, rate: 20, desired: 1, inRotation: 1 },
      { seconds: 340, rate: 20, desired: 1, inRotation: 1 },
    ],
  },
});

/** So few answers that an interval is open. */
const few = ({ latencies }: Load): Partial<Load> => {
  const counts = [[latencies.counts[0]?.[0] ?? 0, 5]] as [number, number][];
  return { requests: 5, latencies: { counts, sumSeconds: 0.25 } };
};

const golden = (file: string): string => path.join(__dirname, "golden", file);

/** Compares with a kept file; `UPDATE_GOLDEN=1` writes it anew, to be looked at in the diff. */
function expectGolden(file: string, text: string): void {
  if (process.env.UPDATE_GOLDEN === "1") fs.writeFileSync(golden(file), text);
  expect(text).toBe(fs.readFileSync(golden(file), "utf8"));
}

describe("the report", () => {
  const { markdown, html, json } = reportOf(mixed);

  it("is the one that was looked at", () => {
    expectGolden("report.md", markdown);
    expectGolden("report.html", html);
  });

  it("is the same bytes each time", () => {
    expect(reportOf(mixed)).toEqual({ ...reportOf(mixed), json, html, markdown });
  });

  it("has three graphs, and asks nothing from anywhere", () => {
    expect([...html.matchAll(/<svg [^>]*aria-label="([^"]*)"/g)].map(([, label]) => label)).toEqual([
      expect.stringContaining("P50 and P95 of the latency against the rate"),
      "Autoscaling from 1 to 3 replicas: 2.33 min",
      "Cost of 1,000 requests at the knee by GPU type",
    ]);
    expect(html).not.toMatch(/<script|<link|<img|src=|url\(/);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
    expect(markdown).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("marks in every section that it is simulated", () => {
    const headings = markdown.split("\n").filter((line) => line.startsWith("## "));
    expect(headings).toHaveLength(8);
    for (const heading of headings) expect(heading).toMatch(/ \(simulated\)$/);
    expect(html).toContain("(simulated)</title>");
    const real = reportOf(runAgainst());
    expect(real.markdown).not.toContain("imulated");
    expect(real.html.replace(/<style>.*<\/style>/s, "")).not.toContain("imulated");
  });

  it("prints 'not measured' for a GPU type without a run", () => {
    expect(markdown).toContain(`| tesla-t4 | 0.35 USD |${" not measured |".repeat(6)}`);
  });

  it("keeps the evidence out of the judgement: that stands in the result", () => {
    expect(json).not.toContain('"counts"');
    expect(JSON.parse(json)).toMatchObject({
      knee: {
        confirmed: 2,
        steps: expect.arrayContaining([expect.objectContaining({ rate: 20, state: "met" })]) as unknown,
      },
    });
  });

  it.each<[string, Result]>([
    ["something of everything", mixed],
    ["a good run", runAgainst()],
    ["a starved client", runAgainst({ server: { client: { cpuCores: 0.99, limitCores: 1 } } })],
    ["no evidence at all", { ...runAgainst({ asked: ["warm"] }), asked: ["soak"], evidence: {} }],
    ["few samples", withWarm(runAgainst({ asked: ["warm"] }), few)],
  ])("is JSON of a schema: %s", (_, result) => {
    const written = JSON.parse(reportOf(result).json) as unknown;
    expect(judgedSchema.parse(written)).toEqual(written);
  });

  it("says in one line that there is no champion", () => {
    expect(markdown).toContain(
      "## Against the champion (simulated)\n\nNo champion has run under the same conditions.\n",
    );
  });

  it("tells what served at the warm rate and at the knee, and nothing that was not measured", () => {
    expect(markdown).toContain("| Mean of the window | Warm | Knee |");
    expect(markdown).toContain("| KV cache in use | 30 % | 30 % |");
    expect(markdown).not.toContain("Memory of the pods");
  });

  it("tells the usage of each pod, where the cluster was asked for it", () => {
    const pods = [{ name: "chat-predictor-1", cpuCores: 0.75, memoryBytes: 2.5 * 1024 ** 3 }];
    const report = reportOf(withWarm(mixed, () => ({ pods })));
    expect(report.markdown).toContain("| Window | Pod, by metrics.k8s.io | CPU | Memory |");
    expect(report.markdown).toContain("| Warm | chat-predictor-1 | 0.75 cores | 2560 MiB |");
    expect(markdown).not.toContain("metrics.k8s.io");
  });

  it("tells what each GPU did, by DCGM, and the tokens of a request", () => {
    const gpu = {
      id: "GPU-7",
      node: "gpu-1",
      type: "rtx-a6000",
      simulated: false,
      utilisation: [0.8, 0.9],
      engineActive: [0.4, 0.5],
      memoryUsedBytes: 20 * 1024 ** 3,
      energyJoules: 12_000,
    };
    const change = { gpus: [gpu], seconds: 60, requests: 3600, tokens: { prompt: 252_000, output: 115_200 } };
    const report = reportOf(withWarm(runAgainst({ asked: ["warm"] }), () => change));
    expect(report.markdown).toContain(
      "| Warm | GPU-7 on gpu-1 | rtx-a6000 | 85 % (2 scrapes) | 45 % | 20480 MiB | 200 W |",
    );
    expect(report.markdown).toContain(
      "| Tokens of a request, as the server counts | 70 in, 32 out, 1920 out a second |",
    );
    expect(report.markdown).toMatch(
      /\| Latency \| [\d.]+ ms by request\\_duration\\_seconds, [\d.]+ ms at the client \|/,
    );
  });

  it.each([
    [59, "P50 takes 60 samples, P95 takes 600 samples; 20 ms for each further token; 59 samples at 1 req/s"],
    [600, "P50 200 ms, P95 200 ms; 20 ms for each further token; 600 samples at 1 req/s"],
  ])("labels the time to first token of %d probes as sampled", (count, says) => {
    const result = runAgainst({ asked: ["warm"] });
    const sample = { firstToken: 0.2, total: 0.82, outputTokens: 32 };
    const streaming = {
      ratePerSecond: 1,
      failures: 2,
      samples: Array(count).fill(sample) as (typeof sample)[],
    };
    const report = reportOf({ ...result, evidence: { warm: { ...result.evidence.warm!, streaming } } });
    expect(report.markdown).toContain(`Time to first token (sampled): ${says}, 2 failed.`);
  });

  it("writes text as text", () => {
    const hostile = runAgainst({ target: { model: "<b>|*x" }, asked: ["warm"] });
    const report = reportOf(hostile);
    expect(report.html).toContain("&lt;b&gt;|*x");
    expect(report.html).not.toContain("<b>|*x");
    expect(report.markdown).toContain("\\<b>\\|\\*x");
  });
});

describe("npm run benchmark:report", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "report-"));
  const printed = jest.spyOn(console, "log").mockImplementation(() => undefined);
  afterAll(() => {
    printed.mockRestore();
    fs.rmSync(folder, { recursive: true });
  });

  it.each([
    ["pass", runAgainst(), 0],
    ["fail", mixed, 1],
    ["invalid", { ...runAgainst({ asked: ["warm"] }), asked: ["soak" as const] }, 2],
  ] as const)("ends with the code of the verdict %s", async (verdict, result, code) => {
    const file = path.join(folder, "result.json");
    fs.writeFileSync(file, JSON.stringify(result));
    await expect(writeReport(reportOptions([file]))).resolves.toBe(code);
    const judgement = JSON.parse(fs.readFileSync(path.join(folder, "judgement.json"), "utf8")) as object;
    expect(judgement).toMatchObject({ schema: 1, verdict });
    for (const name of ["report.md", "report.html"])
      expect(fs.readFileSync(path.join(folder, name), "utf8")).toContain("hpc-chat version 7 on cloud");
  });

  it.each([
    [[], "usage: npm run benchmark:report"],
    [["a", "b"], "usage: npm run benchmark:report"],
    [["--what"], "Unknown option '--what'"],
  ])("refuses %j", (args, says) => expect(() => reportOptions(args)).toThrow(says));

  it.each([
    ["result", ["schema", "run", "evidence", "target"]],
    ["judged", ["schema", "run", "verdict", "verdicts", "recommendations"]],
  ])("prints the JSON Schema of what runs keep: %s", async (name, fields) => {
    printed.mockClear();
    await expect(main(["--schema", name])).resolves.toBe(0);
    const schema = JSON.parse(String(printed.mock.calls[0]?.[0])) as {
      $schema: string;
      required: readonly string[];
      additionalProperties: boolean;
    };
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(schema.required).toEqual(expect.arrayContaining(fields));
    expect(schema.additionalProperties).toBe(false);
  });

  it("knows no other schema", () =>
    expect(main(["--schema", "report"])).rejects.toThrow("--schema report: one of result, judged"));

  it("names the file that is no JSON", async () => {
    const file = path.join(folder, "broken.json");
    fs.writeFileSync(file, "{");
    await expect(writeReport(reportOptions([file]))).rejects.toThrow(`${file}: `);
  });
});

describe("ticks", () => {
  it.each([
    [10, 5, [0, 2, 4, 6, 8, 10]],
    [140, 12, [0, 20, 40, 60, 80, 100, 120, 140]],
    [0.0037, 6, [0, 0.001, 0.002, 0.003, 0.004]],
    [0, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  ])("of a linear axis up to %d, at most %d", (top, most, ticks) => {
    expect(linearTicks(top, most)).toEqual(ticks);
  });

  it("of a logarithmic axis enclose all values", () => {
    expect(logTicks(0.031, 0.7)).toEqual([0.02, 0.05, 0.1, 0.2, 0.5, 1]);
    expect(logTicks(0.1, 0.1)).toEqual([0.1]);
  });
});
