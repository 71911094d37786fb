import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { createCa, createServer, type KeyPair } from "../../../commands/certificates";
import { KubeApi, KubeError } from "../../../commands/validate/kube";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly token: string | undefined;
  readonly body: string;
}

let ca: KeyPair;
let server: https.Server;
let api: KubeApi;
const asked: Asked[] = [];

beforeAll(async () => {
  ca = await createCa(1, new Date());
  const own = await createServer(ca, "api", ["127.0.0.1"], new Date());
  server = https.createServer({ cert: own.certificate, key: own.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = request.url ?? "";
      asked.push({
        method: request.method ?? "",
        url,
        token: request.headers.authorization,
        body: Buffer.concat(chunks).toString("utf8"),
      });
      if (url === "/silent") return;
      const status = Number(/\/(\d{3})$/.exec(url)?.[1] ?? 200);
      response
        .writeHead(status)
        .end(status === 200 ? '{"kind":"Pod"}' : '{"kind":"Status","message":"not for you"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  api = new KubeApi({
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    authorize: (options) => {
      options.ca = ca.certificate;
      Object.assign(options.headers ?? {}, { authorization: "Bearer t" });
      return Promise.resolve();
    },
  });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  asked.length = 0;
});

test("sends and reads JSON with the credentials it is given", async () => {
  expect(await api.get("/api/v1/pods/a")).toEqual({ kind: "Pod" });
  await api.create("/api/v1/pods", { kind: "Pod" });
  expect(asked).toEqual([
    { method: "GET", url: "/api/v1/pods/a", token: "Bearer t", body: "" },
    { method: "POST", url: "/api/v1/pods", token: "Bearer t", body: '{"kind":"Pod"}' },
  ]);
});

test("says what the API server says", async () => {
  await expect(api.get("/403")).rejects.toThrow(new KubeError(403, "GET /403: 403 not for you"));
  expect(await api.send("GET", "/500")).toMatchObject({ status: 500 });
});

test("deletes with what belongs to it; what is gone already is no error", async () => {
  await api.delete("/404");
  expect(JSON.parse(asked[0]!.body)).toEqual({ propagationPolicy: "Background" });
  await expect(api.delete("/409")).rejects.toThrow("DELETE /409: 409 not for you");
});

test("ends with its signal, and names the server where there is none", async () => {
  const controller = new AbortController();
  const silent = api.get("/silent", controller.signal);
  setTimeout(() => controller.abort(new Error("interrupted")), 50);
  await expect(silent).rejects.toThrow("aborted");
  const nowhere = new KubeApi({ server: "https://127.0.0.1:1", authorize: () => Promise.resolve() });
  await expect(nowhere.get("/api")).rejects.toThrow(/^https:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/);
});
