import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";

/** How to reach a Prometheus: URL, and what its HTTP client file says. */
export interface Endpoint {
  readonly url: string;
  /** user:password */
  readonly auth?: string;
  /** Bearer token, in place of a user. */
  readonly token?: string;
  readonly ca?: string;
  readonly serverName?: string;
  /** Longest time that an answer may take, ms. Default: a minute. */
  readonly timeoutMs?: number;
  /** Whether its door lets GET requests alone pass: queries are then sent so as well. */
  readonly getOnly?: boolean;
}

/** The part of Prometheus's HTTP client configuration that is understood. */
interface HttpConfig {
  readonly basic_auth?: {
    readonly username?: string;
    readonly username_file?: string;
    readonly password?: string;
    readonly password_file?: string;
  };
  readonly tls_config?: { readonly ca_file?: string; readonly ca?: string; readonly server_name?: string };
}

const UNDERSTOOD = ["basic_auth", "tls_config"];

/** An endpoint by its URL and, where that is given, a file of Prometheus's HTTP client configuration (promtool's). */
export function endpoint(url: string, configFile?: string): Endpoint {
  if (!/^https?:\/\//.test(url)) throw new Error(`--prometheus "${url}" is no http or https URL`);
  if (configFile === undefined) return { url };
  const config = (parse(fs.readFileSync(configFile, "utf8")) ?? {}) as HttpConfig;
  const unknown = Object.keys(config).filter((key) => !UNDERSTOOD.includes(key));
  if (unknown.length > 0)
    throw new Error(
      `${configFile}: ${unknown.join(", ")} is not understood; use ${UNDERSTOOD.join(" and ")}`,
    );
  const { basic_auth: user, tls_config: tls } = config;
  const text = (value?: string, file?: string): string | undefined =>
    value ?? (file === undefined ? undefined : fs.readFileSync(file, "utf8").trim());
  const username = text(user?.username, user?.username_file);
  const password = text(user?.password, user?.password_file);
  const ca = text(tls?.ca, tls?.ca_file);
  return {
    url,
    ...(username === undefined ? {} : { auth: `${username}:${password ?? ""}` }),
    ...(ca === undefined ? {} : { ca }),
    ...(tls?.server_name === undefined ? {} : { serverName: tls.server_name }),
  };
}

/** A series with its samples: milliseconds since 1970, value. */
export interface Sampled {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [time: number, value: number])[];
}

interface Answer<T> {
  readonly status: "success" | "error";
  readonly error?: string;
  readonly data: T;
}

interface Result {
  readonly resultType: "matrix" | "scalar" | "string" | "vector";
  readonly result: unknown;
}

type RawSample = readonly [number, string];
interface RawSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: RawSample;
  readonly values?: readonly RawSample[];
}

/** What is sent with a request. */
interface Sent {
  readonly body: Buffer | string;
  readonly headers: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 60_000;

/** Asks a Prometheus by its HTTP API; what it refuses is thrown with its own words. */
export class Prometheus {
  readonly #at: Endpoint;
  readonly #agent: http.Agent;

  public constructor(at: Endpoint) {
    this.#at = at;
    const secure = at.url.startsWith("https:");
    const agent = { keepAlive: true, maxSockets: 8 };
    this.#agent = secure ? new https.Agent(agent) : new http.Agent(agent);
  }

  /** Ends the connections that are kept open. */
  public close(): void {
    this.#agent.destroy();
  }

