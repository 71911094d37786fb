import { Agent, request, type RequestOptions } from "node:https";
import type { ApiAccess } from "./kubeconfig";

/** The fields that every object of Kubernetes has. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

/** An answer of an API server that is not a success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";
const mergePatch = "application/merge-patch+json";
const applyPatch = "application/apply-patch+yaml";

/** A small client of one API server: what starting a cluster and serving its volumes needs. */
export class KubernetesApi {
  private readonly agent: Agent;
  private readonly server: URL;

  constructor(access: ApiAccess) {
    this.server = new URL(access.server);
    this.agent = new Agent({
      keepAlive: true,
      ca: access.ca,
      cert: access.certificate,
      key: access.key,
    });
  }

  /** The answer as JSON; the caller says what it is. */
  async get(path: string): Promise<unknown> {
    return JSON.parse(await this.send("GET", path));
  }

  /** The answer's text, for endpoints such as /readyz that speak no JSON. */
  async text(path: string): Promise<string> {
    return this.send("GET", path);
  }

  /** Every object of a collection, and the version from which a watch goes on. */
  async list(path: string): Promise<{ items: KubernetesObject[]; resourceVersion: string }> {
    const answer = (await this.get(path)) as {
      items: KubernetesObject[];
      metadata: { resourceVersion: string };
    };
    return { items: answer.items, resourceVersion: answer.metadata.resourceVersion };
  }

  async create(path: string, object: KubernetesObject): Promise<void> {
    await this.send("POST", path, JSON.stringify(object), "application/json");
  }

  async patch(path: string, change: object): Promise<void> {
    await this.send("PATCH", path, JSON.stringify(change), mergePatch);
  }

  /** Server-side apply, as field manager `federation-sandbox` where the query names no other. */
  async apply(
    path: string,
    object: KubernetesObject,
    query = "fieldManager=federation-sandbox&force=true",
  ): Promise<void> {
    await this.send("PATCH", `${path}?${query}`, JSON.stringify(object), applyPatch);
  }

  /** Deletes an object; one that is gone already is no error. */
  async delete(path: string): Promise<void> {
    try {
      await this.send("DELETE", path);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** Calls `onEvent` for each event of a watch; ends when the server closes it (it does so every few minutes). */
  async watch(path: string, resourceVersion: string, onEvent: () => void): Promise<void> {
    const query = `watch=true&resourceVersion=${resourceVersion}&timeoutSeconds=240`;
    await this.exchange({ method: "GET", path: `${path}?${query}`, timeout: 300_000 }, undefined, onEvent);
  }

  close(): void {
    this.agent.destroy();
  }

  private async send(method: Method, path: string, body?: string, type?: string): Promise<string> {
    const headers = type === undefined ? {} : { "content-type": type };
    return this.exchange({ method, path, headers, timeout: 10_000 }, body);
  }

  private async exchange(options: RequestOptions, body?: string, onData?: () => void): Promise<string> {
    const { hostname, port } = this.server;
    return new Promise((resolve, reject) => {
      const call = request({ ...options, hostname, port, agent: this.agent }, (response) => {
        const chunks: Buffer[] = [];
        const status = response.statusCode ?? 0;
        response.on("data", (chunk: Buffer) => {
          if (onData === undefined || status >= 300) chunks.push(chunk);
          else onData();
        });
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if (status >= 200 && status < 300) resolve(text);
          else
            reject(
              new ApiError(status, `${options.method} ${options.path}: ${status} ${text.slice(0, 2000)}`),
            );
        });
      });
      call.on("timeout", () =>
        call.destroy(new Error(`${options.method} ${options.path}: no answer in time`)),
      );
      call.on("error", reject);
      call.end(body);
    });
  }
}
