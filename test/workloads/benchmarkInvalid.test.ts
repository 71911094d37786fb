import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "../../scripts/build";
import type { SloId } from "../../workloads/benchmark/analysis/judged";
import { exitCodes } from "../../workloads/benchmark/driver/verdict";
import { InferenceServer, startInferenceServer, type Behaviour } from "../support/inferenceServer";
import { model, type Said } from "./support/benchmark";
import { expecting, judgedRun, statesOf, type JudgedRun } from "./support/judged";
import { freePort } from "./support/servers";
import { tlsServer } from "./support/tls";

let folder: string;

beforeAll(() => {
  buildWorker("benchmark");
  buildWorker("benchmark-load");
  folder = mkdtempSync(join(tmpdir(), "benchmark-invalid-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function serving(
  behaviour: Partial<Behaviour>,
  said: Said,
  before: readonly string[] = [],
): Promise<JudgedRun> {
  const running = await startInferenceServer({ model, service: { kind: "constant", ms: 5 }, ...behaviour });
  try {
    return await judgedRun(running.url, said, before);
  } finally {
    await running.close();
  }
}

/** k6 that runs for a fifth of the time and stands still for the rest, as under a CPU quota. */
function starvedK6(): string {
  const file = join(folder, "k6");
  const limiter = "while sleep 0.08; kill -CONT $$; sleep 0.02; kill -STOP $$; do :; done";
  writeFileSync(file, `#!/bin/sh\n(${limiter}) <&- >/dev/null 2>&1 &\nexec k6 "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Long enough for 600 good answers. */
const warm = { rate: 100, warmUpSeconds: 1, seconds: 7 };
/** The limit decides how many virtual users there are, and each takes the client a while to make. */
const slos = { warmP95Seconds: 0.2 };
const onlyWarm = { answers: "invalid", errors: "invalid", "warm-p95": "invalid" } as const;
/** How many requests a client brings at all may be its machine's: enough for the share of failures, or not. */
const anyShare = {
  answers: "pass",
  errors: expect.stringMatching(/^(pass|invalid)$/) as "invalid",
  "warm-p95": "invalid",
} as const;
const answered = { answers: "pass", errors: "pass", "warm-p95": "invalid" } as const;

interface Case {
  readonly name: string;
  readonly run: () => Promise<JudgedRun>;
  readonly states: Partial<Record<SloId, "pass" | "invalid">>;
  /** Of each target that is not judged: its first reason. */
  readonly because: Partial<Record<SloId, RegExp>>;
  /** Whether iterations are dropped at the warm rate; left open where the machine decides. */
  readonly drops?: boolean;
  /** What the driver's log says besides. */
  readonly says?: string;
}

const late = /^the client was up to \S+ ms late \(P95\), \S+ ms are allowed: it is short of CPU/;
const dropped = /^\d+ iterations were dropped: every virtual user was waiting for an answer/;

const starved: readonly Case[] = [
  {
    name: "one core, and a rate that no core can give",
    run: () =>
      serving(
        { service: { kind: "constant", ms: 0 } },
        { maxVirtualUsers: 50, warm: { rate: 30_000, warmUpSeconds: 0, seconds: 2 } },
        ["taskset", "-c", "0"],
      ),
    states: anyShare,
    because: {
      "warm-p95": /the client used \S+ of 1 cores, above 90 %|it is short of CPU|iterations were dropped/,
    },
  },
  {
    name: "a processor that is taken away for most of the time",
    run: () => serving({}, { k6: starvedK6(), lateSeconds: 0.01, warm, target: { slos } }),
    states: anyShare,
    because: { "warm-p95": late },
  },
  {
    name: "a processor that is taken away, so that the server looks too slow",
    run: () =>
      serving(
        { service: { kind: "constant", ms: 150 } },
        { k6: starvedK6(), lateSeconds: 0.01, warm, target: { slos } },
      ),
    states: anyShare,
    because: { "warm-p95": late },
  },
  {
    name: "a processor that is taken away, so that load is lost and the server looks too slow",
    run: () =>
      serving(
        { service: { kind: "constant", ms: 150 } },
        // the server keeps 15 of them waiting, and a client that stands still all the others
        {
          k6: starvedK6(),
          lateSeconds: 0.01,
          maxVirtualUsers: 18,
          warm,
          target: { slos },
        },
      ),
    states: anyShare,
    because: { "warm-p95": late },
    drops: true,
  },
  {
    name: "a processor that is taken away, at every step of a search for the knee",
    run: () =>
      serving(
        {},
        {
          k6: starvedK6(),
          lateSeconds: 0.01,
          asked: ["saturation"],
          saturation: { startRate: 100, maxRate: 100, stepSeconds: 1, warmUpSeconds: 1 },
          target: { gpuType: "t4", gpusPerReplica: 1, slos },
        },
      ),
    states: { throughput: "invalid", "gpu-utilisation": "invalid" },
    because: {
      throughput:
        /^generator: the client is the limit at 100 requests per second, and saturation\.maxRate is 100: the client was up to \S+ ms late/,
    },
  },
  {
    name: "fewer virtual users than requests under way",
    run: () =>
      serving(
        // they bring 66 of the 100 requests per second
        { service: { kind: "constant", ms: 150 } },
        { maxVirtualUsers: 10, warm: { ...warm, seconds: 14 } },
      ),
    states: answered,
    because: { "warm-p95": dropped },
    drops: true,
  },
];

const short: readonly Case[] = [
  {
    name: "for P95 and for the share of failures",
    run: () => serving({}, { warm: { rate: 20, warmUpSeconds: 0, seconds: 1 } }),
    states: { answers: "pass", errors: "invalid", "warm-p95": "invalid" },
    because: {
      errors: /^20 requests, 600 are needed: run for longer$/,
      "warm-p95": /^20 good answers, P95 takes 600: run for longer$/,
    },
  },
  {
    name: "for P99, long enough for P95",
    run: () => serving({}, { warm, target: { slos: { ...slos, warmP99Seconds: 0.5 } } }),
    states: { answers: "pass", errors: "pass", "warm-p95": "pass", "warm-p99": "invalid" },
    because: { "warm-p99": /^\d{3} good answers, P99 takes 3000: run for longer$/ },
  },
  {
    name: "for a single request",
    run: () => serving({}, { warm: { rate: 1, warmUpSeconds: 1.5, seconds: 0.4 } }),
    states: onlyWarm,
    because: {
      "warm-p95": /^generator: no request of the window came to an end: it lasts 0\.4 s at 1 requests/,
    },
  },
];

/** All requests of the smoke test fail, so that no load follows. */
const smoked: Said = { asked: ["smoke", "warm"], smoke: { rate: 10, seconds: 1 }, warm, target: { slos } };
const nothing = { smoke: "invalid", ...onlyWarm } as const;
const notRun = (kind: string): RegExp =>
  new RegExp(`^${kind}: not run, as every request of the smoke test failed$`);
const unreached = (kind: string, hint: RegExp): Case["because"] => ({
  smoke: new RegExp(`^every request failed \\(10 ${kind}\\): .*${hint.source}`),
  answers: notRun(kind),
  errors: notRun(kind),
  "warm-p95": notRun(kind),
});

/** A run against a server with a certificate for 127.0.0.1 that is its own authority. */
async function overTls(said: (caFile: string) => Said, host = "127.0.0.1"): Promise<JudgedRun> {
  const { handler } = new InferenceServer({ model, service: { kind: "constant", ms: 5 } });
  const server = await tlsServer(handler);
  try {
    return await judgedRun(`https://${host}:${server.port}`, said(server.caFile));
  } finally {
    await server.close();
    rmSync(server.folder, { recursive: true, force: true });
  }
}

/** A run against a server that answers everything with one status. */
async function answering(status: number): Promise<JudgedRun> {
  const server = http.createServer((request, response) => {
    request.resume();
    response.writeHead(status).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await judgedRun(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, smoked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const missing: readonly Case[] = [
  {
    name: "whose host has no address",
    // no name server is asked for a name with an empty label
    run: () => judgedRun("http://sums..svc:8080", smoked),
    states: nothing,
    because: unreached("unknown-host", /no such host: check the endpoint http:\/\/sums\.\.svc:8080/),
  },
  {
    name: "where nothing listens",
    run: async () => judgedRun(`http://127.0.0.1:${await freePort()}`, smoked),
    states: nothing,
    because: unreached("refused", /nothing listens at http:/),
  },
  {
    name: "where nothing listens, and no smoke test finds out",
    run: async () => judgedRun(`http://127.0.0.1:${await freePort()}`, { warm, target: { slos } }),
    states: onlyWarm,
    because: {
      errors: /^every request failed \(\d+ refused\)/,
      "warm-p95": /^every request failed \(\d+ refused\)/,
    },
  },
  {
    name: "where nothing listens, when only its knee is asked for",
    run: async () =>
      judgedRun(`http://127.0.0.1:${await freePort()}`, {
        asked: ["saturation"],
        saturation: { startRate: 350, maxRate: 350, stepSeconds: 1, warmUpSeconds: 0 },
        target: { gpuType: "t4", gpusPerReplica: 1, slos },
      }),
    states: { throughput: "invalid", "gpu-utilisation": "invalid" },
    because: { throughput: /^no rate met P95 below 200 ms$/ },
  },
  {
    name: "whose certificate is not trusted",
    run: () => overTls(() => smoked),
    states: nothing,
    because: unreached("tls", /no TLS connection to https:.*: check the CA file/),
    says: "certificate signed by unknown authority",
  },
  {
    name: "whose certificate has another name",
    run: () => overTls((caFile) => ({ ...smoked, caFile }), "localhost"),
    states: nothing,
    because: unreached("tls", /no TLS connection to https:.*the name in the certificate/),
    says: "certificate is not valid for any names",
  },
  {
    name: "that does not know the model",
    run: () => serving({ model: "another" }, smoked),
    states: nothing,
    because: unreached("http-404", /does not know the model sums by kserve-v1: check its name/),
  },
  {
    name: "that wants credentials",
    run: () => answering(401),
    states: nothing,
    because: unreached("http-401", /wants credentials/),
  },
];

const reasons = ({ judgement }: JudgedRun, of: Case["because"]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    judgement.verdicts.flatMap(({ slo, reasons: [first] }) =>
      of[slo] === undefined ? [] : [[slo, first?.text ?? "none"]],
    ),
  );

async function provesNothing({ run: attempt, states, because, drops, says = "" }: Case): Promise<void> {
  const run = await attempt();
  expecting(run, () => {
    expect(run.judgement.verdict).toBe("invalid");
    expect(statesOf(run.judgement)).toEqual(states);
    expect(reasons(run, because)).toEqual(
      Object.fromEntries(
        Object.entries(because).map(([slo, text]) => [slo, expect.stringMatching(text) as string]),
      ),
    );
    expect(run.judgement.knee?.steps.map(({ state }) => state) ?? []).not.toContain("met");
    expect(run.judgement.recommendations).toEqual([]);
    expect(run.judgement.hold).toContain("the verdict is invalid");
    expect(run.code).toBe(exitCodes.invalid);
    if (drops !== undefined) expect((run.result.evidence.warm?.load.droppedIterations ?? 0) > 0).toBe(drops);
    expect(run.output).toContain(says);
  });
}

describe("a client that is starved proves nothing:", () => {
  it.each(starved)("$name", provesNothing);
});

describe("a run that is too short proves nothing:", () => {
  it.each(short)("$name", provesNothing);
});

describe("a target is not judged", () => {
  it.each(missing)("$name", provesNothing);

  it("until its certificate is trusted", async () => {
    const run = await overTls((caFile) => ({ ...smoked, asked: ["smoke"], caFile }));
    expecting(run, () => expect(run.judgement.verdict).toBe("pass"));
  });
});
