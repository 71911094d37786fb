import http from "node:http";
import type { AddressInfo } from "node:net";
import * as fc from "fast-check";
import { lastOf } from "../../../../workloads/benchmark/driver/stopwatch/autoscaling";
import { kubernetesAt, type WatchEvent } from "../../../../workloads/benchmark/driver/stopwatch/kubernetes";
import { readyEndpoints, signalOf } from "../../../../workloads/benchmark/driver/stopwatch/observer";
import {
  lengthsOf,
  phasesOver,
  unschedulable,
} from "../../../../workloads/benchmark/driver/stopwatch/phases";
import { quantity } from "../../../../workloads/benchmark/driver/stopwatch/quantity";
import {
  shadowDeployment,
  shadowService,
  type Service,
} from "../../../../workloads/benchmark/driver/stopwatch/shadow";
import { phases, type Phase } from "../../../../workloads/benchmark/result";

const metadata = { name: "pod" };
const scheduled = { type: "PodScheduled", status: "True" };
const running = [{ state: { running: {} } }];

it("pods in rotation are those that are ready, or of which nothing else is said; a Service without pods has none", () => {
  const endpoint = (name: string, ready?: boolean) => ({
    ...(ready === undefined ? {} : { conditions: { ready } }),
    targetRef: { name },
  });
  const slices = [
    { metadata, endpoints: [endpoint("a", true), endpoint("b", false), endpoint("c")] },
    { metadata, endpoints: null },
    { metadata },
  ];
  expect([...readyEndpoints(slices)]).toEqual(["a", "c"]);
});

describe("phases", () => {
  it("are told by the pod", () => {
    const spec = { initContainers: [{ name: "fetch" }] };
    const conditions = [scheduled];
    expect(phasesOver({ metadata })).toEqual(["pod-created"]);
    expect(phasesOver({ metadata, spec, status: { conditions } })).toEqual(["pod-created", "scheduled"]);
    const fetching = { conditions, initContainerStatuses: running, containerStatuses: [{ state: {} }] };
    expect(phasesOver({ metadata, spec, status: fetching })).toEqual(["pod-created", "scheduled", "image"]);
    const serving = { conditions, initContainerStatuses: running, containerStatuses: running };
    expect(phasesOver({ metadata, spec, status: serving })).toEqual([
      "pod-created",
      "scheduled",
      "image",
      "model",
    ]);
    const ready = { ...serving, conditions: [scheduled, { type: "Ready", status: "True" }] };
    expect(phasesOver({ metadata, spec, status: ready }).at(-1)).toBe("ready");
    // without containers before the server there is no fetching to be timed
    expect(phasesOver({ metadata, status: { conditions, containerStatuses: running } })).toEqual([
      "pod-created",
      "scheduled",
      "image",
    ]);
  });

  it("know a pod that no node has room for", () => {
    const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable" };
    expect(unschedulable({ metadata, status: { conditions: [condition] } })).toBe(true);
    expect(unschedulable({ metadata, status: { conditions: [scheduled] } })).toBe(false);
  });

  it("sum to the total, in their order, whatever was seen when", () => {
    const marks = fc.dictionary(
      fc.constantFrom(...phases),
      fc.double({ min: -5000, max: 100_000, noNaN: true }),
    );
    fc.assert(
      fc.property(marks, (seen) => {
        const { phases: timed, totalSeconds } = lengthsOf(1000, seen);
        const sum = timed.reduce((all, { seconds }) => all + seconds, 0);
        expect(Math.abs(sum - totalSeconds)).toBeLessThan(1e-6);
        expect(timed.every(({ seconds }) => seconds >= 0)).toBe(true);
        expect(timed.map(({ phase }) => phase)).toEqual(phases.filter((phase) => phase in seen));
      }),
    );
  });

  it("give the time to the phase that took it", () => {
    const marks: Partial<Record<Phase, number>> = {
      ready: 6000,
      scheduled: 1500,
      image: 5500,
      "in-rotation": 5900,
    };
    expect(lengthsOf(1000, marks)).toEqual({
      phases: [
        { phase: "scheduled", seconds: 0.5 },
        { phase: "image", seconds: 4 },
        { phase: "ready", seconds: 0.5 },
        { phase: "in-rotation", seconds: 0 },
      ],
      totalSeconds: 5,
    });
  });
});

it("the last replica is the one that completed them, not one that came later for another", () => {
  const pods = ["a", "b", "c", "never"].map((name) => ({ name }));
  const came = new Map([
    ["a", 5],
    ["b", 9],
    ["c", 60],
  ]);
  expect(lastOf(pods, came, 9.1)?.name).toBe("b");
  expect(lastOf(pods, came)?.name).toBe("c");
  expect(lastOf(pods.slice(3), came)?.name).toBe("never");
  expect(lastOf([], came)).toBeUndefined();
});

describe("what an autoscaler sees", () => {
  it.each([
    ["500m", 0.5],
    ["2k", 2000],
    ["3", 3],
    ["1500u", 0.0015],
    ["123456789n", 0.123456789],
    ["20Ki", 20_480],
    ["1Mi", 1_048_576],
  ])("quantity %s", (text, value) => expect(quantity(text)).toBeCloseTo(value, 9));

  it("is nothing where it is no quantity", () =>
    expect(["x", "", "1Q"].map(quantity)).toEqual([NaN, NaN, NaN]));

  it("is told relative to its target, the highest metric first", () => {
    const cpu = { resource: { target: { averageUtilization: 50 } } };
    const queue = { external: { target: { averageValue: "4" } } };
    expect(
      signalOf({
        metadata,
        spec: { metrics: [cpu, queue] },
        status: {
          currentMetrics: [
            { resource: { current: { averageUtilization: 60 } } },
            { external: { current: { averageValue: "6" } } },
          ],
        },
      }),
    ).toBe(1.5);
    expect(
      signalOf({ metadata, spec: { metrics: [cpu] }, status: { currentMetrics: [null] } }),
    ).toBeUndefined();
  });
});

