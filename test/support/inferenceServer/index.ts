import http from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Activity } from "./activity";
import { draw, seeded, type Distribution } from "./distribution";
import { exposition, type Exported } from "./exposition";
import { understand, type Understood } from "./protocols";
import { FifoQueue } from "./queue";

/** How the server behaves. Shares are of all requests, 0 to 1, drawn from the seed. */
export interface Behaviour {
  /** Name of the only model there is; others are answered with 404. */
  readonly model: string;
  readonly service: Distribution;
  /** Requests that are worked on at the same time; others wait in a queue. Without it nothing waits. */
  readonly capacity?: number;
  /** Milliseconds from the start during which it answers 503. */
  readonly startUpMs?: number;
  /** Answered with 500. */
  readonly failureShare?: number;
  /** Answered in the right form with the wrong content. */
  readonly wrongShare?: number;
  /** Requests that take `ms` longer, beside the queue. */
  readonly stall?: { readonly share: number; readonly ms: number };
  /** Milliseconds between two words of a stream. */
  readonly tokenMs?: number;
  /** Answers /metrics with what a Prometheus would know of it. */
  readonly exported?: Exported;
  readonly seed?: number;
}

/** What the server itself knows of a request. */
export interface Logged {
  /** The header x-request-id. */
  readonly id: string;
  /** From the request's head to the last byte of the answer given to the kernel. */
  readonly latencyMs: number;
  /** Milliseconds from the request's head to the first word of a stream. */
  readonly firstWordMs?: number;
  readonly status: number;
  readonly wrong: boolean;
  /** When the answer ended, on the clock of `performance.now`. */
  readonly endedMs: number;
}

/** What is known of a request before it is answered. */
type Begun = Omit<Logged, "latencyMs" | "endedMs"> & { readonly arrivedMs: number };

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

const chunkOf = (text: string): string => `data: ${JSON.stringify({ choices: [{ index: 0, text }] })}\n\n`;

/** A model server with known behaviour that keeps a log of every inference. */
export class InferenceServer {
  readonly log: Logged[] = [];
  readonly activity = new Activity();
  private readonly startedMs = performance.now();
  private readonly random: () => number;
  private readonly queue: FifoQueue | undefined;

  constructor(private readonly behaviour: Behaviour) {
    this.random = seeded(behaviour.seed ?? 1);
    this.queue = behaviour.capacity === undefined ? undefined : new FifoQueue(behaviour.capacity);
  }

  /** Answers one request; for a server of HTTP or HTTPS. */
  readonly handler: RequestListener = (request, response) => {
    const arrivedMs = performance.now();
    this.answer(request, response, arrivedMs).catch((error: unknown) => {
      response.writeHead(400, { "content-type": "text/plain" }).end(String(error));
    });
  };

  private async answer(request: IncomingMessage, response: ServerResponse, arrivedMs: number): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const id = String(request.headers["x-request-id"] ?? "");
    if (request.method === "GET") return path === "/metrics" ? this.metrics(response) : this.health(response);
    const body = await read(request);
    if (!this.ready) return this.health(response);
    const asked = understand(path, body);
    if (asked?.model !== this.behaviour.model) {
      this.finish(
        response,
        { id, arrivedMs, status: 404, wrong: false },
        { error: `${path}: model not found` },
      );
      return;
    }
    const { failureShare = 0, wrongShare = 0, stall } = this.behaviour;
    const serviceMs = draw(this.behaviour.service, this.random);
    const doneMs = this.queue?.admit(arrivedMs, serviceMs) ?? arrivedMs + serviceMs;
    this.activity.take({ arrivedMs, startMs: doneMs - serviceMs, doneMs });
    const stallMs = this.random() < (stall?.share ?? 0) ? (stall?.ms ?? 0) : 0;
    const status = this.random() < failureShare ? 500 : 200;
    const wrong = status === 200 && this.random() < wrongShare;
    await sleep(Math.max(0, doneMs + stallMs - performance.now()));
    if (status === 200 && asked.stream !== undefined)
      return this.stream(response, { id, arrivedMs, status, wrong }, asked.stream);
    this.finish(response, { id, arrivedMs, status, wrong }, this.content(asked, status, wrong));
  }

  private get ready(): boolean {
    return performance.now() - this.startedMs >= (this.behaviour.startUpMs ?? 0);
  }

  private health(response: ServerResponse): void {
    response.writeHead(this.ready ? 200 : 503, { "content-type": "application/json" }).end("{}");
  }

  private metrics(response: ServerResponse): void {
    const { model, exported } = this.behaviour;
    if (exported === undefined) return this.health(response);
    response
      .writeHead(200, { "content-type": "text/plain; version=0.0.4" })
      .end(exposition(model, this.activity, exported, performance.now()));
  }

  private content(asked: Understood, status: number, wrong: boolean): unknown {
    if (status !== 200) return { error: "the model failed" };
    return wrong ? asked.wrong : asked.right;
  }

  private keep(known: Omit<Begun, "arrivedMs">, arrivedMs: number): void {
    const endedMs = performance.now();
    this.log.push({ ...known, latencyMs: endedMs - arrivedMs, endedMs });
  }

  private finish(response: ServerResponse, { arrivedMs, ...known }: Begun, content: unknown): void {
    response.once("finish", () => this.keep(known, arrivedMs));
    response.writeHead(known.status, { "content-type": "application/json" }).end(JSON.stringify(content));
  }

  private async stream(
    response: ServerResponse,
    { arrivedMs, ...known }: Begun,
    words: readonly string[],
  ): Promise<void> {
    const firstWordMs = performance.now() - arrivedMs;
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const [index, word] of words.entries()) {
      if (index > 0) await sleep(this.behaviour.tokenMs ?? 0);
      response.write(chunkOf(word));
    }
    response.once("finish", () => this.keep({ ...known, firstWordMs }, arrivedMs));
    response.end("data: [DONE]\n\n");
  }
}

export interface RunningServer {
  readonly url: string;
  readonly server: InferenceServer;
  close(): Promise<void>;
}

/** Starts one on 127.0.0.1, on a free port or the given one. */
export async function startInferenceServer(behaviour: Behaviour, port = 0): Promise<RunningServer> {
  const server = new InferenceServer(behaviour);
  const listener = http.createServer({ keepAliveTimeout: 60_000 }, server.handler);
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(port, "127.0.0.1", 4096, resolve);
  });
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
}
