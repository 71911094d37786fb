import type { RetentionReport } from "../retention/report";
import type { Family, Sample } from "./text";

/** The metrics of the last retention run. */
export function retentionFamilies(report: RetentionReport): Family[] {
  const gauge = (name: string, help: string, samples: Sample[]): Family => ({
    name: `model_retention_${name}`,
    help,
    type: "gauge",
    samples,
  });
  const byKind = (values: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(values).map(([kind, value]) => ({ labels: { kind }, value }));
  return [
    gauge("last_run_timestamp_seconds", "End of the last retention run.", [
      { value: Date.parse(report.finished) / 1000 },
    ]),
    gauge("apply", "Whether that run removed anything, or only planned (0).", [
      { value: report.applied ? 1 : 0 },
    ]),
    gauge(
      "reclaimable_bytes",
      "Bytes that removal would free after that run.",
      byKind(report.reclaimableBytes),
    ),
    gauge("removed_bytes", "Bytes that run removed.", byKind(report.removedBytes)),
    gauge("kept_versions", "Published versions that stay.", [{ value: report.kept }]),
    gauge("spared", "Removals left out since the version came into use meanwhile.", [
      { value: report.spared },
    ]),
    gauge("failures", "Removals that failed.", [{ value: report.failed }]),
    gauge("problems", "Findings that a person should look at.", [{ value: report.problems.length }]),
  ];
}
