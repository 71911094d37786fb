import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { awaitSeries, endpoint, Prometheus } from "../../commands/preview/prometheus";
import { tlsServer } from "../workloads/support/tls";
import type { TlsServer } from "../workloads/support/tls";

const ALLOWED = [`Basic ${Buffer.from("local-1:word").toString("base64")}`, "Bearer token"];

/** Says what it was asked, as Prometheus would answer; 401 without the password. */
describe("a Prometheus behind TLS and a password", () => {
  let server: TlsServer;
  let asked: string[] = [];

  beforeAll(async () => {
    server = await tlsServer((request, response) => {
      if (!ALLOWED.includes(request.headers.authorization ?? "")) {
        response.writeHead(401).end("Unauthorized");
        return;
      }
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        asked.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`.trim());
        const bad = asked.at(-1)?.includes("query=bad");
        const answer = request.url?.includes("/label/")
          ? { status: "success", data: ["cloud", "hpc"] }
          : bad
            ? { status: "error", error: "invalid parameter: no such function" }
            : {
                status: "success",
                data: {
                  resultType: "vector",
                  result: [{ metric: { cluster: "hpc" }, value: [1.5, "+Inf"] }],
                },
              };
        response
          .writeHead(bad ? 400 : 200, { "content-type": "application/json" })
          .end(JSON.stringify(answer));
      });
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    asked = [];
  });

  const client = (password: string, trusted = true): Prometheus => {
    const file = path.join(server.folder, "http.yml");
    const tls = trusted ? { tls_config: { ca_file: server.caFile } } : {};
    fs.writeFileSync(file, stringify({ basic_auth: { username: "local-1", password }, ...tls }));
    return new Prometheus(endpoint(`https://127.0.0.1:${server.port}/`, file));
  };

  it("is asked for moments, windows and label values", async () => {
    const prometheus = client("word");
    expect(await prometheus.instant("up", 1_500)).toEqual([
      { labels: { cluster: "hpc" }, samples: [[1_500, Infinity]] },
    ]);
    await prometheus.range("up", { from: 0, to: 60_000, step: 30_000 });
    expect(await prometheus.labelValues("cluster", "up", 0, 60_000)).toEqual(["cloud", "hpc"]);
    expect(asked).toEqual([
      "POST /api/v1/query query=up&time=1.5",
      "POST /api/v1/query_range query=up&start=0&end=60&step=30",
      "GET /api/v1/label/cluster/values?match%5B%5D=up&start=0&end=60",
    ]);
    prometheus.close();
  });

  it("is asked with a token, and by GET alone where its door lets nothing else pass", async () => {
    const prometheus = new Prometheus({
      url: `https://127.0.0.1:${server.port}`,
      ca: fs.readFileSync(server.caFile, "utf8"),
      token: "token",
      getOnly: true,
    });
    expect(await prometheus.instant("up", 1_500)).toHaveLength(1);
    await prometheus.range("up", { from: 0, to: 60_000, step: 30_000 });
    expect(asked).toEqual([
      "GET /api/v1/query?query=up&time=1.5",
      "GET /api/v1/query_range?query=up&start=0&end=60&step=30",
    ]);
    prometheus.close();
  });

  it("is asked until what it says is good, and no longer than the signal lets it", async () => {
    const prometheus = client("word");
    const never = new AbortController();
    const third = (): number | undefined => (asked.length === 3 ? asked.length : undefined);
    expect(await awaitSeries(prometheus, "up", third, never.signal)).toBe(3);
    const ended = new AbortController();
    const wait = awaitSeries(
      prometheus,
      "up",
      () => {
        ended.abort();
        return undefined;
      },
      ended.signal,
    );
    await expect(wait).rejects.toThrow('up is still {"cluster":"hpc"} Infinity');
    await expect(awaitSeries(prometheus, "bad", third, never.signal)).rejects.toThrow("no such function");
    prometheus.close();
  });

  it("is quoted where it refuses a query", async () => {
    const prometheus = client("word");
    await expect(prometheus.instant("bad", 0)).rejects.toThrow("bad: invalid parameter: no such function");
    prometheus.close();
  });

  it("is named where the password is wrong, or its certificate is not trusted", async () => {
    const wrong = client("another");
    await expect(wrong.instant("up", 0)).rejects.toThrow(/\/api\/v1\/query answered 401: Unauthorized/);
    wrong.close();
    const untrusted = client("word", false);
    await expect(untrusted.instant("up", 0)).rejects.toThrow(/\/api\/v1\/query: self-signed certificate/);
    untrusted.close();
  });
});
