import http from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compress, uncompress } from "snappyjs";
import { isKept, startRelay, type Relay } from "../../../../workloads/benchmark/driver/relay";
import { endpointOf } from "../../../../workloads/benchmark/driver/services";
import { keepSeries } from "../../../../workloads/benchmark/driver/writeRequest";

/** A field of a message that has a length; below 128 bytes a length is one byte. */
const field = (number: number, content: Buffer): Buffer => {
  const { length } = content;
  const size = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...size]), content]);
};
const label = (name: string, value: string): Buffer =>
  field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]));
/** A sample: a double (wire type 1) and a varint of two bytes. */
const sample = field(2, Buffer.from([0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, 0x80, 0x01]));
const series = (name: string): Buffer =>
  field(
    1,
    Buffer.concat([label("cluster", "cloud"), label("__name__", name), label("x", "y".repeat(100)), sample]),
  );
const metadata = field(3, Buffer.from([0x08, 1]));

describe("series of a remote write", () => {
  it("are left out by name; the others stay as they were, to the byte", () => {
    const request = Buffer.concat([series("a"), series("drop"), metadata, series("b")]);
    expect(keepSeries(request, (name) => name !== "drop")).toEqual({
      request: Buffer.concat([series("a"), metadata, series("b")]),
      series: 2,
    });
  });

  it.each([
    ["a field that ends too late", Buffer.from([0x0a, 5, 1]), "field 1 ends after the message"],
    ["a number without an end", Buffer.from([0x0a, 0xff]), "no number at byte 1"],
    ["an unknown wire type", Buffer.from([0x0b]), "wire type 3 at byte 0"],
  ])("refuse %s", (_, bytes, fault) => {
    expect(() => keepSeries(bytes, () => true)).toThrow(fault);
  });

  it("are kept but for the counter of latency buckets", () => {
    expect(isKept("k6_latency_total")).toBe(false);
    const others = ["k6_latency_sum_total", "k6_http_reqs_total", "k6_vus", "latency", ""];
    expect(others.filter((name) => !isKept(name))).toEqual([]);
  });
});

interface Taken {
  readonly body: Buffer;
  readonly headers: http.IncomingHttpHeaders;
}

describe("the relay", () => {
  let receiver: http.Server;
  let relay: Relay | undefined;
  let taken: Taken[];
  /** Status of each answer; 204 after the last. */
  let statuses: number[];

  beforeEach(async () => {
    [taken, statuses, relay] = [[], [], undefined];
    receiver = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        taken.push({ body: Buffer.concat(chunks), headers: request.headers });
        const status = statuses.shift() ?? 204;
        response.writeHead(status).end(status === 204 ? undefined : "no room");
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    receiver.closeAllConnections();
    receiver.close();
  });

  const url = (): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/api/v1/write`;
  const push = async (to: Relay, ...names: readonly string[]): Promise<number> => {
    const body = compress(Buffer.concat(names.map(series)));
    return (await fetch(to.url, { method: "POST", body: new Uint8Array(body) })).status;
  };

  it("sends on in order what is kept, with credentials read anew for each push", async () => {
    const folder = mkdtempSync(join(tmpdir(), "relay-"));
    const [usernameFile, passwordFile] = [join(folder, "user"), join(folder, "password")];
    try {
      writeFileSync(usernameFile, "benchmark\n");
      writeFileSync(passwordFile, "first\n");
      relay = await startRelay(endpointOf({ url: url(), usernameFile, passwordFile }));
      expect(await push(relay, "k6_vus", "k6_latency_total")).toBe(204);
      expect(await push(relay, "k6_latency_total")).toBe(204);
      expect(await push(relay, "k6_http_reqs_total")).toBe(204);
      expect(await relay.close()).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(taken.map(({ body }) => uncompress(body))).toEqual([
      series("k6_vus"),
      series("k6_http_reqs_total"),
    ]);
    expect(taken[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from("benchmark:first").toString("base64")}`,
      "content-encoding": "snappy",
      "content-type": "application/x-protobuf",
      "x-prometheus-remote-write-version": "0.1.0",
    });
  });

  it("tries again what may pass, and counts what is lost once it does not", async () => {
    statuses = [503, 503];
    relay = await startRelay(endpointOf({ url: url() }), { attempts: 3, waitMs: 1 });
    await push(relay, "a");
    expect(await relay.close()).toBeUndefined();
    expect(taken).toHaveLength(3);

    [taken, statuses] = [[], [503, 503]];
    relay = await startRelay(endpointOf({ url: url() }), { attempts: 2, waitMs: 1 });
    await push(relay, "a");
    await push(relay, "b");
    expect(await relay.close()).toBe(
      `remoteWrite: ${url()}: 2 of 2 pushes of k6's series are lost: answered 503: no room`,
    );
    expect(taken).toHaveLength(2);
  });

  it("does not repeat what was refused", async () => {
    statuses = [204, 401];
    relay = await startRelay(endpointOf({ url: url() }));
    for (const name of ["a", "b", "c"]) await push(relay, name);
    expect(await relay.close()).toBe(
      `remoteWrite: ${url()}: 2 of 3 pushes of k6's series are lost: answered 401: no room`,
    );
    expect(taken).toHaveLength(2);
  });

  it("answers 400 to what is no remote write", async () => {
    relay = await startRelay(endpointOf({ url: url() }));
    const answer = await fetch(relay.url, { method: "POST", body: "text" });
    expect(answer.status).toBe(400);
    expect(await relay.close()).toBeUndefined();
    expect(taken).toEqual([]);
  });
});
