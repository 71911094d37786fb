import { exchange, opened, type Endpoint } from "../http";

/** An object of the API, as far as its kind does not matter. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
}

/** As much of the Kubernetes API as the driver uses; paths begin with /api or /apis. */
export interface Kubernetes {
  get(path: string): Promise<unknown>;
  create(path: string, body: object): Promise<void>;
  /** A merge patch. */
  patch(path: string, body: object): Promise<void>;
  /** What is gone already is no error. */
  remove(path: string): Promise<void>;
  /** Tells what there is and every change after it, until `signal` ends it. Rejects where the API refuses. */
  watch(path: string, seen: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>;
}

/** The API refused, or did not answer. */
export class KubernetesError extends Error {
  override readonly name = "KubernetesError";
}

const GONE = 410;

/** Adds a parameter to a path that may have some. */
const withParameter = (path: string, text: string): string =>
  `${path}${path.includes("?") ? "&" : "?"}${text}`;

interface List {
  readonly metadata: { readonly resourceVersion: string };
  readonly items?: readonly KubeObject[];
}

/** The API over plain HTTPS. */
export function kubernetesAt(endpoint: Endpoint): Kubernetes {
  async function call(
    method: string,
    path: string,
    body?: object,
    type = "application/json",
    accepted: readonly number[] = [],
  ): Promise<unknown> {
    const answer = await exchange(endpoint, {
      method,
      path,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      headers: { accept: "application/json", "content-type": type },
    }).catch((error: unknown) => {
      throw new KubernetesError(
        `${method} ${path}: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
    const good = (answer.status >= 200 && answer.status < 300) || accepted.includes(answer.status);
    if (!good)
      throw new KubernetesError(`${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    return JSON.parse(answer.text) as unknown;
  }

  /** Follows changes from a version on; returns the last version seen, or undefined where it is too old to go on from. */
  async function follow(
    path: string,
    from: string,
    seen: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const asked = `watch=true&allowWatchBookmarks=true&resourceVersion=${from}`;
    const response = await opened(endpoint, { path: withParameter(path, asked), signal });
    if (response.statusCode === GONE) return undefined;
    if (response.statusCode !== 200)
      throw new KubernetesError(`watching ${path} answered ${response.statusCode ?? 0}`);
    let [version, rest] = [from, ""];
    response.setEncoding("utf8");
    for await (const chunk of response) {
      const lines = (rest + (chunk as string)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: KubeObject };
        if (type === "ERROR") return undefined;
        version = object.metadata.resourceVersion ?? version;
        if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") seen({ type, object });
      }
    }
    return version;
  }

  return {
    get: (path) => call("GET", path),
    create: async (path, body) => {
      await call("POST", path, body);
    },
    patch: async (path, body) => {
      await call("PATCH", path, body, "application/merge-patch+json");
    },
    remove: async (path) => {
      await call("DELETE", path, undefined, undefined, [404]);
    },
    watch: async (path, seen, signal) => {
      let version: string | undefined;
      const over = (): boolean => signal.aborted;
      while (!over()) {
        try {
          if (version === undefined) {
            const list = (await call("GET", path)) as List;
            for (const object of list.items ?? []) seen({ type: "ADDED", object });
            version = list.metadata.resourceVersion;
          }
          version = await follow(path, version, seen, signal);
        } catch (error) {
          if (over()) return;
          throw error;
        }
      }
    },
  };
}
