import type { ModelState, SyncState } from "../state/types";
import type { Outcome } from "../types";
import type { Family, Sample } from "./text";

/** Outcomes that leave something to do. */
const unfinished: ReadonlySet<Outcome> = new Set(["published", "waiting", "stuck", "failed", "unreadable"]);

const secondsOf = (iso: string | undefined): number | undefined => {
  const ms = Date.parse(iso ?? "");
  return Number.isNaN(ms) ? undefined : ms / 1000;
};

const sample = (value: number | undefined, labels?: Readonly<Record<string, string>>): Sample[] =>
  value === undefined ? [] : [{ value, ...(labels && { labels }) }];

/** Version as the registry counts it; `pending` before it is registered. */
const versionOf = (state: ModelState): string => state.published?.version?.version ?? "pending";

/** When the model was last found whole in bucket and registry: now unchanged, or else registered. */
const lastSuccess = (state: ModelState): number | undefined =>
  state.outcome === "unchanged" || state.outcome === "registered"
    ? secondsOf(state.seen)
    : state.published?.stages.registered;

/** Seconds since when the bucket and the registry lack what the source holds; 0 when they lack nothing. */
export function lagSeconds(state: ModelState, nowSeconds: number): number {
  const changing = secondsOf(state.observed?.changing);
  const unregistered = state.published !== undefined && state.published.version === undefined;
  const since = [changing, unregistered ? state.published.stages.trained : undefined].filter(
    (time) => time !== undefined,
  );
  if (state.quarantined !== undefined) since.push(secondsOf(state.quarantined.at) ?? nowSeconds);
  return since.length === 0 ? 0 : Math.max(0, nowSeconds - Math.min(...since));
}

/** The transfer's metrics as the state tells them; `nowSeconds` is only for ages. */
export function transferFamilies(state: SyncState, nowSeconds: number): Family[] {
  const models = Object.entries(state.models).sort(([a], [b]) => (a < b ? -1 : 1));
  const perModel = (of: (state: ModelState, model: string) => Sample[]): Sample[] =>
    models.flatMap(([model, value]) => of(value, model));
  const withOutcome = (outcome: Outcome): Sample[] => [
    { value: models.filter(([, model]) => model.outcome === outcome).length },
  ];
  const gauge = (name: string, help: string, samples: Sample[]): Family => ({
    name: `model_transfer_${name}`,
    help,
    type: "gauge",
    samples,
  });
  const counter = (name: string, help: string, samples: Sample[]): Family => ({
    name: `model_transfer_${name}`,
    help,
    type: "counter",
    samples,
  });

  return [
    gauge(
      "run_last_success_timestamp_seconds",
      "End of the last run in which every model came to a good end.",
      sample(secondsOf(state.lastSuccess)),
    ),
    gauge("run_last_timestamp_seconds", "End of the last run.", sample(secondsOf(state.lastRun?.finished))),
    gauge(
      "last_success_timestamp_seconds",
      "When the model was last found whole in bucket and registry.",
      perModel((value, model) => sample(lastSuccess(value), { model })),
    ),
    gauge(
      "stage_timestamp_seconds",
      "When the model's last version reached each stage.",
      perModel((value, model) =>
        Object.entries(value.published?.stages ?? {}).flatMap(([stage, time]) =>
          sample(time, { model, version: versionOf(value), stage }),
        ),
      ),
    ),
    counter(
      "bytes_total",
      "Bytes brought into the bucket, by how.",
      perModel(({ counters }, model) => [
        { labels: { model, result: "sent" }, value: counters.bytesSent },
        { labels: { model, result: "copied" }, value: counters.bytesCopied },
      ]),
    ),
    counter(
      "files_total",
      "Files brought into the bucket, by how.",
      perModel(({ counters }, model) => [
        { labels: { model, result: "sent" }, value: counters.filesSent },
        { labels: { model, result: "copied" }, value: counters.filesCopied },
        { labels: { model, result: "adopted" }, value: counters.filesAdopted },
      ]),
    ),
    counter(
      "checksum_mismatch_total",
      "Checksums that differed between source and bucket.",
      perModel(({ counters }, model) => [{ labels: { model }, value: counters.checksumMismatches }]),
    ),
    counter(
      "retries_total",
      "Requests tried again, by reason.",
      Object.entries(state.retries)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([reason, value]) => ({ labels: { reason }, value })),
    ),
    gauge("queue_depth", "Models that wait for anything still to be done.", [
      { value: models.filter(([, { outcome }]) => unfinished.has(outcome)).length },
    ]),
    gauge("quarantined", "Models whose bytes could not be proven; nothing of them is registered.", [
      { value: models.filter(([, { quarantined }]) => quarantined !== undefined).length },
    ]),
    gauge("waiting", "Models that are still being written.", withOutcome("waiting")),
    gauge("stuck", "Models that have been written to for longer than is waited.", withOutcome("stuck")),
    gauge(
      "lag_seconds",
      "Age of the oldest content of the model that is not yet registered; 0 when all is.",
      perModel((value, model) => [{ labels: { model }, value: lagSeconds(value, nowSeconds) }]),
    ),
    gauge(
      "state_info",
      "The model's last version and what the last run said of it.",
      perModel((value, model) => [
        {
          labels: {
            model,
            version: versionOf(value),
            digest: value.published?.digest ?? "",
            outcome: value.outcome,
            reason: value.reason ?? "",
          },
          value: 1,
        },
      ]),
    ),
    gauge(
      "verify_last_timestamp_seconds",
      "End of the last verification of what is published.",
      sample(secondsOf(state.lastVerify?.finished)),
    ),
    gauge(
      "verify_faults",
      "Objects that the last verification found gone or different.",
      sample(state.lastVerify?.faultCount),
    ),
  ];
}
