import type { S3Client } from "../../s3/client";
import { isPreconditionFailed } from "../../s3/errors";
import { SyncError } from "../types";
import { stateKey } from "../publish/keys";
import type { SyncState } from "./types";
import { emptyState } from "./types";

/** The part of the store's client that the state needs. */
export type StateBucket = Pick<S3Client, "get" | "put">;

interface Loaded {
  readonly state: SyncState;
  readonly text: string;
  /** Undefined when there is no state yet. */
  readonly etag: string | undefined;
}

/** Reads the state; a missing, foreign or damaged one is an empty one, since it is only a cache. */
export async function readState(bucket: Pick<StateBucket, "get">, member: string): Promise<SyncState> {
  return (await load(bucket, member)).state;
}

async function load(bucket: Pick<StateBucket, "get">, member: string): Promise<Loaded> {
  const found = await bucket.get(stateKey(member));
  return {
    state: parseState(found?.body, member),
    text: found?.body.toString("utf8") ?? "",
    etag: found?.info.etag,
  };
}

export function parseState(body: Buffer | undefined, member: string): SyncState {
  try {
    const state = JSON.parse(body?.toString("utf8") ?? "") as Partial<SyncState> | null;
    if (state?.schema === 1 && state.member === member) return { ...emptyState(member), ...state };
  } catch {
    // Not JSON: as good as absent.
  }
  return emptyState(member);
}

/** How often an update is tried against other writers before it is given up. */
const updateTries = 20;

/** One writer's view of the state: changes are applied to the newest stored one, so two workers never lose each other's. */
export class StateStore {
  private loaded: Loaded | undefined;

  constructor(
    private readonly bucket: StateBucket,
    private readonly member: string,
  ) {}

  /** The state as last read or written by this process; read from the bucket the first time. */
  async read(): Promise<SyncState> {
    this.loaded ??= await load(this.bucket, this.member);
    return this.loaded.state;
  }

  /** Applies a pure change to the newest state and stores it with `If-Match`; repeated when another writer was first. */
  async update(change: (state: SyncState) => SyncState): Promise<SyncState> {
    let tried: string | undefined;
    for (let attempt = 0; attempt < updateTries; attempt++) {
      this.loaded ??= await load(this.bucket, this.member);
      const { state, text, etag } = this.loaded;
      // A write whose answer was lost: it stands, and applying the change again would count twice.
      if (text === tried) return state;
      const next = change(state);
      tried = JSON.stringify(next);
      try {
        const condition = etag === undefined ? { ifNoneMatch: "*" as const } : { ifMatch: etag };
        const info = await this.bucket.put(stateKey(this.member), Buffer.from(tried), condition);
        this.loaded = { state: next, text: tried, etag: info.etag };
        return next;
      } catch (error) {
        this.loaded = undefined;
        if (!isPreconditionFailed(error)) throw error;
      }
    }
    throw new SyncError(
      "claimed-elsewhere",
      `state of ${this.member} could not be stored: other writers were first`,
      true,
    );
  }
}
