import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { compress, uncompress } from "snappyjs";
import { BUCKET_METRIC } from "../buckets";
import { exchange, type Endpoint } from "./http";
import { keepSeries } from "./writeRequest";

/** Between k6, which can neither filter its series nor read credentials from files, and the receiver. */
export interface Relay {
  /** Where k6 writes to: on loopback, without credentials. */
  readonly url: string;
  /** Waits until everything taken has been sent on. Says what was lost; undefined when nothing was. */
  close(): Promise<string | undefined>;
}

export interface RelayOptions {
  readonly attempts?: number;
  /** Wait before the second try, milliseconds; doubles with every try. */
  readonly waitMs?: number;
}

/** k6's counter of latency buckets has a series for each: what the driver counts by is of no use as series. */
export const isKept = (metric: string): boolean => metric !== `k6_${BUCKET_METRIC}_total`;

/** What the receiver said no to, and will again. */
class Refused extends Error {}

const LIMIT = 64 * 1024 ** 2;

async function bodyOf(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > LIMIT) throw new Error(`over ${LIMIT} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

async function pushed(endpoint: Endpoint, body: Buffer): Promise<void> {
  const headers = {
    "content-type": "application/x-protobuf",
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "0.1.0",
  };
  const { status, text } = await exchange(endpoint, { method: "POST", path: "", body, headers });
  if (status >= 200 && status < 300) return;
  const told = `answered ${status}: ${text.trim().slice(0, 300)}`;
  throw status === 429 || status >= 500 ? new Error(told) : new Refused(told);
}

/**
 * Starts a relay to a receiver of remote write. It answers k6 at once and sends on in order, so that a slow receiver does
 * not slow the load; once a push is lost for good, the rest is counted and not sent.
 */
export async function startRelay(
  endpoint: Endpoint,
  { attempts = 5, waitMs = 500 }: RelayOptions = {},
): Promise<Relay> {
  let [pushes, lost]: [number, number] = [0, 0];
  let cause: string | undefined;
  let queue = Promise.resolve();

  async function send(body: Buffer): Promise<void> {
    pushes++;
    for (let attempt = 1; cause === undefined; attempt++) {
      try {
        return await pushed(endpoint, body);
      } catch (error) {
        const told = error instanceof Error ? error.message : String(error);
        if (error instanceof Refused || attempt >= attempts) cause = told;
        else await sleep(waitMs * 2 ** (attempt - 1));
      }
    }
    lost++;
  }

  async function take(request: http.IncomingMessage): Promise<void> {
    const { request: kept, series } = keepSeries(uncompress(await bodyOf(request), LIMIT), isKept);
    if (series > 0) queue = queue.then(() => send(compress(kept)));
  }

  const server = http.createServer((request, response) => {
    take(request).then(
      () => response.writeHead(204).end(),
      (error: unknown) => response.writeHead(400).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await queue;
      return cause === undefined
        ? undefined
        : `remoteWrite: ${endpoint.url}: ${lost} of ${pushes} pushes of k6's series are lost: ${cause}`;
    },
  };
}
