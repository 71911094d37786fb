import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { S3Client } from "../../s3/client";
import { isPreconditionFailed } from "../../s3/errors";
import { SyncError } from "../types";

/** What a claim needs from the bucket. */
export type ClaimStore = Pick<S3Client, "get" | "put">;

export interface ClaimDeps {
  readonly bucket: ClaimStore;
  /** Unique to this process, so that a claim whose PUT lost its answer is known again. */
  readonly holder: string;
  /** How long a claim stands unless released; longer than a registration takes. */
  readonly claimMs: number;
  /** How long another's claim is waited for. */
  readonly waitMs: number;
  readonly now?: () => number;
  readonly wait?: (ms: number) => Promise<unknown>;
}

const claimSchema = z.object({
  holder: z.string(),
  /** ISO time from which on anyone may take the claim over. */
  expires: z.string(),
});
type ClaimBody = z.infer<typeof claimSchema>;

/** A held claim. */
export interface Claim {
  /** Ends the claim at once. Losing it meanwhile to another, or the bucket, is no error: claims run out by themselves. */
  release(): Promise<void>;
}

const pollMs = 250;
const encode = (body: ClaimBody): Buffer => Buffer.from(JSON.stringify(body));

/** A body that cannot be read counts as run out: nobody could ever release it. */
function decode(body: Buffer): ClaimBody {
  try {
    return claimSchema.parse(JSON.parse(body.toString("utf8")));
  } catch {
    return { holder: "", expires: new Date(0).toISOString() };
  }
}

/**
 * Writes the claim, or takes over one that has run out, or waits for it.
 *
 * A claim saves work and races; it is not what makes registration right: that holds without any (`registerVersion`).
 * Claims are never deleted, since between a read and a delete another worker could have taken over.
 *
 * @throws SyncError `claimed-elsewhere` (transient) when another worker's claim outlasts `waitMs`.
 */
export async function acquire(deps: ClaimDeps, key: string): Promise<Claim> {
  const { bucket, holder, claimMs, waitMs, now = Date.now, wait = sleep } = deps;
  const mine = (): Buffer => encode({ holder, expires: new Date(now() + claimMs).toISOString() });
  const write = async (
    condition: { ifNoneMatch: "*" } | { ifMatch: string },
  ): Promise<string | undefined> => {
    try {
      return (await bucket.put(key, mine(), condition)).etag;
    } catch (error) {
      if (isPreconditionFailed(error)) return undefined;
      throw error;
    }
  };
  const held = (etag: string): Claim => ({
    release: async () => {
      try {
        await bucket.put(key, encode({ holder: "", expires: new Date(now()).toISOString() }), {
          ifMatch: etag,
        });
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
      }
    },
  });

  const deadline = now() + waitMs;
  for (;;) {
    const there = await bucket.get(key);
    if (there === undefined) {
      const etag = await write({ ifNoneMatch: "*" });
      if (etag !== undefined) return held(etag);
      continue;
    }
    const claim = decode(there.body);
    if (claim.holder === holder) return held(there.info.etag);
    if (Date.parse(claim.expires) <= now()) {
      const etag = await write({ ifMatch: there.info.etag });
      if (etag !== undefined) return held(etag);
      continue;
    }
    if (now() >= deadline)
      throw new SyncError(
        "claimed-elsewhere",
        `${key}: held by ${claim.holder} until ${claim.expires}`,
        true,
      );
    await wait(Math.min(pollMs, claimMs));
  }
}
