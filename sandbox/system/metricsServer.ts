import { createServer } from "node:http";

/**
 * Serves an exporter's text at `/metrics`, and that it is alive at `/health`, until the pod is ended. What fails is
 * logged, and told as 503.
 *
 * @param said what is logged once it listens
 */
export function serveMetrics(port: number, said: string, text: () => Promise<string>): void {
  const server = createServer((incoming, response) => {
    if (incoming.url !== "/metrics") {
      response.writeHead(incoming.url === "/health" ? 200 : 404).end();
      return;
    }
    text().then(
      (metrics) =>
        response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(metrics),
      (error: unknown) => {
        console.error(error);
        response.writeHead(503).end(`${String(error)}\n`);
      },
    );
  });
  server.listen(port, () => console.log(said));
  for (const name of ["SIGTERM", "SIGINT"] as const)
    process.on(name, () => {
      server.close();
      server.closeAllConnections();
    });
}
