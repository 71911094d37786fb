import { randomBytes } from "node:crypto";
import { stringAt, type Tree } from "../properties";
import { alias, McError, type Mc } from "./mc";
import { existsAlready, type Made, type ResourceType } from "./resourceType";

/** Characters that the official provider makes a name unique by. */
const suffixLength = 26;

/** A bucket that only users with a policy for it get into. */
export const bucket: ResourceType = {
  noun: "bucket",
  inputs: {
    bucket: {
      type: "string",
      computed: true,
      replaces: true,
      excludes: "bucketPrefix",
      problem: nameProblem,
    },
    bucketPrefix: { type: "string", replaces: true, problem: prefixProblem },
    acl: { type: "string", default: "private", problem: aclProblem },
    forceDestroy: { type: "boolean", default: false },
  },
  outputs: ["arn", "bucketDomainName"],
  identity: ["bucket"],

  async make(mc, wanted, seconds): Promise<Made> {
    const name = stringAt(wanted, "bucket") || uniqueName(stringAt(wanted, "bucketPrefix") || "terraform-");
    try {
      await mc.run(["mb", "--region", mc.settings.region, `${alias}/${name}`], { seconds });
    } catch (error) {
      if (error instanceof McError && error.code.startsWith("BucketAlready"))
        throw existsAlready("bucket", name, error);
      throw error;
    }
    return { id: name, chosen: { bucket: name } };
  },

  async find(mc, id): Promise<Tree | undefined> {
    if ((await findVersioning(mc, id)) === undefined) return undefined;
    return { bucket: id, arn: `arn:aws:s3:::${id}`, bucketDomainName: `${mc.settings.url}/minio/${id}` };
  },

  /** Without force mc refuses a bucket that holds anything; it looks first, so that what is written meanwhile is lost. */
  async remove(mc, id, state, seconds): Promise<void> {
    const force = state.forceDestroy === true ? ["--force"] : [];
    await mc.run(["rb", ...force, `${alias}/${id}`], { seconds });
  },
};

/** A bucket's versioning status, empty when it never had one; undefined when there is no such bucket. */
export async function findVersioning(mc: Mc, name: string): Promise<string | undefined> {
  try {
    return stringAt(await mc.run(["version", "info", `${alias}/${name}`]), "versioning", "status");
  } catch (error) {
    if (error instanceof McError && error.code === "NoSuchBucket") return undefined;
    throw error;
  }
}

/** What is wrong with a bucket's name; undefined when nothing. */
export function nameProblem(value: unknown): string | undefined {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(String(value))
    ? undefined
    : "is no name of a bucket: 3 to 63 lower-case letters, digits, hyphens and dots, no hyphen or dot at its ends";
}

function prefixProblem(value: unknown): string | undefined {
  return /^[a-z0-9][a-z0-9.-]*$/.test(String(value)) && String(value).length <= 63 - suffixLength
    ? undefined
    : `is no prefix of a bucket's name: at most ${63 - suffixLength} lower-case letters, digits, hyphens and dots`;
}

/** mc can not take a bucket's policy away again, so that there is no way back from a public one. */
function aclProblem(value: unknown): string | undefined {
  return value === "private" ? undefined : "is not served by the offline stand-in, which knows private alone";
}

/** A name as the official provider makes it: time and a random part. */
function uniqueName(prefix: string): string {
  const time = new Date().toISOString().replace(/\D/g, "").slice(0, 17);
  return `${prefix}${time}${randomBytes(5).toString("hex")}`.slice(0, prefix.length + suffixLength);
}
