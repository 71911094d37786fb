import * as http from "node:http";
import * as https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { isTree, listAt, stringAt, type Tree } from "../properties";

/** An answer of the API server other than success. */
export class ApiError extends Error {
  constructor(
    /** HTTP status. */
    readonly status: number,
    /** The server's Status object, or what it said in its place. */
    readonly body: Tree,
  ) {
    super(stringAt(body, "message") || `the API server answered ${status}`);
    this.name = "ApiError";
  }

  /** Kubernetes' word for it, such as `Conflict` or `NotFound`. */
  get reason(): string {
    return stringAt(this.body, "reason");
  }
}

/** The API server can not be reached at all: names its URL and the cause. */
export class UnreachableError extends Error {
  constructor(server: string, cause: Error) {
    const said = cause.message === "" && "code" in cause ? String(cause.code) : cause.message;
    super(`configured Kubernetes cluster is unreachable: ${server}: ${said}`, { cause });
    this.name = "UnreachableError";
  }
}

/** One request to the API server. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path below the server's URL, with its first slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Milliseconds without a byte after which the request is given up; default 60 s. */
  readonly timeout?: number;
}

/** Speaks to the API server of one kubeconfig over connections that are kept. */
export class Cluster {
  readonly server: string;
  readonly namespace: string;
  private agent: http.Agent | undefined;

  constructor(private readonly config: KubeConfig) {
    this.server = (config.getCurrentCluster()?.server ?? "").replace(/\/$/, "");
    this.namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? "default";
  }

  /** Sends one request; the answer's JSON object. Throws ApiError, or UnreachableError when there is no answer. */
  async json(request: ApiRequest): Promise<Tree> {
    const text = await this.text(request);
    const parsed: unknown = text === "" ? {} : JSON.parse(text);
    return isTree(parsed) ? parsed : {};
  }

  /** As `json`, with the answer as it came. */
  async text(request: ApiRequest): Promise<string> {
    const { method, path, query = {}, body, contentType = "application/json", timeout = 60_000 } = request;
    const url = new URL(this.server + path);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options = await this.options();
    options.method = method;
    options.headers = {
      accept: "application/json",
      "user-agent": "federation-sandbox",
      ...(options.headers as http.OutgoingHttpHeaders | undefined),
      ...(payload === undefined
        ? {}
        : { "content-type": contentType, "content-length": String(Buffer.byteLength(payload)) }),
    };
    options.timeout = timeout;
    const { status, text } = await sendAgainIfStale(url, options, payload).catch((error: unknown) => {
      throw new UnreachableError(this.server, error instanceof Error ? error : new Error(String(error)));
    });
    if (status >= 300) throw new ApiError(status, parseStatus(text));
    return text;
  }

  /** The items of a list. */
  async list(path: string, query: Readonly<Record<string, string>> = {}): Promise<readonly Tree[]> {
    return listAt(await this.json({ method: "GET", path, query }), "items").filter(isTree);
  }

  private async options(): Promise<https.RequestOptions> {
    const options: https.RequestOptions = {};
    await this.config.applyToHTTPSOptions(options);
    if (this.config.getCurrentCluster()?.proxyUrl) return options;
    this.agent ??= this.server.startsWith("http:")
      ? new http.Agent({ keepAlive: true, maxSockets: 16 })
      : new https.Agent({ keepAlive: true, maxSockets: 16 });
    options.agent = this.agent;
    return options;
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A kept connection that the server closed meanwhile says so only when it is used: such a request is sent anew. */
class StaleConnectionError extends Error {}

async function sendAgainIfStale(url: URL, options: https.RequestOptions, payload?: string): Promise<Answer> {
  try {
    return await send(url, options, payload);
  } catch (error) {
    if (!(error instanceof StaleConnectionError)) throw error;
    return send(url, options, payload);
  }
}

function send(url: URL, options: https.RequestOptions, payload?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "http:" ? http : https).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    request.once("timeout", () =>
      request.destroy(new Error(`no answer within ${(options.timeout ?? 0) / 1000} s`)),
    );
    request.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        request.reusedSocket && error.code === "ECONNRESET" ? new StaleConnectionError(error.message) : error,
      ),
    );
    request.end(payload);
  });
}

function parseStatus(text: string): Tree {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isTree(parsed)) return parsed;
  } catch {
    // Not every error of an API server or of what stands before it is a Status object.
  }
  return { message: text.trim() };
}
