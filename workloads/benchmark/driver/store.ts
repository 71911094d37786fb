import { S3Client } from "../../s3/client";
import { defaultRetry } from "../../retry";
import { sourceUri } from "../../registry/names";
import type { Report } from "../report";
import { summarySchema, type Result, type Summary } from "../result";
import { readNamedFile } from "./files";
import type { StoreSettings } from "./services";

/** Where results are kept, and what later runs are compared with. */
export interface Store {
  /** Summaries of a model's earlier runs, oldest first, and the keys of those that could not be understood. */
  history(model: string): Promise<{ readonly runs: readonly Summary[]; readonly unknown: readonly string[] }>;
  /** Keeps a run; the summary last, so that a run that ended half-way is none that others are compared with. Returns the report's URI. */
  keep(result: Result, report: Report): Promise<string>;
}

/** Summaries read at the same time. */
const SOCKETS = 8;

const summariesOf = (model: string): string => `${model}/summaries/`;

function summaryOf(text: string): Summary | undefined {
  try {
    return summarySchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The bucket that the settings name; credentials are read now, nothing is sent yet. Errors name the store's URL. */
export function storeAt({ url, region, bucket, caFile, accessKeyFile, secretKeyFile }: StoreSettings): Store {
  const client = new S3Client({
    endpoint: url,
    region,
    bucket,
    credentials: {
      accessKeyId: readNamedFile(accessKeyFile),
      secretAccessKey: readNamedFile(secretKeyFile),
    },
    ...(caFile !== undefined && { ca: readNamedFile(caFile) }),
    sockets: SOCKETS,
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 60_000,
    retry: defaultRetry,
  });
  const put = (key: string, text: string, contentType: string): Promise<unknown> =>
    client.put(key, Buffer.from(text), {}, { contentType });

  return {
    history: async (model) => {
      const keys: string[] = [];
      for await (const { key } of client.list(summariesOf(model))) keys.push(key);
      const found: (Summary | undefined)[] = [];
      for (let at = 0; at < keys.length; at += SOCKETS) {
        const texts = await Promise.all(keys.slice(at, at + SOCKETS).map((key) => client.get(key)));
        found.push(...texts.map((got) => got && summaryOf(got.body.toString("utf8"))));
      }
      const runs = found.filter((one) => one !== undefined);
      return {
        runs: runs.sort((one, other) => Date.parse(one.startedAt) - Date.parse(other.startedAt)),
        unknown: keys.filter((_, at) => found[at] === undefined),
      };
    },
    keep: async (result, { judgement, json, markdown, html }) => {
      const { run, target } = result;
      const folder = `${target.model}/${target.version}/${run}`;
      await put(`${folder}/result.json`, `${JSON.stringify(result)}\n`, "application/json");
      await put(`${folder}/judged.json`, json, "application/json");
      await put(`${folder}/report.md`, markdown, "text/markdown; charset=utf-8");
      await put(`${folder}/report.html`, html, "text/html; charset=utf-8");
      const summary = `${JSON.stringify(judgement.summary)}\n`;
      await put(`${summariesOf(target.model)}${run}.json`, summary, "application/json");
      return sourceUri(bucket, `${folder}/report.html`);
    },
  };
}
