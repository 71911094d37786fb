import http from "node:http";
import https from "node:https";

/** Where a server is, whom we trust, how we say who we are. */
export interface Endpoint {
  readonly url: string;
  /** PEM of the only authority trusted; the system's own when absent. */
  readonly ca?: string;
  /** Read anew for every request, so that rotated credential files take effect. */
  readonly authorization?: () => string;
  /** From the first byte sent to the last one received, milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The value of a `Basic` authorization header. */
export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

export interface Asked {
  readonly method?: string;
  /** Below the endpoint's own path. */
  readonly path: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Opens one request; the answer's body is the caller's to read. Rejects where no answer begins. */
export function opened(
  { url, ca, authorization }: Endpoint,
  { method = "GET", path, body, headers = {}, signal }: Asked,
): Promise<http.IncomingMessage> {
  const target = new URL(`${url.replace(/\/+$/, "")}${path}`);
  const secure = target.protocol === "https:";
  const options = {
    method,
    headers: {
      ...headers,
      ...(authorization !== undefined && { authorization: authorization() }),
      ...(body !== undefined && { "content-length": Buffer.byteLength(body) }),
    },
    ...(signal !== undefined && { signal }),
    ...(ca !== undefined && { ca }),
  };
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request(target, options, resolve);
    request.once("error", reject);
    request.end(body);
  });
}

/** Sends one request and reads the whole answer, whatever its status. Rejects where there is none in time. */
export async function exchange(endpoint: Endpoint, asked: Asked): Promise<Answer> {
  const limit = AbortSignal.timeout(endpoint.timeoutMs ?? 30_000);
  const signal = asked.signal === undefined ? limit : AbortSignal.any([limit, asked.signal]);
  const response = await opened(endpoint, { ...asked, signal });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") };
}
