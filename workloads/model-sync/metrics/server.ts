import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "./build";
import type { Family } from "./text";
import { contentType, renderFamilies } from "./text";

export interface ExporterOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Reads what is served; at most one reading at a time, and one in `cacheMs` milliseconds. */
  readonly read: () => Promise<readonly Family[]>;
  readonly cacheMs: number;
  readonly now?: () => number;
  readonly onError?: (error: unknown) => void;
}

export interface Exporter {
  readonly port: number;
  close(): Promise<void>;
}

const buildFamily: Family = {
  name: "model_transfer_build_info",
  help: "The worker that serves this.",
  type: "gauge",
  samples: [
    { labels: { version: build.version, revision: build.revision, node: process.version }, value: 1 },
  ],
};

const readFamily = (ok: boolean): Family => ({
  name: "model_transfer_state_read_success",
  help: "Whether the state could be read from the bucket for this answer.",
  type: "gauge",
  samples: [{ value: ok ? 1 : 0 }],
});

/** Text for one scrape. A state that cannot be read gives no stale figures, but says so. */
function reader(options: ExporterOptions): () => Promise<string> {
  const { read, cacheMs, now = Date.now, onError } = options;
  let cached: { readonly atMs: number; readonly text: Promise<string> } | undefined;
  const fresh = async (): Promise<string> => {
    try {
      return renderFamilies([buildFamily, readFamily(true), ...(await read())]);
    } catch (error) {
      onError?.(error);
      return renderFamilies([buildFamily, readFamily(false)]);
    }
  };
  return () => {
    if (cached === undefined || now() - cached.atMs >= cacheMs) cached = { atMs: now(), text: fresh() };
    return cached.text;
  };
}

/** Serves `/metrics` and `/healthz`; health is the server's own, since a restart would not mend the bucket. */
export async function startExporter(options: ExporterOptions): Promise<Exporter> {
  const text = reader(options);
  const server: Server = createServer((request, reply) => {
    const path = request.url?.split("?")[0];
    if (request.method !== "GET" && request.method !== "HEAD") {
      reply.writeHead(405, { allow: "GET, HEAD" }).end();
    } else if (path === "/healthz") {
      reply.writeHead(200, { "content-type": "text/plain" }).end("ok\n");
    } else if (path === "/metrics") {
      void text().then((body) => reply.writeHead(200, { "content-type": contentType }).end(body));
    } else {
      reply.writeHead(404).end();
    }
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
