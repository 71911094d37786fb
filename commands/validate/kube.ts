import * as https from "node:https";

/** Milliseconds without an answer after which a request is given up. */
const TIMEOUT_MS = 15_000;

/** An answer of an API server that is not a success. */
export class KubeError extends Error {
  public constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "KubeError";
  }
}

export interface KubeAnswer {
  readonly status: number;
  readonly text: string;
}

interface Sent {
  readonly signal?: AbortSignal | undefined;
  readonly body?: unknown;
}

/** Where an API server is, and who asks it. */
export interface KubeAccess {
  readonly server: string;
  /** Adds certificates and credentials to a request's options. */
  readonly authorize: (options: https.RequestOptions) => Promise<void>;
}

/** A client of one API server. Plain paths: what is asked for are a few objects, logs and proxied servers. */
export class KubeApi {
  public constructor(private readonly access: KubeAccess) {}

  /** Any answer, whatever its status; throws where there is none. */
  public async send(method: string, path: string, { signal, body }: Sent = {}): Promise<KubeAnswer> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options: https.RequestOptions = {
      method,
      timeout: TIMEOUT_MS,
      headers:
        payload === undefined
          ? {}
          : { "content-type": "application/json", "content-length": String(Buffer.byteLength(payload)) },
      ...(signal === undefined ? {} : { signal }),
    };
    await this.access.authorize(options);
    const url = new URL(`${this.access.server.replace(/\/$/, "")}${path}`);
    return new Promise((resolve, reject) => {
      const request = https.request(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
        );
      });
      request.on("timeout", () =>
        request.destroy(new Error(`${method} ${url.origin}${path}: no answer within ${TIMEOUT_MS / 1000} s`)),
      );
      request.on("error", (error) => reject(signal?.aborted === true ? error : withUrl(error, url.origin)));
      request.end(payload);
    });
  }

  public async text(path: string, signal?: AbortSignal): Promise<string> {
    return success("GET", path, await this.send("GET", path, { signal }));
  }

  public async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return JSON.parse(await this.text(path, signal)) as T;
  }

  public async create(path: string, body: unknown, signal?: AbortSignal): Promise<void> {
    success("POST", path, await this.send("POST", path, { signal, body }));
  }

  /** Deletes an object and what belongs to it; one that is gone already is no error. */
  public async delete(path: string, signal?: AbortSignal): Promise<void> {
    const body = { propagationPolicy: "Background" };
    const answer = await this.send("DELETE", path, { signal, body });
    if (answer.status !== 404) success("DELETE", path, answer);
  }
}

const withUrl = (error: Error, origin: string): Error =>
  error.message.includes(origin) ? error : new Error(`${origin}: ${error.message}`, { cause: error });

function success(method: string, path: string, { status, text }: KubeAnswer): string {
  if (status >= 200 && status < 300) return text;
  throw new KubeError(status, `${method} ${path}: ${status} ${reason(text)}`);
}

/** What the API server says is wrong, or the beginning of its answer. */
function reason(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: string };
    return message ?? text.slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}
