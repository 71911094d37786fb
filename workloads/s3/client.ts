import type { IncomingMessage } from "node:http";
import type { Condition, ObjectInfo, S3Options } from "./calls";
import { S3Calls, absentIs404, conditionHeaders, crc32Base64, infoOf, plain } from "./calls";
import { S3Uploads } from "./uploads";
import type { XmlElement } from "./xml";
import { childrenOf, textOf } from "./xml";

/** One row of a listing. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  /** ISO time. */
  readonly lastModified: string;
}

/** One row of a listing of versions. */
export interface ListedVersion extends ListedObject {
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
}

/**
 * The operations of S3 that the worker uses, on one bucket. Every error is a SyncError (S3Error where the store
 * answered): what can pass was already tried again as the policy says.
 */
export class S3Client {
  /** Multipart uploads. */
  readonly uploads: S3Uploads;
  private readonly calls: S3Calls;

  constructor(options: S3Options) {
    this.calls = new S3Calls(options);
    this.uploads = new S3Uploads(this.calls);
  }

  /** Closes idle connections; without it a process lingers. */
  close(): void {
    this.calls.connection.close();
  }

  /**
   * Puts a small object with its CRC-32 (computed where it is not known), which the server verifies. Fails with 412 where
   * the condition does not hold.
   */
  async put(
    key: string,
    body: Buffer,
    condition: Condition = {},
    { crc = crc32Base64(body), contentType }: { readonly crc?: string; readonly contentType?: string } = {},
  ): Promise<ObjectInfo> {
    const { answer } = await this.calls.call({
      operation: "PutObject",
      method: "PUT",
      path: this.calls.path(key),
      headers: {
        "x-amz-checksum-crc32": crc,
        ...(contentType !== undefined && { "content-type": contentType }),
        ...conditionHeaders(condition),
      },
      body,
    });
    return { ...infoOf(answer), size: body.length };
  }

  /** Undefined when there is no such object. */
  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = await absentIs404(
      this.calls.call({
        operation: "HeadObject",
        method: "HEAD",
        path: this.calls.path(key),
        headers: { "x-amz-checksum-mode": "ENABLED" },
      }),
    );
    return found && infoOf(found.answer);
  }

  /** Reads a whole object into memory; undefined when absent. For manifests, state and claims. */
  async get(key: string): Promise<{ readonly info: ObjectInfo; readonly body: Buffer } | undefined> {
    const found = await absentIs404(
      this.calls.call({ operation: "GetObject", method: "GET", path: this.calls.path(key) }),
    );
    return found && { info: infoOf(found.answer), body: found.body };
  }

  /** Opens a stream over an object's bytes, one try; the caller reads it to its end, checks `complete`, and tries again itself. */
  async openStream(key: string): Promise<IncomingMessage> {
    return this.calls.connection.send({ operation: "GetObject", method: "GET", path: this.calls.path(key) });
  }

  /** Every object under a prefix, sorted by key as the store sorts. */
  async *list(prefix: string): AsyncGenerator<ListedObject> {
    for (let token = ""; ;) {
      const page = await this.calls.xml({
        operation: "ListObjectsV2",
        method: "GET",
        path: this.calls.path(""),
        query: {
          "list-type": "2",
          "encoding-type": "url",
          prefix,
          ...(token === "" ? {} : { "continuation-token": token }),
        },
      });
      for (const row of childrenOf(page, "Contents")) yield listedOf(row);
      token = textOf(page, "NextContinuationToken");
      if (textOf(page, "IsTruncated") !== "true") return;
    }
  }

  /** Every version and delete marker under a prefix (needs a right that the members do not have). */
  async *listVersions(prefix: string): AsyncGenerator<ListedVersion> {
    for (let at: Record<string, string> = {}; ;) {
      const page = await this.calls.xml({
        operation: "ListObjectVersions",
        method: "GET",
        path: this.calls.path(""),
        query: { versions: "", "encoding-type": "url", prefix, ...at },
      });
      for (const row of page.children) {
        if (row.name !== "Version" && row.name !== "DeleteMarker") continue;
        yield {
          ...listedOf(row),
          versionId: textOf(row, "VersionId"),
          isLatest: textOf(row, "IsLatest") === "true",
          deleteMarker: row.name === "DeleteMarker",
        };
      }
      if (textOf(page, "IsTruncated") !== "true") return;
      at = {
        "key-marker": plain(textOf(page, "NextKeyMarker")),
        "version-id-marker": textOf(page, "NextVersionIdMarker"),
      };
    }
  }

  /** Deletes the current version (a marker in a versioned bucket), or the version given. An absent one is no error. */
  async delete(key: string, versionId?: string): Promise<void> {
    await this.calls.call({
      operation: "DeleteObject",
      method: "DELETE",
      path: this.calls.path(key),
      ...(versionId === undefined ? {} : { query: { versionId } }),
    });
  }

  /**
   * Copies inside the bucket on the server. Fails with 412 when the source no longer has this ETag. The answer carries the new
   * object's CRC-32, which the store computed before and keeps.
   */
  async copy(from: string, to: string, sourceEtag?: string): Promise<ObjectInfo> {
    const { answer, body } = await this.calls.call({
      operation: "CopyObject",
      method: "PUT",
      path: this.calls.path(to),
      headers: {
        "x-amz-copy-source": this.calls.path(from),
        ...(sourceEtag === undefined ? {} : { "x-amz-copy-source-if-match": sourceEtag }),
      },
    });
    const xml = this.calls.success(body, "CopyObject", to);
    const crc = textOf(xml, "ChecksumCRC32");
    return {
      ...infoOf(answer),
      etag: textOf(xml, "ETag"),
      ...(crc === "" ? {} : { crc32: crc }),
    };
  }
}

function listedOf(row: XmlElement): ListedObject {
  return {
    key: plain(textOf(row, "Key")),
    size: Number(textOf(row, "Size")),
    etag: textOf(row, "ETag"),
    lastModified: textOf(row, "LastModified"),
  };
}
