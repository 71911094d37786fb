import type { Condition, ObjectInfo, S3Calls } from "./calls";
import { absentIs404, conditionHeaders, header, infoOf, plain } from "./calls";
import { childrenOf, textOf } from "./xml";

/** One unfinished multipart upload. */
export interface Upload {
  readonly key: string;
  readonly uploadId: string;
  /** ISO time. */
  readonly initiated: string;
}

export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  /** CRC-32 of the part, base64. */
  readonly crc32: string;
}

/** The operations on multipart uploads. Errors as in S3Client. */
export class S3Uploads {
  constructor(private readonly calls: S3Calls) {}

  /** Starts a multipart upload whose parts and whole carry CRC-32; returns its id. */
  async create(key: string): Promise<string> {
    const page = await this.calls.xml({
      operation: "CreateMultipartUpload",
      method: "POST",
      path: this.calls.path(key),
      query: { uploads: "" },
      headers: { "x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "FULL_OBJECT" },
    });
    return textOf(page, "UploadId");
  }

  /** Sends one part; the server verifies its CRC-32 (base64). */
  async part(
    key: string,
    uploadId: string,
    number: number,
    body: Buffer,
    crc: string,
  ): Promise<UploadedPart> {
    const { answer } = await this.calls.call({
      operation: "UploadPart",
      method: "PUT",
      path: this.calls.path(key),
      query: { partNumber: String(number), uploadId },
      headers: { "x-amz-checksum-crc32": crc },
      body,
    });
    return { number, size: body.length, etag: header(answer, "etag"), crc32: crc };
  }

  /** The parts that the store has; undefined when there is no such upload. */
  async parts(key: string, uploadId: string): Promise<UploadedPart[] | undefined> {
    const parts: UploadedPart[] = [];
    for (let marker = "0"; ;) {
      const query = { uploadId, "part-number-marker": marker };
      const page = await absentIs404(
        this.calls.xml({ operation: "ListParts", method: "GET", path: this.calls.path(key), query }),
      );
      if (!page) return undefined;
      for (const row of childrenOf(page, "Part")) {
        const [number, size] = [Number(textOf(row, "PartNumber")), Number(textOf(row, "Size"))];
        parts.push({ number, size, etag: textOf(row, "ETag"), crc32: textOf(row, "ChecksumCRC32") });
      }
      marker = textOf(page, "NextPartNumberMarker");
      if (textOf(page, "IsTruncated") !== "true") return parts;
    }
  }

  /** Joins the parts; `crc` is the CRC-32 of the whole object, which the server verifies. */
  async complete(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
    crc: string,
    condition: Condition = {},
  ): Promise<ObjectInfo> {
    const rows = parts.map(
      (part) =>
        `<Part><PartNumber>${part.number}</PartNumber><ETag>${part.etag}</ETag><ChecksumCRC32>${part.crc32}</ChecksumCRC32></Part>`,
    );
    const { answer, body } = await this.calls.call({
      operation: "CompleteMultipartUpload",
      method: "POST",
      path: this.calls.path(key),
      query: { uploadId },
      headers: {
        "x-amz-checksum-crc32": crc,
        "x-amz-checksum-type": "FULL_OBJECT",
        ...conditionHeaders(condition),
      },
      body: Buffer.from(`<CompleteMultipartUpload>${rows.join("")}</CompleteMultipartUpload>`),
    });
    const xml = this.calls.success(body, "CompleteMultipartUpload", key);
    return {
      ...infoOf(answer),
      size: parts.reduce((sum, part) => sum + part.size, 0),
      etag: textOf(xml, "ETag"),
      crc32: textOf(xml, "ChecksumCRC32"),
    };
  }

  /** Gives an upload up and frees its parts; one that is gone is no error. */
  async abort(key: string, uploadId: string): Promise<void> {
    await absentIs404(
      this.calls.call({
        operation: "AbortMultipartUpload",
        method: "DELETE",
        path: this.calls.path(key),
        query: { uploadId },
      }),
    );
  }

  /** Unfinished uploads of exactly this key, or of the whole bucket without one (MinIO answers nothing in between). */
  async list(key = ""): Promise<Upload[]> {
    const uploads: Upload[] = [];
    for (let at: Record<string, string> = {}; ;) {
      const page = await this.calls.xml({
        operation: "ListMultipartUploads",
        method: "GET",
        path: this.calls.path(""),
        query: { uploads: "", "encoding-type": "url", ...(key === "" ? {} : { prefix: key }), ...at },
      });
      for (const row of childrenOf(page, "Upload")) {
        const [found, uploadId] = [plain(textOf(row, "Key")), textOf(row, "UploadId")];
        if (key === "" || found === key)
          uploads.push({ key: found, uploadId, initiated: textOf(row, "Initiated") });
      }
      if (textOf(page, "IsTruncated") !== "true") return uploads;
      at = {
        "key-marker": plain(textOf(page, "NextKeyMarker")),
        "upload-id-marker": textOf(page, "NextUploadIdMarker"),
      };
    }
  }
}
