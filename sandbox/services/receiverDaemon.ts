import { appendFileSync } from "node:fs";
import { createServer } from "node:http";

/** Takes what Alertmanager posts and keeps it, a line each, with the time and the path it was posted to. */
const [address = "", port = "", file = ""] = process.argv.slice(2);

createServer((request, response) => {
  if (request.method === "GET") {
    response.end("ok\n");
    return;
  }
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
    appendFileSync(file, `${JSON.stringify({ time: Date.now(), path: request.url, body })}\n`);
    response.end("kept\n");
  });
}).listen(Number(port), address, () => console.log(`listens on ${address}:${port}, keeps to ${file}`));
