import * as http from "node:http";
import * as https from "node:https";
import { problem } from "./finding";
import type { Finding } from "./finding";

/** How a Prometheus of a site is read. */
export interface SiteEndpoint {
  /** https URL, or one of a forwarded port of this machine; with the path under which its API begins if it has one. */
  readonly url: string;
  /** PEM of the CA that signed its certificate; absent: the system's roots. */
  readonly ca?: string | undefined;
  readonly credentials:
    | { readonly kind: "basic"; readonly username: string; readonly password: string }
    | { readonly kind: "bearer"; readonly token: string };
}

/** A series at one moment. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Why it could not be read. */
export class UnreadableError extends Error {
  public constructor(readonly finding: Finding) {
    super(`${finding.key}: ${finding.found}`);
    this.name = "UnreadableError";
  }
}

const TIMEOUT_MS = 20_000;

/** Key of a finding that says it could not be reached at all. */
export const UNREACHED = "federation:member.prometheus.url";

const ADVICE: Readonly<Record<number, string>> = {
  401: "correct federation:prometheusCredentials",
  403: "let this user read /api/v1 and /federate",
  404: "name the URL under which /api/v1 of Prometheus itself lies: Thanos and other readers of it have no /federate",
};

/** Reads a site's Prometheus; what it refuses is thrown as {@link UnreadableError}. */
export class SiteApi {
  public constructor(private readonly at: SiteEndpoint) {}

  /** `data` of an answer of `/api/v1/<path>`. */
  public async data<T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const body = await this.text(`/api/v1/${path}`, parameters);
    try {
      return (JSON.parse(body) as { readonly data: T }).data;
    } catch {
      throw new UnreadableError(problem(`/api/v1/${path}`, "an answer that is no JSON", ADVICE[404] ?? ""));
    }
  }

  /** Series of an expression now. */
  public async query(query: string): Promise<readonly Series[]> {
    const { result } = await this.data<{
      readonly result: readonly {
        readonly metric: Readonly<Record<string, string>>;
        readonly value: readonly [number, string];
      }[];
    }>("query", { query });
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** The body of a GET; its path begins where the URL ends. */
  public async text(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
    const query = new URLSearchParams(parameters).toString();
    const url = `${this.at.url.replace(/\/$/, "")}${path}${query === "" ? "" : `?${query}`}`;
    const { status, body } = await this.send(url);
    if (status === 200) return body;
    const said = body.trim().split("\n")[0]?.slice(0, 120) ?? "";
    throw new UnreadableError(
      problem(path, `HTTP ${String(status)} (${said})`, ADVICE[status] ?? "look into its log"),
    );
  }

  private async send(url: string): Promise<{ readonly status: number; readonly body: string }> {
    const { ca, credentials } = this.at;
    const authorization =
      credentials.kind === "bearer"
        ? `Bearer ${credentials.token}`
        : `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
    return await new Promise((resolve, reject) => {
      const refused = (error: Error): void =>
        reject(
          new UnreadableError(
            problem(
              UNREACHED,
              `${this.at.url} could not be read (${error.message})`,
              "correct url or caFile, or set check: false where the machine that runs Pulumi does not reach it",
            ),
          ),
        );
      const request = (this.at.url.startsWith("http:") ? http : https).get(
        url,
        {
          agent: false,
          timeout: TIMEOUT_MS,
          headers: { authorization },
          ...(ca === undefined ? {} : { ca }),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", refused);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
          );
        },
      );
      request.on("timeout", () =>
        request.destroy(new Error(`no answer within ${String(TIMEOUT_MS / 1000)} s`)),
      );
      request.on("error", refused);
    });
  }
}
