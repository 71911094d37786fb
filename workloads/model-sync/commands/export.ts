import { retentionFamilies } from "../metrics/retention";
import type { Exporter } from "../metrics/server";
import { startExporter } from "../metrics/server";
import { transferFamilies } from "../metrics/transfer";
import { readReport } from "../retention/report";
import type { S3Client } from "../../s3/client";
import { readState } from "../state/store";
import type { Print } from "./print";

export interface ExportOptions {
  readonly bucket: S3Client;
  /** The member whose transfers are served; without one, the hub's retention is. */
  readonly member: string | undefined;
  readonly host: string;
  readonly port: number;
}

/** Reading the bucket more often than this helps nobody. */
const cacheMs = 5_000;

/** Serves the metrics until it is closed. */
export async function exportMetrics(options: ExportOptions, print: Print): Promise<Exporter> {
  const { bucket, member, host, port } = options;
  const exporter = await startExporter({
    host,
    port,
    cacheMs,
    read: async () => {
      if (member !== undefined) return transferFamilies(await readState(bucket, member), Date.now() / 1000);
      const report = await readReport(bucket);
      return report === undefined ? [] : retentionFamilies(report);
    },
    onError: (error) => print(`state not read: ${error instanceof Error ? error.message : String(error)}`),
  });
  print(`serving /metrics and /healthz on ${host}:${exporter.port}`);
  return exporter;
}
