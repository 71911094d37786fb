import * as fs from "node:fs";
import * as https from "node:https";
import * as path from "node:path";
import * as yaml from "yaml";
import { paths } from "./paths";

export type Side = "hub" | "hpc";

/** `cloud` is accepted for `hub`. */
export function parseSide(word: string | undefined): Side {
  if (word === "hub" || word === "cloud") return "hub";
  if (word === "hpc") return "hpc";
  throw new Error(`say which Prometheus: hub or hpc, not ${word ?? "nothing"}`);
}

/** A Prometheus of the sandbox: URL, and Prometheus's own HTTP client file with its credentials. */
export interface Endpoint {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly ca: string;
}

interface HttpClientFile {
  readonly basic_auth: { readonly username: string; readonly password: string };
  readonly tls_config: { readonly ca_file: string };
}

const httpFile = (side: Side): string => path.join(paths.http, `${side}.yml`);

/** Keeps an endpoint's credentials as an HTTP client file (readable by its owner only), usable by promtool too. */
export function writeHttpClientFile(side: Side, endpoint: Endpoint): void {
  fs.mkdirSync(paths.http, { recursive: true, mode: 0o700 });
  const caFile = path.join(paths.http, `${side}-ca.crt`);
  fs.writeFileSync(caFile, endpoint.ca);
  const content: HttpClientFile = {
    basic_auth: { username: endpoint.username, password: endpoint.password },
    tls_config: { ca_file: caFile },
  };
  fs.writeFileSync(httpFile(side), yaml.stringify(content), { mode: 0o600 });
}

/** Reads an endpoint back; says what to do where the sandbox is not up. */
export function endpoint(side: Side): Endpoint {
  if (!fs.existsSync(httpFile(side)) || !fs.existsSync(paths.summary))
    throw new Error("the sandbox is not up: run `npm run sandbox`");
  const file = yaml.parse(fs.readFileSync(httpFile(side), "utf8")) as HttpClientFile;
  const summary = JSON.parse(fs.readFileSync(paths.summary, "utf8")) as { endpoints: Record<string, string> };
  const url = summary.endpoints[side === "hub" ? "hubPrometheus" : "hpcPrometheus"];
  if (url === undefined) throw new Error(`${paths.summary} has no endpoint for ${side}`);
  return { url, ...file.basic_auth, ca: fs.readFileSync(file.tls_config.ca_file, "utf8") };
}

/** GET of a path of Prometheus's HTTP API; returns the body whatever the status, network errors throw. */
export async function get(
  at: Endpoint,
  pathAndQuery: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const url = new URL(pathAndQuery, at.url);
  return await new Promise((resolve, reject) => {
    const request = https.get(
      url,
      { ca: at.ca, auth: `${at.username}:${at.password}`, agent: false, timeout: 10_000 },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error(`${at.url} did not answer within 10 s`)));
    request.on("error", reject);
  });
}

/** One series of an instant vector. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

interface QueryAnswer<T> {
  readonly status: "success" | "error";
  readonly error?: string;
  readonly data: { readonly result: T };
}

/** Prometheus's JSON answer to an instant query, as text. */
export async function queryText(at: Endpoint, expression: string): Promise<string> {
  return (await get(at, `/api/v1/query?query=${encodeURIComponent(expression)}`)).body;
}

/** The vector an instant query returns; throws with Prometheus's own error. */
export async function query(at: Endpoint, expression: string): Promise<readonly Sample[]> {
  const answer = await get(at, `/api/v1/query?query=${encodeURIComponent(expression)}`);
  if (answer.status !== 200)
    throw new Error(`query ${expression} answered ${answer.status}: ${answer.body.slice(0, 500)}`);
  return (JSON.parse(answer.body) as QueryAnswer<readonly Sample[]>).data.result;
}

/** The single value a query returns, or undefined where it returns nothing. */
export async function queryValue(at: Endpoint, expression: string): Promise<number | undefined> {
  const result = await query(at, expression);
  if (result.length > 1)
    throw new Error(`query ${expression} returned ${result.length} series where one was expected`);
  return result[0] === undefined ? undefined : Number(result[0].value[1]);
}

/** An active scrape target as `/api/v1/targets` tells it. */
export interface Target {
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
  readonly lastScrape: string;
}

export async function targets(at: Endpoint): Promise<readonly Target[]> {
  const answer = await get(at, "/api/v1/targets?state=active");
  if (answer.status !== 200)
    throw new Error(`targets answered ${answer.status}: ${answer.body.slice(0, 500)}`);
  return (JSON.parse(answer.body) as { data: { activeTargets: readonly Target[] } }).data.activeTargets;
}
