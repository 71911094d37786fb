import http from "node:http";
import type { AddressInfo } from "node:net";
import type { SimulatedCluster } from "./simulatedCluster";

/** A simulated cluster's API over HTTP, for a driver in a process of its own. */
export interface SimulatedApi {
  readonly url: string;
  close(): Promise<void>;
}

async function bodyOf(request: http.IncomingMessage): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}") as object;
}

async function answer(
  cluster: SimulatedCluster,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const { url = "", method } = request;
  const body = await bodyOf(request);
  if (url.includes("watch=true")) {
    const ended = new AbortController();
    response.once("close", () => ended.abort());
    await cluster.watch(url, (event) => response.write(`${JSON.stringify(event)}\n`), ended.signal);
    return;
  }
  if (method === "POST") await cluster.create(url, body);
  else if (method === "PATCH") await cluster.patch(url, body);
  else if (method === "DELETE") await cluster.remove(url);
  const found = method === "GET" ? ((await cluster.get(url)) as object) : {};
  response.end(JSON.stringify("items" in found ? { ...found, metadata: { resourceVersion: "1" } } : found));
}

/** Serves the API of a simulated cluster on 127.0.0.1; what it does not have is answered with 404. */
export async function serveApi(cluster: SimulatedCluster): Promise<SimulatedApi> {
  const server = http.createServer((request, response) => {
    answer(cluster, request, response).catch((error: unknown) =>
      response.writeHead(404).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
