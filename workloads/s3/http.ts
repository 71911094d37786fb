import * as http from "node:http";
import * as https from "node:https";
import type { SyncError } from "../errors";
import { S3Error, errorOfAnswer, errorOfConnection } from "./errors";
import type { S3Credentials } from "./sign";
import { Signer } from "./sign";
import { parseXml, textOf } from "./xml";

export type { S3Credentials } from "./sign";

export interface S3ConnectionOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: S3Credentials;
  /** PEM bundle that alone is trusted; absent means the system's. */
  readonly ca?: string;
  /** Most connections at a time. */
  readonly sockets: number;
  /** Milliseconds until a connection must stand. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without a byte in either direction after which a request is given up. */
  readonly idleTimeoutMs: number;
  /** Waits until that many bytes of a body may be sent; absent means no cap. */
  readonly pace?: (bytes: number) => Promise<void>;
  /** Called before each request goes out, with the operation's name. */
  readonly onRequest?: (operation: string) => void;
}

export interface S3Request {
  /** The S3 operation's name, for messages and counts. */
  readonly operation: string;
  readonly method: "GET" | "PUT" | "HEAD" | "POST" | "DELETE";
  /** Path of bucket and key, percent-encoded, with a leading slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Slice of a body sent at a time when a bandwidth cap is set. */
const paceBytes = 32 * 1024;

/** Percent-encodes everything but unreserved characters, as signatures require; `/` stays in keys. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function encodeKey(key: string): string {
  return key.split("/").map(encodeSegment).join("/");
}

/** Sorted by name, as signatures require. */
export function encodeQuery(parameters: Readonly<Record<string, string>>): string {
  const rows = Object.entries(parameters).map(([name, value]) => [encodeSegment(name), encodeSegment(value)]);
  // not the joined text: `=` comes after `-`
  rows.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return rows.map((row) => row.join("=")).join("&");
}

/** Connections to one S3 endpoint; `send` is the only way out of it. */
export class S3Connection {
  private readonly url: URL;
  private readonly agent: http.Agent | https.Agent;
  private readonly signer: Signer;

  constructor(private readonly options: S3ConnectionOptions) {
    this.url = new URL(options.endpoint);
    this.signer = new Signer(options.credentials, options.region);
    const pool = {
      keepAlive: true,
      maxSockets: options.sockets,
      maxFreeSockets: options.sockets,
      noDelay: true,
    };
    this.agent =
      this.url.protocol === "https:"
        ? new https.Agent({ ...pool, ...(options.ca === undefined ? {} : { ca: options.ca }) })
        : new http.Agent(pool);
  }

  close(): void {
    this.agent.destroy();
  }

  /** Sends one signed request and resolves with a successful answer's head; anything else is a SyncError. */
  async send(request: S3Request): Promise<http.IncomingMessage> {
    this.options.onRequest?.(request.operation);
    const answer = await this.exchange(request);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    const text = (await readAll(answer, 64 * 1024, what(request))).toString("utf8");
    const xml = parseXml(text);
    const code = textOf(xml, "Code") || (answer.headers["x-minio-error-code"]?.toString() ?? "");
    throw errorOfAnswer(status, code, textOf(xml, "Message"), what(request));
  }

  private sign(request: S3Request): { path: string; headers: http.OutgoingHttpHeaders } {
    const { method, path } = request;
    const query = encodeQuery(request.query ?? {});
    const headers = { ...request.headers, host: this.url.host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    return {
      path: query === "" ? path : `${path}?${query}`,
      headers: this.signer.sign({ method, path, query, headers }),
    };
  }

  private exchange(request: S3Request): Promise<http.IncomingMessage> {
    const { path, headers } = this.sign(request);
    const length = request.body?.length ?? 0;
    if (request.method === "PUT" || request.method === "POST") headers["content-length"] = length;
    const { connectTimeoutMs, idleTimeoutMs, pace } = this.options;
    return new Promise((resolve, reject) => {
      const outgoing = (this.url.protocol === "https:" ? https : http).request({
        agent: this.agent,
        hostname: this.url.hostname,
        port: this.url.port === "" ? undefined : this.url.port,
        method: request.method,
        path,
        headers,
      });
      const late = (limit: string, ms: number): SyncError =>
        new S3Error("timeout", `${what(request)}: ${limit} ${ms} ms`, true, 0, "ETIMEDOUT");
      let connecting: NodeJS.Timeout | undefined;
      outgoing.once("socket", (socket) => {
        if (!socket.connecting) return;
        connecting = setTimeout(
          () => outgoing.destroy(late("no connection within", connectTimeoutMs)),
          connectTimeoutMs,
        );
        socket.once(this.url.protocol === "https:" ? "secureConnect" : "connect", () =>
          clearTimeout(connecting),
        );
      });
      outgoing.setTimeout(idleTimeoutMs, () => outgoing.destroy(late("nothing moved for", idleTimeoutMs)));
      outgoing.on("error", (error) => {
        clearTimeout(connecting);
        reject(errorOfConnection(error, what(request)));
      });
      outgoing.once("response", (answer) => {
        // A refusal before the whole body was taken: the rest of it is never sent.
        if (!outgoing.writableFinished) answer.once("end", () => outgoing.destroy());
        resolve(answer);
      });
      if (!request.body) outgoing.end();
      else if (!pace) outgoing.end(request.body);
      else
        sendPaced(outgoing, request.body, pace, idleTimeoutMs).catch((error: unknown) =>
          outgoing.destroy(error as Error),
        );
    });
  }
}

async function sendPaced(
  to: http.ClientRequest,
  body: Buffer,
  pace: (bytes: number) => Promise<void>,
  idleMs: number,
): Promise<void> {
  for (let at = 0; at < body.length && !to.destroyed; at += paceBytes) {
    const slice = body.subarray(at, at + paceBytes);
    // Waiting for the cap is no silence of the other side.
    to.setTimeout(0);
    await pace(slice.length);
    to.setTimeout(idleMs);
    if (!to.write(slice)) await new Promise<void>((go) => to.once("drain", go).once("close", go));
  }
  to.end();
}

function what(request: S3Request): string {
  return `${request.operation} ${decodeURIComponent(request.path)}`;
}

/** Reads an answer's body whole; more than `limit` bytes or a broken connection is an error. */
export function readAll(answer: http.IncomingMessage, limit: number, told: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const length = Number(answer.headers["content-length"] ?? NaN);
    const known = length > 65_536 && length <= limit;
    // A large answer of known length goes to its place at once, instead of being held twice. A HEAD's never comes.
    let whole: Buffer | undefined;
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on("data", (chunk: Buffer) => {
      if (known) whole ??= Buffer.allocUnsafeSlow(length);
      if (size + chunk.length > (whole?.length ?? limit)) {
        answer.destroy(new S3Error("refused", `${told}: answer over ${limit} bytes`, false, 0, ""));
        return;
      }
      if (whole) chunk.copy(whole, size);
      else chunks.push(chunk);
      size += chunk.length;
    });
    answer.once("end", () => {
      if (answer.complete) resolve(whole ?? Buffer.concat(chunks, size));
      else reject(errorOfConnection(new Error("answer cut short"), told));
    });
    answer.once("error", (error) => reject(errorOfConnection(error, told)));
    // It closes after its end too, where making an error for nobody would cost a tenth of a small request.
    answer.once("close", () => {
      if (!answer.readableEnded) reject(errorOfConnection(new Error("connection closed"), told));
    });
  });
}
