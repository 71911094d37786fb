import { execFileSync } from "node:child_process";
import { retentionFamilies } from "../../../workloads/model-sync/metrics/retention";
import { startExporter } from "../../../workloads/model-sync/metrics/server";
import { renderFamilies } from "../../../workloads/model-sync/metrics/text";
import { lagSeconds, transferFamilies } from "../../../workloads/model-sync/metrics/transfer";
import type { ModelState, SyncState } from "../../../workloads/model-sync/state/types";
import { emptyState, noCounters } from "../../../workloads/model-sync/state/types";

const now = Date.parse("2026-06-30T00:00:00Z") / 1000;
const stages = {
  trained: now - 500,
  quiescent: now - 400,
  uploaded: now - 300,
  verified: now - 290,
  registered: now - 280,
};
const registered: ModelState = {
  published: {
    snapshot: "s",
    digest: "d1",
    files: 2,
    bytes: 10,
    version: { name: "hpc-net", version: "7" },
    stages,
  },
  outcome: "unchanged",
  seen: "2026-06-29T23:59:00Z",
  counters: {
    ...noCounters,
    bytesSent: 10,
    bytesCopied: 3,
    filesSent: 2,
    filesCopied: 1,
    checksumMismatches: 1,
  },
};
const waiting: ModelState = {
  observed: { identity: "i", since: "2026-06-29T23:58:00Z", changing: "2026-06-29T23:50:00Z" },
  outcome: "waiting",
  reason: "not-quiescent",
  seen: "2026-06-29T23:59:00Z",
  counters: noCounters,
};
const state: SyncState = {
  ...emptyState("hpc"),
  models: { net: registered, 'odd "name"\\\n': waiting },
  lastRun: { started: "2026-06-29T23:58:30Z", finished: "2026-06-29T23:59:00Z", ok: true, outcomes: {} },
  lastSuccess: "2026-06-29T23:59:00Z",
  retries: { timeout: 3 },
};

interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A strict reader of the text format: every line is HELP, TYPE or a sample of the family announced before. */
function parse(text: string): Line[] {
  expect(text.endsWith("\n")).toBe(true);
  const lines: Line[] = [];
  let announced = "";
  const series = new Set<string>();
  const families = new Set<string>();
  for (const line of text.slice(0, -1).split("\n")) {
    const help = /^# HELP (\w+) \S.*$/.exec(line);
    const type = /^# TYPE (\w+) (counter|gauge)$/.exec(line);
    if (help !== null) {
      announced = help[1]!;
      expect(families.has(announced)).toBe(false);
      families.add(announced);
    } else if (type !== null) {
      expect(type[1]).toBe(announced);
      expect(announced.endsWith("_total")).toBe(type[2] === "counter");
    } else {
      const sample = /^(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (-?[\d.e+-]+|\+Inf|NaN)$/.exec(
        line,
      );
      expect(sample).not.toBeNull();
      expect(sample![1]).toBe(announced);
      const pairs = [...(sample![2] ?? "").matchAll(/(\w+)="((?:[^"\\\n]|\\["\\n])*)"/g)];
      const id = line.slice(0, line.lastIndexOf(" "));
      expect(series.has(id)).toBe(false);
      series.add(id);
      lines.push({
        name: announced,
        labels: Object.fromEntries(pairs.map(([, label, value]) => [label!, value!])),
        value: Number(sample![3]),
      });
    }
  }
  return lines;
}

const valueOf = (
  lines: readonly Line[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number[] =>
  lines
    .filter(
      (line) =>
        line.name === name && Object.entries(labels).every(([label, value]) => line.labels[label] === value),
    )
    .map(({ value }) => value);

describe("transferFamilies", () => {
  const lines = parse(renderFamilies(transferFamilies(state, now)));
  it.each([
    ["model_transfer_run_last_success_timestamp_seconds", {}, now - 60],
    ["model_transfer_last_success_timestamp_seconds", { model: "net" }, now - 60],
    [
      "model_transfer_stage_timestamp_seconds",
      { model: "net", version: "7", stage: "registered" },
      now - 280,
    ],
    ["model_transfer_bytes_total", { model: "net", result: "sent" }, 10],
    ["model_transfer_bytes_total", { model: "net", result: "copied" }, 3],
    ["model_transfer_files_total", { model: "net", result: "sent" }, 2],
    ["model_transfer_checksum_mismatch_total", { model: "net" }, 1],
    ["model_transfer_retries_total", { reason: "timeout" }, 3],
    ["model_transfer_queue_depth", {}, 1],
    ["model_transfer_quarantined", {}, 0],
    ["model_transfer_waiting", {}, 1],
    ["model_transfer_stuck", {}, 0],
    ["model_transfer_lag_seconds", { model: "net" }, 0],
    ["model_transfer_lag_seconds", { model: 'odd \\"name\\"\\\\\\n' }, 600],
    [
      "model_transfer_state_info",
      { model: "net", digest: "d1", outcome: "unchanged", reason: "", version: "7" },
      1,
    ],
  ])("serves %s %j", (name, labels, value) => {
    expect(valueOf(lines, name, labels)).toEqual([value]);
  });

  it("keeps digests on one series a model", () => {
    expect(lines.filter(({ labels }) => labels.digest === "d1").map(({ name }) => name)).toEqual([
      "model_transfer_state_info",
    ]);
  });

  it("serves an empty state, and no series of what never happened", () => {
    const empty = parse(renderFamilies(transferFamilies(emptyState("hpc"), now)));
    expect(new Set(empty.map(({ name }) => name))).toEqual(
      new Set(["queue_depth", "quarantined", "waiting", "stuck"].map((name) => `model_transfer_${name}`)),
    );
  });

  it("passes promtool check metrics", () => {
    const report = {
      schema: 1 as const,
      finished: "2026-06-29T23:59:00Z",
      applied: true,
      reclaimableBytes: { version: 1, unpublished: 2, noncurrent: 3, upload: 4 },
      removedBytes: { version: 1, unpublished: 2, noncurrent: 3, upload: 4 },
      kept: 3,
      spared: 1,
      failed: 0,
      problems: ["one"],
    };
    const text = renderFamilies([...transferFamilies(state, now), ...retentionFamilies(report)]);
    expect(valueOf(parse(text), "model_retention_reclaimable_bytes", { kind: "noncurrent" })).toEqual([3]);
    const output = execFileSync("promtool", ["check", "metrics"], {
      input: text,
      encoding: "utf8",
      stdio: "pipe",
    });
    expect(output).toBe("");
  });
});

describe("lagSeconds", () => {
  it("counts from training while a version is published but not registered, and from the quarantine while it holds", () => {
    const { version, ...published } = registered.published!;
    expect(version).toBeDefined();
    expect(lagSeconds({ ...registered, published }, now)).toBe(500);
    const quarantined = {
      snapshot: "s2",
      reason: "checksum-mismatch" as const,
      detail: "",
      at: "2026-06-29T23:00:00Z",
    };
    expect(lagSeconds({ ...registered, quarantined }, now)).toBe(3600);
    expect(lagSeconds(registered, now)).toBe(0);
  });
});

describe("startExporter", () => {
  const get = async (
    port: number,
    path: string,
    method = "GET",
  ): Promise<[number, string, string | null]> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return [answer.status, await answer.text(), answer.headers.get("content-type")];
  };

  it("serves metrics and health, reads once per cache time, and says so when the state cannot be read", async () => {
    let reads = 0;
    let clock = 0;
    let broken = false;
    const errors: unknown[] = [];
    const exporter = await startExporter({
      host: "127.0.0.1",
      port: 0,
      cacheMs: 1000,
      now: () => clock,
      read: () => {
        reads += 1;
        return broken
          ? Promise.reject(new Error("no bucket"))
          : Promise.resolve(transferFamilies(state, now));
      },
      onError: (error) => errors.push(error),
    });
    try {
      const [status, text, type] = await get(exporter.port, "/metrics");
      expect([status, type]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
      const lines = parse(text);
      expect(valueOf(lines, "model_transfer_build_info", { node: process.version })).toEqual([1]);
      expect(valueOf(lines, "model_transfer_state_read_success")).toEqual([1]);
      await get(exporter.port, "/metrics");
      expect(reads).toBe(1);
      broken = true;
      clock = 1000;
      const failed = parse((await get(exporter.port, "/metrics"))[1]);
      expect(failed.map(({ name, value }) => [name, value])).toEqual([
        ["model_transfer_build_info", 1],
        ["model_transfer_state_read_success", 0],
      ]);
      expect(errors).toHaveLength(1);
      expect((await get(exporter.port, "/healthz")).slice(0, 2)).toEqual([200, "ok\n"]);
      expect((await get(exporter.port, "/other"))[0]).toBe(404);
      expect((await get(exporter.port, "/metrics", "POST"))[0]).toBe(405);
    } finally {
      await exporter.close();
    }
  });
});
