import type { RetryDeps } from "../../retry";
import { retrying } from "../../retry";
import type { Manifest } from "../types";
import { SyncError } from "../types";
import type { Mlflow, Run } from "../../registry/mlflow";
import { quoted } from "../../registry/mlflow";
import { versionTags } from "../../registry/names";

/** What the transfer of one version cost, beyond what its manifest tells. */
export interface TransferFigures {
  /** Bytes that went over the network; the rest was copied on the server or lay there already. */
  readonly sentBytes: number;
  readonly sentFiles: number;
  readonly copiedFiles: number;
  readonly retries: number;
}

const seconds = (from: string, to: string): number => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);

/** Metrics of a version's run: sizes and durations from the manifest, costs where they are known. */
function runMetrics(manifest: Manifest, figures?: TransferFigures): Record<string, number> {
  const { trained, quiescent, uploaded, verified } = manifest.provenance;
  const uploadSeconds = seconds(quiescent, uploaded);
  return {
    bytes: manifest.totals.bytes,
    files: manifest.totals.files,
    settle_seconds: seconds(trained, quiescent),
    upload_seconds: uploadSeconds,
    verify_seconds: seconds(uploaded, verified),
    ...(uploadSeconds > 0 && { upload_bytes_per_second: manifest.totals.bytes / uploadSeconds }),
    ...(figures && {
      sent_bytes: figures.sentBytes,
      sent_files: figures.sentFiles,
      copied_files: figures.copiedFiles,
      retries: figures.retries,
    }),
  };
}

const earliest = (runs: readonly Run[]): Run | undefined =>
  [...runs].sort((a, b) => a.startMs - b.startMs || (a.runId < b.runId ? -1 : 1))[0];

/** Where the run goes and how often it is tried. */
export interface RunDeps {
  readonly mlflow: Mlflow;
  readonly retry: RetryDeps;
  readonly experiment: string;
}

/**
 * The one run that holds the transfer's metrics of this content, made when absent; of several the first stays.
 *
 * @returns the run's id, for the version to name
 */
export const ensureRun = (
  deps: RunDeps,
  name: string,
  manifest: Manifest,
  figures?: TransferFigures,
): Promise<string> =>
  retrying(async () => {
    const { mlflow } = deps;
    const experiment = await mlflow.experiment(deps.experiment);
    const tag = `${name}@${manifest.digest}`;
    const search = (): Promise<Run[]> => mlflow.runs(experiment, `tags.transfer_of = ${quoted(tag)}`);
    let runs = await search();
    if (runs.length === 0) {
      const tags = {
        transfer_of: tag,
        [versionTags.digest]: manifest.digest,
        [versionTags.sourceCluster]: manifest.member,
      };
      const start = Date.parse(manifest.provenance.quiescent);
      await mlflow.createRun(experiment, `${name}-${manifest.snapshot.slice(0, 12)}`, start, tags);
      runs = await search();
    }
    const kept = earliest(runs);
    if (kept === undefined) throw again(`run of ${name} vanished after its creation`);
    for (const run of runs) if (run.runId !== kept.runId) await mlflow.deleteRun(run.runId);
    if (kept.status !== "FINISHED")
      await mlflow
        .finishRun(kept.runId, Date.parse(manifest.provenance.verified), runMetrics(manifest, figures))
        .catch((error: unknown) => {
          if (!(error instanceof SyncError) || error.reason !== "refused") throw error;
          throw again(`run of ${name} was removed by another worker: ${error.message}`, error);
        });
    return kept.runId;
  }, deps.retry);

const again = (message: string, cause?: unknown): SyncError =>
  new SyncError("registry-unavailable", `MLflow ${message}`, true, { cause });
