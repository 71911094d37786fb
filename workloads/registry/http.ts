import http from "node:http";
import https from "node:https";
import { errorOfConnection } from "../s3/errors";
import { SyncError } from "../errors";

/** Limits of one exchange, in milliseconds. */
export interface HttpTimeouts {
  /** Until the connection stands, TLS handshake included. */
  readonly connectMs: number;
  /** From the first byte sent to the last byte received. */
  readonly totalMs: number;
}

const defaultTimeouts: HttpTimeouts = { connectMs: 5_000, totalMs: 30_000 };

/** A server that speaks JSON: where it is, whom we trust, how we say who we are. */
export interface Endpoint {
  readonly url: string;
  /** PEM of the only authority trusted; the system's own when absent. */
  readonly ca?: string;
  /** Read anew for every request, so that rotated credential files take effect without a restart. */
  readonly authorization?: () => string;
  readonly timeouts?: HttpTimeouts;
}

/** What a server answered, whatever the status. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends one request, once; resolves with any answer. */
export type Exchange = (method: string, path: string, body?: unknown) => Promise<Answer>;

/**
 * One keep-alive connection pool to a JSON server.
 *
 * @throws SyncError `timeout` or `unavailable`, both transient: the request may or may not have had its effect;
 * `denied` when the server's certificate is not trusted.
 */
export function exchangeWith(endpoint: Endpoint): Exchange {
  const base = new URL(endpoint.url);
  const { connectMs, totalMs } = endpoint.timeouts ?? defaultTimeouts;
  const secure = base.protocol === "https:";
  const agent = secure
    ? new https.Agent({
        keepAlive: true,
        maxSockets: 8,
        ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca }),
      })
    : new http.Agent({ keepAlive: true, maxSockets: 8 });
  const prefix = base.pathname.replace(/\/$/, "");

  return (method, path, body) => {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers: http.OutgoingHttpHeaders = { accept: "application/json", connection: "keep-alive" };
    if (payload !== undefined)
      Object.assign(headers, { "content-type": "application/json", "content-length": payload.length });
    if (endpoint.authorization !== undefined) headers.authorization = endpoint.authorization();

    return new Promise<Answer>((resolve, reject) => {
      const what = `${method} ${base.origin}${path.split("?")[0] ?? ""}`;
      const request = (secure ? https : http).request(new URL(`${prefix}${path}`, base), {
        method,
        agent,
        headers,
      });
      const timers: NodeJS.Timeout[] = [];
      const settle = (act: () => void): void => {
        timers.forEach(clearTimeout);
        act();
      };
      const fail = (error: SyncError): void =>
        settle(() => {
          reject(error);
          request.destroy();
        });
      const after = (ms: number, message: string): NodeJS.Timeout => {
        const timer = setTimeout(
          () => fail(new SyncError("timeout", `${what}: ${message} within ${ms} ms`, true)),
          ms,
        );
        timers.push(timer);
        return timer;
      };

      after(totalMs, "no whole answer");
      request.on("socket", (socket) => {
        if (!socket.connecting) return;
        const connecting = after(connectMs, "no connection");
        socket.once(secure ? "secureConnect" : "connect", () => clearTimeout(connecting));
      });
      request.on("error", (error) => fail(errorOfConnection(error, what)));
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", (error) => fail(errorOfConnection(error, what)));
        response.on("end", () => {
          if (!response.complete)
            return fail(new SyncError("unavailable", `${what}: answer cut short`, true));
          settle(() =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
          );
        });
      });
      request.end(payload);
    });
  };
}

/** Value of a `Basic` authorization header from two files; trailing newlines of the files are not part of the secret. */
export const basicAuthorization = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
