import { k6 } from "../../../metrics/catalogue";
import { growing, inputOf } from "../input";
import type { Evaluation } from "./evaluate";
import { evaluateHub } from "./evaluate";

/** k6 tells something every few seconds. */
const evaluated = (evaluation: Evaluation): void =>
  evaluateHub(["hub-benchmarks"], { interval: "30s", ...evaluation });
const cloud = inputOf("cloud");
const run = { testid: "run-1", model: "tiny", version: "3" };
const load = { ...run, scenario: "load" };
const request = (status: string, expected: "false" | "true") => ({
  ...load,
  name: "tiny",
  method: "POST",
  status,
  expected_response: expected,
});
const good = request("200", "true");
const bad = request("503", "false");

const of = (name: string, testid = "run-1", cluster = "cloud") =>
  `fed_hub:benchmark_${name}{cluster="${cluster}",model="tiny",version="3",testid="${testid}"}`;

describe("the load of a benchmark", () => {
  it("is told by run: rate, failures, requests that were not sent", () => {
    evaluated({
      input: [
        cloud(k6.requests, good, growing(1_470)),
        cloud(k6.requests, bad, growing(30)),
        cloud(k6.dropped, load, growing(15)),
        cloud(k6.virtualUsers, run, 74),
      ],
      gives: {
        [of("requests:rate1m")]: 50,
        [of("failures:ratio")]: 0.02,
        [of("dropped:rate1m")]: 0.5,
        [of("virtual_users:count")]: 74,
      },
    });
  });

  it("has 0 failures where none failed, and goes on over a step that begins anew", () => {
    evaluated({
      input: [cloud(k6.requests, good, "0+300x10 0+600x100")],
      gives: { [of("requests:rate1m")]: 20, [of("failures:ratio")]: 0 },
    });
  });

  it("tells latencies of good answers alone, the longest where k6 tells several", () => {
    const seconds = (metric: typeof k6.durationP95, value: number) => [
      cloud(metric, good, value),
      cloud(metric, { ...good, status: "206" }, value / 2),
      cloud(metric, bad, 9),
    ];
    evaluated({
      input: [
        ...seconds(k6.durationP95, 0.2),
        ...seconds(k6.durationP99, 0.4),
        ...seconds(k6.durationMean, 0.1),
        ...seconds(k6.durationMax, 0.8),
      ],
      gives: {
        [of("duration:p95_seconds")]: 0.2,
        [of("duration:p99_seconds")]: 0.4,
        [of("duration:mean_seconds")]: 0.1,
        [of("duration:max_seconds")]: 0.8,
      },
    });
  });

  it("is kept apart by run and cluster", () => {
    const west = inputOf("west");
    evaluated({
      input: [
        cloud(k6.requests, good, growing(300)),
        cloud(k6.requests, { ...good, testid: "run-2" }, growing(600)),
        west(k6.requests, good, growing(30)),
      ],
      gives: {
        [of("requests:rate1m")]: 10,
        [of("requests:rate1m", "run-2")]: 20,
        [of("requests:rate1m", "run-1", "west")]: 1,
      },
    });
  });

  it("is nothing where no benchmark runs", () => {
    evaluated({ input: [], none: ["fed_hub:benchmark_requests:rate1m"] });
  });
});