  /** Series of an expression at one moment (ms). */
  public async instant(query: string, time: number): Promise<readonly Sampled[]> {
    return sampled(await this.#ask<Result>("query", { query, time: String(time / 1000) }), query);
  }

  /** Series of an expression over a window (ms). */
  public async range(
    query: string,
    { from, to, step }: { readonly from: number; readonly to: number; readonly step: number },
  ): Promise<readonly Sampled[]> {
    const parameters = {
      query,
      start: String(from / 1000),
      end: String(to / 1000),
      step: String(step / 1000),
    };
    return sampled(await this.#ask<Result>("query_range", parameters), query);
  }

  /** Values of a label on the series of a selector within a window (ms), sorted. */
  public async labelValues(label: string, selector: string, from: number, to: number): Promise<string[]> {
    const parameters = { "match[]": selector, start: String(from / 1000), end: String(to / 1000) };
    return await this.#ask<string[]>(`label/${encodeURIComponent(label)}/values`, parameters, "GET");
  }

  /** The data of another of its endpoints below `/api/v1/`, such as `targets`. */
  public async get<T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    return await this.#ask<T>(path, parameters, "GET");
  }

  /** Status and body of any request; the body is sent as it is. */
  public async raw(
    path: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly body: string }> {
    return await this.#send(`${this.#at.url.replace(/\/$/, "")}${path}`, "POST", { body, headers });
  }

  async #ask<T>(
    path: string,
    parameters: Readonly<Record<string, string>>,
    method = this.#at.getOnly === true ? "GET" : "POST",
  ): Promise<T> {
    const form = new URLSearchParams(parameters).toString();
    const url = `${this.#at.url.replace(/\/$/, "")}/api/v1/${path}${method === "GET" ? `?${form}` : ""}`;
    const { status, body } = await this.#send(
      url,
      method,
      method === "GET"
        ? undefined
        : { body: form, headers: { "content-type": "application/x-www-form-urlencoded" } },
    );
    let answer: Answer<T>;
    try {
      answer = JSON.parse(body) as Answer<T>;
    } catch {
      throw new Error(`${url} answered ${status}: ${body.slice(0, 200)}`);
    }
    if (answer.status !== "success")
      throw new Error(`${parameters.query ?? url}: ${answer.error ?? "an error without a word"}`);
    return answer.data;
  }

  async #send(url: string, method: string, sent?: Sent): Promise<{ status: number; body: string }> {
    const { auth, token, ca, serverName, timeoutMs = TIMEOUT_MS } = this.#at;
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...sent?.headers,
    };
    return await new Promise((resolve, reject) => {
      const request = (this.#agent instanceof https.Agent ? https : http).request(
        url,
        {
          method,
          agent: this.#agent,
          timeout: timeoutMs,
          headers,
          ...(auth === undefined ? {} : { auth }),
          ...(ca === undefined ? {} : { ca }),
          ...(serverName === undefined ? {} : { servername: serverName }),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
          });
        },
      );
      request.on("timeout", () =>
        request.destroy(new Error(`${url} did not answer within ${timeoutMs / 1000} s`)),
      );
      request.on("error", (error) => reject(new Error(`${url}: ${error.message}`)));
      request.end(sent?.body);
    });
  }
}

/** Milliseconds between two questions. */
const AGAIN_MS = 500;

/**
 * Asks an expression until what it returns is good.
 *
 * @param good what is made of the series; undefined asks again
 * @param signal ends the wait
 * @throws where the signal ends it, with what was there last; where Prometheus does not answer
 */
export async function awaitSeries<T>(
  prometheus: Prometheus,
  query: string,
  good: (series: readonly Sampled[]) => T | undefined,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    const series = await prometheus.instant(query, Date.now());
    const found = good(series);
    if (found !== undefined) return found;
    try {
      await sleep(AGAIN_MS, undefined, { signal });
    } catch (cause) {
      throw new Error(`${query} is still ${shown(series)}`, { cause });
    }
  }
}

/** The first of some series, as a person reads them. */
const shown = (series: readonly Sampled[]): string =>
  series.length === 0
    ? "nothing"
    : series
        .slice(0, 5)
        .map(({ labels, samples }) => `${JSON.stringify(labels)} ${String(samples.at(-1)?.[1])}`)
        .join(", ");

/** Vector, matrix or scalar as series. */
function sampled({ resultType, result }: Result, query: string): readonly Sampled[] {
  const sample = ([time, value]: RawSample): readonly [number, number] => [time * 1000, numberOf(value)];
  switch (resultType) {
    case "scalar":
      return [{ labels: {}, samples: [sample(result as RawSample)] }];
    case "vector":
    case "matrix":
      return (result as readonly RawSeries[]).map(({ metric, value, values = value ? [value] : [] }) => ({
        labels: metric,
        samples: values.map(sample),
      }));
    case "string":
      throw new Error(`${query} is a text`);
  }
}

const INFINITIES: Readonly<Record<string, number>> = { "+Inf": Infinity, "-Inf": -Infinity };

const numberOf = (text: string): number => INFINITIES[text] ?? Number(text);
