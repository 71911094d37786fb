import * as z from "zod";
import type { S3Client } from "../../s3/client";
import type { Applied } from "./apply";
import type { Plan, Removal } from "./plan";
import { reclaimableBytes } from "./plan";

/** Where the last report lies, for the exporter. */
const reportKey = "retention/report.json";

const byKind = z.object({
  version: z.number(),
  unpublished: z.number(),
  noncurrent: z.number(),
  upload: z.number(),
});

const schema = z.object({
  schema: z.literal(1),
  /** ISO time. */
  finished: z.string(),
  applied: z.boolean(),
  /** Bytes, by kind of removal: what could still be freed, and what was. */
  reclaimableBytes: byKind,
  removedBytes: byKind,
  kept: z.number(),
  spared: z.number(),
  failed: z.number(),
  problems: z.array(z.string()),
});

/** What one retention run came to. */
export type RetentionReport = z.infer<typeof schema>;

const problemsKept = 100;

/** `applied` is absent for a dry run. */
export function reportOf(plan: Plan, applied: Applied | undefined, finished: string): RetentionReport {
  const removed: readonly Removal[] = applied?.removed ?? [];
  const gone = new Set(removed);
  const rest = plan.removals.filter((removal) => !gone.has(removal));
  const spared = new Set(applied?.spared.map(({ removal }) => removal));
  const open = rest.filter((removal) => !spared.has(removal));
  return {
    schema: 1,
    finished,
    applied: applied !== undefined,
    reclaimableBytes: reclaimableBytes({ ...plan, removals: open }),
    removedBytes: reclaimableBytes({ ...plan, removals: removed }),
    kept: plan.kept.length,
    spared: spared.size,
    failed: applied?.failed.length ?? 0,
    problems: plan.problems.slice(0, problemsKept),
  };
}

export async function writeReport(bucket: Pick<S3Client, "put">, report: RetentionReport): Promise<void> {
  await bucket.put(reportKey, Buffer.from(JSON.stringify(report)));
}

/** Undefined when there is none that can be read. */
export async function readReport(bucket: Pick<S3Client, "get">): Promise<RetentionReport | undefined> {
  const found = await bucket.get(reportKey);
  if (found === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(found.body.toString("utf8")));
  } catch {
    return undefined;
  }
}
