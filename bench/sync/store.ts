import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import type { Server } from "../../test/workloads/support/servers";
import { minioCredentials, serve } from "../../test/workloads/support/servers";
import { makeBucket, once, rootBucket } from "../../test/workloads/support/registry";
import { S3Calls } from "../../workloads/s3/calls";
import type { S3Client } from "../../workloads/s3/client";

/** MinIO on loopback without TLS, its data below `folder`. It ends with this process, however that ends. */
export function startStore(minio: string, folder: string): Promise<Server> {
  return serve("minio-bench", "/minio/health/ready", (port) => ({
    name: "setpriv",
    args: [
      ...["--pdeathsig", "KILL", minio],
      ...["server", "--quiet", "--address", `127.0.0.1:${port}`, dataFolder(folder)],
    ],
    env: {
      MINIO_ROOT_USER: minioCredentials.accessKeyId,
      MINIO_ROOT_PASSWORD: minioCredentials.secretAccessKey,
      MINIO_BROWSER: "off",
    },
  }));
}

const dataFolder = (folder: string): string => path.join(folder, "data");
/** What is deleted moves here at once, and goes in the background: some of it soon, some after minutes. */
const trashFolder = (folder: string): string => path.join(dataFolder(folder), ".minio.sys/tmp/.trash");
const emptyTries = 100;

/** Buckets of one MinIO, each used once. */
export class Buckets {
  private made = 0;

  constructor(
    private readonly url: string,
    private readonly folder: string,
  ) {}

  /** A new bucket with versions, as the landing zone makes it. */
  async make(): Promise<string> {
    const bucket = `bench-${++this.made}`;
    await makeBucket(this.url, bucket);
    return bucket;
  }

  /** Gives a client of a bucket to `action`. */
  async with<T>(bucket: string, action: (client: S3Client) => Promise<T>): Promise<T> {
    const client = rootBucket(this.url, undefined, bucket);
    try {
      return await action(client);
    } finally {
      client.close();
    }
  }

  /** Objects under a prefix, and their bytes. */
  async count(bucket: string, prefix: string): Promise<{ readonly files: number; readonly bytes: number }> {
    return this.with(bucket, async (client) => {
      let [files, bytes] = [0, 0];
      for await (const { size } of client.list(prefix)) [files, bytes] = [files + 1, bytes + size];
      return { files, bytes };
    });
  }

  /** Versions of objects and delete markers under a prefix. */
  async versions(bucket: string, prefix: string): Promise<number> {
    return this.with(bucket, async (client) => {
      let count = 0;
      for await (const version of client.listVersions(prefix)) if (version.key !== "") count++;
      return count;
    });
  }

  /** Removes a bucket with all it holds; returns when the bytes are gone from the disk. */
  async remove(bucket: string): Promise<void> {
    const calls = new S3Calls({
      endpoint: this.url,
      bucket,
      region: "us-east-1",
      credentials: minioCredentials,
      retry: once,
      sockets: 1,
      connectTimeoutMs: 2_000,
      idleTimeoutMs: 60_000,
    });
    const headers = { "x-minio-force-delete": "true" };
    await calls.call({ operation: "DeleteBucket", method: "DELETE", path: calls.path(""), headers });
    calls.connection.close();
    const trash = trashFolder(this.folder);
    // MinIO removes some of the same files at the same time
    for (let tries = 0; fs.readdirSync(trash).length > 0; tries++) {
      const rm = spawnSync("find", [trash, "-mindepth", "1", "-delete"], { encoding: "utf8" });
      if (tries === emptyTries) throw new Error(`cannot empty ${trash}: ${rm.stderr.slice(-500)}`);
    }
  }
}

/** A port that passes everything on to an endpoint, and counts what the client sends. */
export async function countingProxy(
  endpoint: string,
): Promise<{ readonly url: string; readonly sent: () => number; readonly close: () => Promise<void> }> {
  const { hostname, port } = new URL(endpoint);
  let bytes = 0;
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.once("error", end).once("close", end);
    client.on("data", (chunk: Buffer) => (bytes += chunk.length));
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    sent: () => bytes,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
