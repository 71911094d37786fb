import { listAt, stringAt, valueAt } from "../properties";
import { ApiError, type Cluster } from "./cluster";
import type { Kind } from "./objects";

/** Where the API server keeps objects of one kind. */
export interface Endpoint {
  /** Plural name in paths. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The kind's API version is not served: most often a custom resource whose definition is not there (yet). */
export class NoSuchKindError extends Error {
  constructor({ apiVersion, kind }: Kind) {
    super(`no matches for kind "${kind}" in version "${apiVersion}"`);
    this.name = "NoSuchKindError";
  }
}

/** Looks up, once for each API version, what kinds a server has. */
export class Discovery {
  private readonly versions = new Map<string, Promise<ReadonlyMap<string, Endpoint>>>();

  constructor(private readonly cluster: Cluster) {}

  /** The endpoint of a kind; throws NoSuchKindError. A version without the kind is asked for again. */
  async endpoint(kind: Kind): Promise<Endpoint> {
    const known = (await this.version(kind.apiVersion)).get(kind.kind);
    if (known !== undefined) return known;
    this.versions.delete(kind.apiVersion);
    const found = (await this.version(kind.apiVersion)).get(kind.kind);
    if (found === undefined) throw new NoSuchKindError(kind);
    return found;
  }

  /** The path of the collection of a kind in a namespace, or of one object in it. */
  async path(kind: Kind, namespace: string, name?: string): Promise<string> {
    const { plural, namespaced } = await this.endpoint(kind);
    const scope = namespaced ? `/namespaces/${encodeURIComponent(namespace || "default")}` : "";
    const object = name === undefined ? "" : `/${encodeURIComponent(name)}`;
    return `${basePath(kind.apiVersion)}${scope}/${plural}${object}`;
  }

  private version(apiVersion: string): Promise<ReadonlyMap<string, Endpoint>> {
    const known = this.versions.get(apiVersion);
    if (known !== undefined) return known;
    const asked = this.ask(apiVersion);
    this.versions.set(apiVersion, asked);
    asked.catch(() => this.versions.delete(apiVersion));
    return asked;
  }

  private async ask(apiVersion: string): Promise<ReadonlyMap<string, Endpoint>> {
    try {
      const list = await this.cluster.json({ method: "GET", path: basePath(apiVersion) });
      return new Map(
        listAt(list, "resources")
          .filter((resource) => !stringAt(resource, "name").includes("/"))
          .map((resource) => [
            stringAt(resource, "kind"),
            { plural: stringAt(resource, "name"), namespaced: valueAt(resource, "namespaced") === true },
          ]),
      );
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return new Map();
      throw error;
    }
  }
}

function basePath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
