import { k6 } from "../../../metrics/catalogue";
import { select } from "../../../metrics/select";
import { partsOf } from "../../../settings/credentials";
import type { ClusterCredentials, HubSecrets } from "../../../settings/credentials";
import type { UserPassword } from "../../../settings/types";
import type { Prometheus } from "../../preview/prometheus";
import type { HubSite } from "../sites";
import { counted, judged, listed } from "../verdict";
import type { Verdict } from "../verdict";

export interface RemoteWriteEvidence {
  readonly user: string;
  /** What the receiver answered to a request that holds no sample. */
  readonly answer: { readonly status: number; readonly body: string };
  /** Runs whose series are there, by their id. */
  readonly runs: readonly string[];
}

/** How far back series of benchmarks are looked for. */
const LOOK_BACK = "7d";

/** The user with whom benchmarks write to the hub's Prometheus; undefined where its credentials hold none. */
export function benchmarkUser(secrets: HubSecrets | undefined, cluster: string): UserPassword | undefined {
  if (secrets === undefined) return undefined;
  const own: ClusterCredentials & { readonly benchmark?: UserPassword } = partsOf(secrets, cluster)[0].own;
  return own.benchmark;
}

/** A write request without a sample: an empty message, and snappy's word for no bytes. */
const EMPTY = Buffer.from([0]);
const HEADERS = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

/** @param writer the hub's Prometheus as the benchmarks' user reaches it */
export async function gatherRemoteWrite(
  { cluster, prometheus }: HubSite,
  writer: Prometheus,
  user: string,
): Promise<RemoteWriteEvidence> {
  const answer = await writer.raw("/api/v1/write", EMPTY, HEADERS);
  const series = await prometheus().instant(
    `count by (testid) (last_over_time(${select(k6.requests, { cluster })}[${LOOK_BACK}]))`,
    Date.now(),
  );
  return { user, answer, runs: series.map(({ labels }) => labels.testid ?? "").sort() };
}

export function judgeRemoteWrite({ user, answer: { status, body }, runs }: RemoteWriteEvidence): Verdict {
  const accepted = status >= 200 && status < 300;
  const actions: Readonly<Record<number, string>> = {
    401: "`pulumi up` of the hub's stack gives Prometheus its users",
    404: "`pulumi up` of the hub's stack: its Prometheus runs without the receiver of remote write",
  };
  return judged(
    [
      `an empty write request as ${user} was answered ${status}`,
      runs.length === 0
        ? `no benchmark has written within ${LOOK_BACK}`
        : `series of ${counted(runs.length, "run")} within ${LOOK_BACK}: ${listed(runs, 3)}`,
    ],
    accepted
      ? []
      : [
          {
            cause: `the hub's Prometheus answers ${status} to a write request of ${user}: ${body.trim().slice(0, 200)}`,
            action: actions[status] ?? "look at the log of the hub's Prometheus",
          },
        ],
  );
}