describe("the shadow copy", () => {
  const isvc = "serving.kserve.io/inferenceservice";
  const shadow = { "benchmark.federation/shadow": "copy" };
  const original = {
    metadata: { name: "live", labels: { app: "live" } },
    spec: {
      replicas: 3,
      strategy: { type: "Recreate" },
      selector: { matchLabels: { app: "live" } },
      template: {
        metadata: { labels: { app: "live" }, annotations: { checksum: "1" } },
        spec: { containers: [{ name: "server", image: "server:1" }] },
      },
    },
  };

  const service = (selector: Readonly<Record<string, string>>): Service => ({
    metadata: { name: "live" },
    spec: { selector, ports: [{ port: 80 }] },
  });

  it("has the same containers, and no label that anything of the live model selects", () => {
    const labels = { "benchmark.federation/shadow": "copy" };
    expect(shadowDeployment(original, "copy", service({ app: "live" }))).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "copy", labels },
      spec: {
        replicas: 1,
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations: { checksum: "1" } }, spec: original.spec.template.spec },
      },
    });
  });

  it.each([
    ["keeps the label by which KServe injects the model", { app: "live" }, true],
    ["drops it where the live Service selects by it alone", { [isvc]: "live" }, false],
  ])("%s", (_, selector, kept) => {
    const { spec } = original;
    const labels = { app: "live", component: "predictor", [isvc]: "live" };
    const served = { ...original, spec: { ...spec, template: { ...spec.template, metadata: { labels } } } };
    expect(shadowDeployment(served, "copy", service(selector))).toMatchObject({
      spec: { selector: { matchLabels: shadow }, template: { metadata: { labels: shadow } } },
    });
    const copy = JSON.stringify(shadowDeployment(served, "copy", service(selector)));
    expect(copy).not.toMatch(/"app"|"component"/);
    expect(copy.includes(`"${isvc}":"live"`)).toBe(kept);
  });

  it("is reached at the same ports, inside the cluster only", () => {
    const service: Service = {
      metadata: { name: "live" },
      spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30_080 }] },
    };
    expect(shadowService(service, "copy")).toMatchObject({
      spec: { selector: { "benchmark.federation/shadow": "copy" }, ports: [{ port: 80 }] },
    });
    expect(JSON.stringify(shadowService(service, "copy"))).not.toContain("30080");
  });
});

describe("the Kubernetes API", () => {
  let server: http.Server;
  let answers: ((response: http.ServerResponse) => void)[];
  let asked: string[];

  beforeEach(async () => {
    [answers, asked] = [[], []];
    server = http.createServer((request, response) => {
      asked.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers.authorization ?? ""}`);
      answers.shift()?.(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const api = () =>
    kubernetesAt({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      authorization: () => "Bearer token",
    });
  const json =
    (value: unknown, status = 200) =>
    (response: http.ServerResponse): void =>
      void response.writeHead(status).end(JSON.stringify(value));
  const pod = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion } });

  it("tells what there is, then every change, and lists anew where it cannot go on", async () => {
    const list = (version: string, ...items: unknown[]) => ({
      metadata: { resourceVersion: version },
      items,
    });
    const events = (...all: unknown[]) => all.map((event) => `${JSON.stringify(event)}\n`).join("");
    answers.push(
      json(list("5", pod("a", "4"))),
      (response) => {
        const text = events(
          { type: "BOOKMARK", object: pod("", "6") },
          { type: "MODIFIED", object: pod("a", "7") },
        );
        // an event may come in pieces
        response.write(text.slice(0, -10));
        response.end(text.slice(-10));
      },
      (response) => void response.end(events({ type: "ERROR", object: { code: 410 } })),
      json(list("9", pod("b", "9"))),
    );
    const seen: string[] = [];
    const ended = new AbortController();
    await api().watch(
      "/api/v1/pods?labelSelector=x",
      ({ type, object }: WatchEvent) => {
        seen.push(`${type} ${object.metadata.name}`);
        if (object.metadata.name === "b") ended.abort();
      },
      ended.signal,
    );
    expect(seen).toEqual(["ADDED a", "MODIFIED a", "ADDED b"]);
    const watch = "/api/v1/pods?labelSelector=x&watch=true&allowWatchBookmarks=true&resourceVersion=";
    expect(asked).toEqual([
      "GET /api/v1/pods?labelSelector=x Bearer token",
      `GET ${watch}5 Bearer token`,
      `GET ${watch}7 Bearer token`,
      "GET /api/v1/pods?labelSelector=x Bearer token",
    ]);
  });

  it("says what was refused", async () => {
    answers.push(json({ message: "pods is forbidden" }, 403), json({}, 404));
    await expect(api().get("/api/v1/pods")).rejects.toThrow(
      'GET /api/v1/pods answered 403: {"message":"pods is forbidden"}',
    );
    await expect(api().remove("/api/v1/pods/gone")).resolves.toBeUndefined();
  });
});
