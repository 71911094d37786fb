import { ApiError, type KubernetesApi } from "../../../sandbox/clusters/api";
import type { Manifest } from "../../../sandbox/clusters/objects";

/** Unknown and doubled fields are errors, and nothing is kept. */
const STRICT = "dryRun=All&fieldValidation=Strict";

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** What an API server says of objects, without keeping them. */
export class Conformance {
  private readonly resources = new Map<string, Promise<readonly Resource[]>>();

  constructor(private readonly api: KubernetesApi) {}

  /** The collection that an object belongs to. */
  private async collection({ apiVersion, kind, metadata }: Manifest): Promise<string> {
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known =
      this.resources.get(group) ??
      this.api.get(group).then((answer) => (answer as { readonly resources: readonly Resource[] }).resources);
    this.resources.set(group, known);
    const resource = (await known).find((one) => one.kind === kind && !one.name.includes("/"));
    if (resource === undefined) throw new Error(`${group} has no ${kind}`);
    return resource.namespaced
      ? `${group}/namespaces/${metadata.namespace ?? "default"}/${resource.name}`
      : `${group}/${resource.name}`;
  }

  /** Makes objects, for others to be tried beside. */
  async create(objects: readonly Manifest[]): Promise<void> {
    for (const object of objects) await this.api.create(await this.collection(object), object);
  }

  /** Why an object is not accepted, by a create and by a server-side apply; empty where it is. */
  async refusals(object: Manifest): Promise<readonly string[]> {
    const collection = await this.collection(object);
    return [
      ...(await refusal(this.api.create(`${collection}?${STRICT}`, object))),
      ...(await this.refusalsOfFields(object, "test")),
    ];
  }

  /** Why fields of an object that is there can not be taken by this manager. */
  async refusalsOfFields(object: Manifest, fieldManager: string): Promise<readonly string[]> {
    const path = `${await this.collection(object)}/${object.metadata.name}`;
    return refusal(this.api.apply(path, object, `${STRICT}&fieldManager=${fieldManager}&force=true`));
  }
}

/** The message in the API server's answer, if it refuses. */
async function refusal(answer: Promise<void>): Promise<readonly string[]> {
  try {
    await answer;
    return [];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const [, message] = /"message":("(?:[^"\\]|\\.)*")/.exec(error.message) ?? [];
    return [message === undefined ? error.message : (JSON.parse(message) as string)];
  }
}
