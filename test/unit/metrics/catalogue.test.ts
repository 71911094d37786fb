import {
  catalogue,
  clusterRecorded,
  exporters,
  hubRecorded,
  localRecorded,
} from "../../../metrics/catalogue";
import * as all from "../../../metrics/catalogue";
import { transferStages } from "../../../metrics/catalogue/recorded/transfer";
import { CLUSTER_LEVEL, HUB_LEVEL, LOCAL_LEVEL } from "../../../metrics/levels";
import { seriesByName } from "../../../metrics/series";
import type { Metric } from "../../../metrics/types";
import type { RetentionReport } from "../../../workloads/model-sync/retention/report";
import { retentionFamilies } from "../../../workloads/model-sync/metrics/retention";
import type { Family } from "../../../workloads/model-sync/metrics/text";
import { transferFamilies } from "../../../workloads/model-sync/metrics/transfer";
import type { ModelState, SyncState } from "../../../workloads/model-sync/state/types";
import { noCounters, stages } from "../../../workloads/model-sync/state/types";

describe("the contract", () => {
  it("has a meaning, versions and labels for every metric", () => {
    const poor = catalogue.filter(
      ({ meaning, versions, exporter, labels }) =>
        meaning === "" || versions === "" || exporter === "" || !labels.includes("cluster"),
    );
    expect(poor.map(({ name }) => name)).toEqual([]);
  });

  it("writes names and labels as Prometheus allows, each label once", () => {
    const wrong = catalogue.filter(
      ({ name, labels }) =>
        !/^[a-zA-Z_][a-zA-Z0-9_:]*$/.test(name) ||
        labels.some((label) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) ||
        new Set(labels).size !== labels.length,
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("has every metric once", () => {
    const names = catalogue.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("lists the metrics of every exporter it has", () => {
    const exported = Object.values(all as Readonly<Record<string, unknown>>)
      .filter((value) => typeof value === "object" && value !== null && !Array.isArray(value))
      .flatMap((value) => Object.values(value as Readonly<Record<string, Metric | undefined>>))
      .filter((value) => value?.exporter !== undefined)
      .map((value) => value!);
    expect(exported.length).toBeGreaterThan(150);
    const listed = new Set(exporters.flatMap((metrics) => Object.values(metrics)));
    expect(exported.filter((metric) => !listed.has(metric)).map(({ name }) => name)).toEqual([]);
  });

  it("knows every name that a metric is said to have had, or to have in another exporter", () => {
    const names = new Set(catalogue.map(({ name }) => name));
    const unknown = catalogue.flatMap(({ name, renames = [] }) =>
      renames.filter((other) => !names.has(other)).map((other) => `${name}: ${other}`),
    );
    expect(unknown).toEqual([]);
    expect(catalogue.filter(({ renames }) => renames !== undefined).length).toBeGreaterThan(20);
  });

  it("calls a rename by its other name from both sides", () => {
    const byName = new Map(catalogue.map((metric) => [metric.name, metric]));
    const oneSided = catalogue.flatMap(({ name, renames = [] }) =>
      renames
        .filter((other) => byName.get(other)?.renames?.includes(name) !== true)
        .map((other) => [name, other]),
    );
    expect(oneSided).toEqual([]);
  });

  it("records under three levels, `level:metric:operations`", () => {
    const levels = [
      [CLUSTER_LEVEL, clusterRecorded],
      [LOCAL_LEVEL, localRecorded],
      [HUB_LEVEL, hubRecorded],
    ] as const;
    for (const [level, metrics] of levels) {
      const form = new RegExp(`^${level}[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$`);
      expect(metrics.filter(({ name }) => !form.test(name)).map(({ name }) => name)).toEqual([]);
    }
  });

  it("selects a histogram by its parts alone", () => {
    const name = "apiserver_request_duration_seconds";
    expect(seriesByName.has(name)).toBe(false);
    expect(
      ["_bucket", "_sum", "_count"].map((part) => seriesByName.get(name + part)?.labels.has("le")),
    ).toEqual([true, false, false]);
  });
});

describe("the contract of the worker that moves models", () => {
  const model: ModelState = {
    published: {
      snapshot: "s",
      digest: "d",
      files: 1,
      bytes: 1,
      version: { name: "hpc-tiny", version: "1" },
      stages: Object.fromEntries(stages.map((stage) => [stage, 1])),
    },
    outcome: "unchanged",
    reason: "timeout",
    seen: "2026-01-01T00:00:00Z",
    counters: noCounters,
  };
  const at = "2026-01-01T00:00:00Z";
  const state: SyncState = {
    schema: 1,
    member: "hpc",
    models: { tiny: model },
    lastRun: { started: at, finished: at, ok: true, outcomes: {} },
    lastSuccess: at,
    lastVerify: { finished: at, versions: 1, objects: 1, bytesReadBack: 1, faults: [], faultCount: 0 },
    retries: { timeout: 1 },
  };
  const kinds = { version: 0, unpublished: 0, noncurrent: 0, upload: 0 };
  const report = {
    finished: at,
    applied: false,
    reclaimableBytes: kinds,
    removedBytes: kinds,
    kept: 0,
    spared: 0,
    failed: 0,
    problems: [],
  } as unknown as RetentionReport;

  const served = (families: readonly Family[]) =>
    families
      .map(({ name, type, samples }) => ({
        name,
        type,
        labels: [...new Set(samples.flatMap(({ labels = {} }) => Object.keys(labels)))].sort(),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  /** What the contract says of those families, target labels left out. */
  const target = new Set(["cluster", "job", "instance", "namespace", "pod", "node", "service"]);
  const declared = (metrics: Readonly<Record<string, Metric>>, but: readonly string[]) =>
    Object.values(metrics)
      .filter(({ name }) => !but.includes(name))
      .map(({ name, type, labels }) => ({
        name,
        type,
        labels: labels.filter((label) => !target.has(label)).sort(),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));

  it("is what its exporter serves", () => {
    // these two are the server's own
    const own = ["model_transfer_build_info", "model_transfer_state_read_success"];
    expect(declared(all.modelTransfer, own)).toEqual(served(transferFamilies(state, 0)));
    expect(transferStages).toEqual(stages);
  });

  it("is what retention serves", () => {
    expect(declared(all.modelRetention, [])).toEqual(served(retentionFamilies(report)));
  });
});
