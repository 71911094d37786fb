import * as fs from "node:fs";
import { paths } from "./paths";

/** `.sandbox/summary.json`: what a run left, for people and programs. */
export interface Summary {
  readonly clusters: Readonly<
    Record<"cloud" | "hpc", { readonly kubeconfig: string; readonly nodeIp: string; readonly uid: string }>
  >;
  readonly endpoints: {
    readonly hubPrometheus: string;
    readonly hpcPrometheus: string;
    readonly minio: string;
    readonly mlflow: string;
  };
  /** Where the member's file system is mounted. */
  readonly beegfs: string;
  /** Outputs with secrets masked. */
  readonly stacks: Readonly<Record<"cloud" | "hpc", { readonly outputs: Readonly<Record<string, unknown>> }>>;
  /** Which plugins served: installed ones or the offline stand-ins. */
  readonly plugins: Readonly<Record<string, string>>;
  /** What can not run here, in plain words. */
  readonly notRunHere: readonly string[];
  /** Seconds a stage. */
  readonly timings: Readonly<Record<string, number>>;
  readonly diskPeakGiB: number;
}

export function writeSummary(summary: Summary): void {
  fs.writeFileSync(paths.summary, `${JSON.stringify(summary, null, 2)}\n`);
}

export function readSummary(): Summary | undefined {
  if (!fs.existsSync(paths.summary)) return undefined;
  return JSON.parse(fs.readFileSync(paths.summary, "utf8")) as Summary;
}
