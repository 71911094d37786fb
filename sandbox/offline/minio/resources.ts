import type { ResourceDiff } from "../changes";
import { InitializationError } from "../engine";
import { partsOfUrn } from "../names";
import { isSecret, mapTree, markSecrets, secret, stringAt, unknownString, type Tree } from "../properties";
import type { Checked, Created, Provider, Reading, Subject } from "../provider";
import { attachment } from "./attachment";
import { bucket } from "./bucket";
import { diffResource, isSame } from "./diff";
import { checkInputs, defaultsOf, inputsOf, wantedOf } from "./inputs";
import type { Mc } from "./mc";
import { policy } from "./policy";
import type { ResourceType } from "./resourceType";
import { user } from "./user";
import { versioning } from "./versioning";

/** The resources that are served, by type token. */
const types: Readonly<Record<string, ResourceType>> = {
  "minio:index/s3Bucket:S3Bucket": bucket,
  "minio:index/s3BucketVersioning:S3BucketVersioning": versioning,
  "minio:index/iamUser:IamUser": user,
  "minio:index/iamPolicy:IamPolicy": policy,
  "minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment": attachment,
};

/** Seconds that making or removing a resource may take where the program says nothing. */
const defaultSeconds = 600;

/** Creates, reads, changes and deletes the resources of one MinIO server. */
export class Resources implements Provider {
  constructor(private readonly mc: Mc) {}

  check(urn: string, olds: Tree, news: Tree, seed: Uint8Array): Promise<Checked> {
    return promised(() => checkInputs(typeOf(urn), partsOfUrn(urn).name, olds, news, seed));
  }

  diff(urn: string, state: Tree, news: Tree, ignored: readonly string[]): Promise<ResourceDiff> {
    return promised(() => diffResource(typeOf(urn), state, news, ignored));
  }

  /** A preview asks the server nothing: what it will choose is unknown. */
  async create({ urn, timeout }: Subject, news: Tree, preview: boolean): Promise<Created> {
    const type = typeOf(urn);
    const wanted = wantedOf(news);
    if (preview) return { id: "", state: makeState(type, { ...unknowns(type), ...wanted }, news) };
    const { id, chosen } = await type
      .make(this.mc, wanted, timeout || defaultSeconds)
      .catch((error: unknown) => {
        throw failure(type, labelOf(type, wanted) || partsOfUrn(urn).name, "was not created", error);
      });
    const made = { ...wanted, ...chosen };
    try {
      const found = await this.mustFind(type, id, made);
      await type.settle?.(this.mc, made, found, undefined);
      return { id, state: makeState(type, { ...made, ...(await this.mustFind(type, id, made)) }, news) };
    } catch (error) {
      const { message } = failure(type, id, "was created, but not brought to what is wanted", error);
      const state = makeState(type, made, news);
      throw new InitializationError(message, { id, state, inputs: news, reasons: [message] });
    }
  }

  async read({ urn, id }: Subject, state: Tree, inputs: Tree): Promise<Reading> {
    const type = typeOf(urn);
    const recorded = wantedOf(state);
    const found = await type.find(this.mc, id, recorded).catch((error: unknown) => {
      throw failure(type, id, "was not read", error);
    });
    if (found === undefined) return undefined;
    if (Object.keys(inputs).length === 0)
      return {
        id,
        state: makeState(type, { ...defaultsOf(type), ...found }, {}),
        inputs: inputsOf(type, found),
      };
    const now = mapTree(inputs, (value, key) => {
      const rule = type.inputs[key];
      if (rule === undefined || !(key in found) || isSame(rule, found[key], wantedOf(inputs)[key]))
        return value;
      return isSecret(value) ? secret(found[key]) : found[key];
    });
    return { id, state: makeState(type, { ...recorded, ...found }, inputs), inputs: now };
  }

  /** A preview asks the server nothing: what it chose before is taken to stay. */
  async update({ urn, id }: Subject, state: Tree, news: Tree, preview: boolean): Promise<Tree> {
    const type = typeOf(urn);
    const [recorded, wanted] = [wantedOf(state), wantedOf(news)];
    const kept = Object.entries(recorded).filter(
      ([key]) => type.outputs.includes(key) || type.inputs[key]?.computed,
    );
    const goal = { ...Object.fromEntries(kept), ...wanted };
    const problem = type.updateProblem?.(wanted);
    if (problem !== undefined) throw failure(type, id, "was not updated", problem);
    if (preview) return makeState(type, goal, news);
    try {
      const found = await this.mustFind(type, id, recorded);
      const chosen = (await type.settle?.(this.mc, wanted, found, recorded)) ?? {};
      return makeState(type, { ...goal, ...chosen, ...(await this.mustFind(type, id, recorded)) }, news);
    } catch (error) {
      throw failure(type, id, "was not updated", error);
    }
  }

  /** What is gone already needs no deleting. */
  async delete({ urn, id, timeout }: Subject, state: Tree): Promise<void> {
    const type = typeOf(urn);
    const recorded = wantedOf(state);
    try {
      await type.remove(this.mc, id, recorded, timeout || defaultSeconds);
    } catch (error) {
      const isThere = await type.find(this.mc, id, recorded).catch(() => ({}));
      if (isThere !== undefined) throw failure(type, id, "was not deleted", error);
    }
  }

  private async mustFind(type: ResourceType, id: string, state: Tree): Promise<Tree> {
    const found = await type.find(this.mc, id, state);
    if (found === undefined) throw new Error("it is not on the server any more; run pulumi refresh");
    return found;
  }
}

function typeOf(urn: string): ResourceType {
  const token = partsOfUrn(urn).type;
  const type = types[token];
  if (type !== undefined) return type;
  throw new Error(
    `${token} is not served by the offline stand-in of the minio provider, which knows ${Object.keys(types).join(", ")}; ` +
      "install the official provider to use it",
  );
}

/** A state with its secrets marked: those of the type, and what was secret in `inputs`. */
function makeState(type: ResourceType, properties: Tree, inputs: Tree): Tree {
  const marked = markSecrets(properties, inputs);
  return mapTree(marked, (value, key) =>
    type.inputs[key]?.secret === true && !isSecret(value) ? secret(value) : value,
  );
}

/** What only the server or the provider chooses, as a preview shows it. */
function unknowns(type: ResourceType): Tree {
  const chosen = Object.keys(type.inputs).filter((key) => type.inputs[key]?.computed === true);
  return Object.fromEntries([...type.outputs, ...chosen].map((key) => [key, unknownString]));
}

/** What tells a resource from others of its type, where the program says it. */
function labelOf(type: ResourceType, wanted: Tree): string {
  return type.identity.map((key) => stringAt(wanted, key)).join("/");
}

function failure(type: ResourceType, label: string, what: string, error: unknown): Error {
  const said = error instanceof Error ? error.message : String(error);
  return new Error(`${type.noun} "${label}" ${what}: ${said}`, { cause: error });
}

/** What `compute` returns or throws, as a promise. */
function promised<T>(compute: () => T): Promise<T> {
  return Promise.resolve().then(compute);
}
