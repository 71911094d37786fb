import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Kubernetes } from "../../workloads/benchmark/driver/stopwatch/kubernetes";

export interface RunningApi {
  readonly url: string;
  close(): Promise<void>;
}

/** An API server on 127.0.0.1 before a simulated cluster: gets, lists and watches; everything else is refused. */
export async function serveKubernetes(kubernetes: Kubernetes): Promise<RunningApi> {
  const listener = http.createServer((request, response) => {
    const path = request.url ?? "";
    const json = { "content-type": "application/json" };
    if (request.method !== "GET") {
      response.writeHead(403, json).end('{"message":"read only"}');
      return;
    }
    if (new URLSearchParams(path.split("?")[1]).get("watch") !== "true") {
      kubernetes.get(path).then(
        (found) => response.writeHead(200, json).end(JSON.stringify(found)),
        (error: unknown) => response.writeHead(404, json).end(JSON.stringify({ message: String(error) })),
      );
      return;
    }
    const ended = new AbortController();
    response.once("close", () => ended.abort());
    response.writeHead(200, json).flushHeaders();
    void kubernetes
      .watch(path, (event) => response.write(`${JSON.stringify(event)}\n`), ended.signal)
      .then(() => response.end());
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
}
