import { fetchManifest } from "../../../workloads/model-sync/publish/manifest";
import type { Manifest } from "../../../workloads/model-sync/types";
import type { S3Client } from "../../../workloads/s3/client";
import type { FaultProxy } from "./faultProxy";
import { faultProxy } from "./faultProxy";
import { makeBucket, rootBucket, sha256 } from "./registry";
import type { Server } from "./servers";
import { dispose, startMinio } from "./servers";
import { Site } from "./site";

/** A MinIO with the bucket of models, a proxy before it that can fail, and members that bring models to it. */
export class TransferStore {
  private readonly sites: Site[] = [];

  private constructor(
    readonly minio: Server,
    /** The bucket as root sees it, past the proxy. */
    readonly bucket: S3Client,
    readonly proxy: FaultProxy,
  ) {}

  public static async start(): Promise<TransferStore> {
    const minio = await startMinio();
    try {
      await makeBucket(minio.url);
      return new TransferStore(minio, rootBucket(minio.url), await faultProxy(minio.url));
    } catch (error) {
      await dispose(minio);
      throw error;
    }
  }

  /** A member of its own. */
  public site(
    ...args: ConstructorParameters<typeof Site> extends [string, ...infer Rest] ? Rest : never
  ): Site {
    const made = new Site(this.minio.url, ...args);
    this.sites.push(made);
    return made;
  }

  /** Keys under a prefix with the SHA-256 of what lies there. */
  public async stored(prefix: string): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for await (const { key } of this.bucket.list(prefix))
      found[key.slice(prefix.length)] = sha256((await this.bucket.get(key))!.body);
    return found;
  }

  /** Of every published version of a member's model. */
  public async manifests({ member }: Site, model: string): Promise<Manifest[]> {
    const list: Manifest[] = [];
    for await (const { key } of this.bucket.list(`manifests/${member}/${model}/`)) {
      const snapshot = key.split("/").at(-1)!.replace(".json", "");
      list.push((await fetchManifest(this.bucket, member, model, snapshot))!);
    }
    return list;
  }

  /** How many versions the store keeps of one key. */
  public async versionsOf(key: string): Promise<number> {
    let count = 0;
    for await (const version of this.bucket.listVersions(key)) if (version.key === key) count++;
    return count;
  }

  /** Keys of a member's uploads that are not complete. */
  public async uploadsOf({ member }: Site): Promise<string[]> {
    const uploads = await this.bucket.uploads.list();
    return uploads.map(({ key }) => key).filter((key) => key.startsWith(`models/${member}/`));
  }

  /** Ends the servers given, too. */
  public async dispose(...servers: readonly Server[]): Promise<void> {
    for (const site of this.sites) site.remove();
    this.bucket.close();
    await this.proxy.close();
    await dispose(this.minio, ...servers);
  }
}
