import type { IncomingMessage } from "node:http";
import { crc32 } from "node:zlib";
import type { RetryPolicy } from "../retry";
import { retrying } from "../retry";
import type { SyncError } from "../errors";
import { S3Error, errorOfAnswer } from "./errors";
import type { S3ConnectionOptions, S3Request } from "./http";
import { S3Connection, encodeKey, encodeSegment, readAll } from "./http";
import type { XmlElement } from "./xml";
import { parseXml, textOf } from "./xml";

export interface S3Options extends S3ConnectionOptions {
  readonly bucket: string;
  readonly retry: RetryPolicy;
  readonly random?: () => number;
  /** Called for each try that failed and will be repeated. */
  readonly onRetry?: (error: SyncError) => void;
}

/** What the store says about one object. */
export interface ObjectInfo {
  readonly size: number;
  /** With its quotes, as `ifMatch` wants it. */
  readonly etag: string;
  /** Empty in a bucket without versioning. */
  readonly versionId: string;
  /** CRC-32 of the whole object, base64; absent where the store has none. */
  readonly crc32?: string;
}

/** At most one of both: `ifNoneMatch` creates and never overwrites, `ifMatch` overwrites only that ETag. */
export interface Condition {
  readonly ifNoneMatch?: "*";
  readonly ifMatch?: string;
}

/** The largest answer read into memory, bytes: a manifest of some 500,000 files. */
const answerLimit = 256 * 1024 * 1024;

/** Requests with retries on one bucket, and what they have in common. */
export class S3Calls {
  readonly connection: S3Connection;

  constructor(private readonly options: S3Options) {
    this.connection = new S3Connection(options);
  }

  path(key: string): string {
    const bucket = `/${encodeSegment(this.options.bucket)}`;
    return key === "" ? bucket : `${bucket}/${encodeKey(key)}`;
  }

  call(request: S3Request): Promise<{ answer: IncomingMessage; body: Buffer }> {
    const { retry, random, onRetry } = this.options;
    return retrying(
      async () => {
        const answer = await this.connection.send(request);
        const body = await readAll(answer, answerLimit, `${request.operation} ${request.path}`);
        if (body.length > 0 && request.method !== "GET") this.success(body, request.operation, request.path);
        return { answer, body };
      },
      { policy: retry, ...(random && { random }), ...(onRetry && { onRetry }) },
    );
  }

  async xml(request: S3Request): Promise<XmlElement> {
    const { body } = await this.call(request);
    return this.success(body, request.operation, request.path);
  }

  /** An answer of 200 can still hold an error, sent after the server had begun to answer. */
  success(body: Buffer, operation: string, key: string): XmlElement {
    const xml = parseXml(body.toString("utf8"));
    if (!xml) throw new S3Error("unavailable", `${operation} ${key}: answer is not XML`, true, 200, "");
    if (xml.name !== "Error") return xml;
    const code = textOf(xml, "Code");
    throw errorOfAnswer(
      code === "InternalError" ? 500 : 200,
      code,
      textOf(xml, "Message"),
      `${operation} ${key}`,
    );
  }
}

/** Turns an answer that the object, version or upload is absent into undefined; an absent bucket stays an error. */
export async function absentIs404<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof S3Error && error.reason === "not-found" && error.code !== "NoSuchBucket")
      return undefined;
    throw error;
  }
}

export function conditionHeaders(condition: Condition): Record<string, string> {
  return {
    ...(condition.ifNoneMatch && { "if-none-match": condition.ifNoneMatch }),
    ...(condition.ifMatch !== undefined && { "if-match": condition.ifMatch }),
  };
}

export function header(answer: IncomingMessage, name: string): string {
  const value = answer.headers[name];
  return typeof value === "string" ? value : "";
}

export function infoOf(answer: IncomingMessage): ObjectInfo {
  const crc = header(answer, "x-amz-checksum-crc32");
  return {
    size: Number(header(answer, "content-length")),
    etag: header(answer, "etag"),
    versionId: header(answer, "x-amz-version-id"),
    ...(crc === "" ? {} : { crc32: crc }),
  };
}

/** Undoes the encoding of keys in listings. */
export function plain(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll("+", " "));
}

/** CRC-32 of bytes as S3 writes it: four big-endian bytes in base64. */
export function crc32Base64(body: Buffer): string {
  return crcText(crc32(body));
}

/** A CRC-32 value as S3 writes it. */
export function crcText(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString("base64");
}
