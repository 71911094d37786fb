import http from "node:http";
import type { AddressInfo } from "node:net";

/** One request as the proxy sees it, before it is forwarded. */
export interface SeenRequest {
  /** From 1, since the proxy began or was reset. */
  readonly number: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * What happens to a request: lost before the server sees it or halfway through its body, lost after the server did it
 * (the first and the last after `meanwhile`) or halfway through its answer, answered by an error of the proxy (in place
 * of the server's answer where `delivered`), changed in one bit of its body or of the answer's on the way, or held back
 * (before the server or after it) until a promise settles.
 */
export type Fault =
  | { readonly kind: "lose-request"; readonly meanwhile?: () => Promise<unknown> }
  | { readonly kind: "lose-reply"; readonly meanwhile?: () => Promise<unknown> }
  | { readonly kind: "cut-request" }
  | { readonly kind: "cut-reply" }
  | { readonly kind: "status"; readonly status: number; readonly delivered?: boolean }
  | { readonly kind: "flip-request" }
  | { readonly kind: "flip-reply" }
  | { readonly kind: "hold-request"; readonly until: Promise<unknown> }
  | { readonly kind: "hold-reply"; readonly until: Promise<unknown> };

/** A promise and what settles it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

function flipBit(bytes: Buffer): void {
  if (bytes.length > 0) bytes[bytes.length >> 1]! ^= 1;
}

/** An HTTP proxy in front of one server, where a single request can be hit. */
export interface FaultProxy {
  readonly url: string;
  /** Decides per request; absent means pass. */
  fault: ((request: SeenRequest) => Fault | undefined) | undefined;
  /** Hears of each answer that the server gave, with the length of its body. */
  answered: ((request: SeenRequest, status: number, bodyBytes: number) => void) | undefined;
  /** `METHOD path` of each request so far, without query. */
  readonly seen: readonly string[];
  /** Forgets the count, the fault and who hears of answers. */
  reset(): void;
  /** Resolves when the server has answered every request forwarded so far, whether its client still waits or not. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export async function faultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const seen: string[] = [];
  const pending = new Set<Promise<unknown>>();

  const forward = (
    { method, url: path, headers }: http.IncomingMessage,
    body: Buffer,
  ): Promise<[http.IncomingMessage, Buffer]> =>
    new Promise((resolve, reject) => {
      const outgoing = http.request({ hostname, port, method, path, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => resolve([answer, Buffer.concat(chunks)]));
        answer.on("error", reject);
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });

  const forwardHalf = ({ method, url: path, headers }: http.IncomingMessage, body: Buffer): Promise<void> =>
    new Promise((resolve) => {
      const outgoing = http.request({ hostname, port, method, path, headers, agent: false });
      outgoing.on("error", () => resolve()).on("close", () => resolve());
      outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy());
    });

  const handle = async (request: http.IncomingMessage, reply: http.ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = "", url: path = "", headers } = request;
    seen.push(`${method} ${path.split("?")[0] ?? ""}`);
    const told: SeenRequest = { number: seen.length, method, path, headers, body };
    const fault = proxy.fault?.(told);
    if (fault?.kind === "lose-request" || fault?.kind === "cut-request") {
      if (fault.kind === "cut-request") await forwardHalf(request, body);
      else await fault.meanwhile?.();
      return void request.socket.destroy();
    }
    if (fault?.kind === "status") {
      if (fault.delivered === true) await forward(request, body);
      return void reply.writeHead(fault.status).end("{}");
    }
    if (fault?.kind === "flip-request") flipBit(body);
    if (fault?.kind === "hold-request") await fault.until;
    const [answer, content] = await forward(request, body);
    proxy.answered?.(told, answer.statusCode ?? 0, content.length);
    if (fault?.kind === "hold-reply") await fault.until;
    if (fault?.kind === "lose-reply") {
      await fault.meanwhile?.();
      return void request.socket.destroy();
    }
    if (fault?.kind === "flip-reply") flipBit(content);
    reply.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    if (fault?.kind !== "cut-reply") return void reply.end(content);
    reply.write(content.subarray(0, content.length >> 1), () => request.socket.destroy());
  };

  const server = http.createServer((request, reply) => {
    const done = handle(request, reply).catch(() => request.socket.destroy());
    pending.add(done);
    void done.finally(() => pending.delete(done));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: undefined,
    answered: undefined,
    seen,
    reset: () => {
      seen.length = 0;
      proxy.fault = undefined;
      proxy.answered = undefined;
    },
    idle: async () => {
      await Promise.all(pending);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
