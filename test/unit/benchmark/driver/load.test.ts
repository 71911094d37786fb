import { checkAnswer } from "../../../../workloads/benchmark/load/answers";
import { failureKinds as known, failureOf } from "../../../../workloads/benchmark/load/failure";
import { optionsOf } from "../../../../workloads/benchmark/load/options";
import type { CorpusEntry, Step } from "../../../../workloads/benchmark/load/step";
import { failureKinds } from "../../../../workloads/benchmark/result";

describe("failures", () => {
  it("are the kinds of the result", () => {
    expect([...known].sort()).toEqual([...failureKinds].sort());
  });

  it.each([
    [200, 0, undefined],
    [204, 0, undefined],
    [302, 0, "other"],
    [401, 1401, "http-401"],
    [403, 1403, "http-403"],
    [404, 1404, "http-404"],
    [422, 1422, "http-4xx"],
    [429, 1429, "http-429"],
    [503, 1503, "http-5xx"],
    [0, 1050, "timeout"],
    [0, 1101, "unknown-host"],
    [0, 1211, "timeout"],
    [0, 1212, "refused"],
    [0, 1220, "reset"],
    [0, 1310, "tls"],
    [0, 1000, "other"],
  ])("status %d with k6's code %d: %s", (status, code, kind) => {
    expect(failureOf(status, code)).toBe(kind);
  });
});

describe("answers", () => {
  const right = (protocol: Step["protocol"], answer: unknown, entry: Partial<CorpusEntry> = {}): boolean =>
    checkAnswer(
      protocol,
      typeof answer === "string" ? answer : JSON.stringify(answer),
      { body: "", ...entry },
      0.001,
    ).right;

  it.each<[Step["protocol"], unknown, Partial<CorpusEntry>, boolean]>([
    ["kserve-v1", { predictions: [1, 2] }, { answers: 2, expect: [1.0005, 2] }, true],
    ["kserve-v1", { predictions: [1, 2] }, { answers: 2, expect: [1.01, 2] }, false],
    ["kserve-v1", { predictions: [1, 2] }, { answers: 2 }, true],
    ["kserve-v1", { predictions: [1] }, { answers: 2 }, false],
    ["kserve-v1", { predictions: [null] }, {}, false],
    ["kserve-v1", { predictions: [{ label: "cat", p: 0.9 }] }, { expect: [{ label: "cat" }] }, true],
    ["kserve-v1", { predictions: [{ label: "cat" }] }, { expect: [{ label: "dog" }] }, false],
    ["kserve-v1", { predictions: [] }, {}, false],
    ["kserve-v1", { error: "no" }, {}, false],
    ["kserve-v1", "<html>", {}, false],
    ["kserve-v1", "", {}, false],
    ["kserve-v1", "3", {}, false],
    ["kserve-v2", { outputs: [{ data: [3] }] }, { answers: 1, expect: [3] }, true],
    ["kserve-v2", { outputs: [{ data: [4] }] }, { answers: 1, expect: [3] }, false],
    ["kserve-v2", { outputs: [] }, {}, false],
    ["openai", { choices: [{ text: "blue" }] }, { expect: "blue" }, true],
    ["openai", { choices: [{ text: "blue" }] }, { expect: "red" }, false],
    ["openai", { choices: [{ text: "" }] }, {}, false],
    ["openai", { choices: [] }, {}, false],
  ])("%s %j with %j: %s", (protocol, answer, entry, expected) => {
    expect(right(protocol, answer, entry)).toBe(expected);
  });

  it("tell their tokens where the server counts them", () => {
    const usage = { prompt_tokens: 7, completion_tokens: 5 };
    const body = JSON.stringify({ choices: [{ text: "a" }], usage });
    expect(checkAnswer("openai", body, { body: "" }, 0)).toEqual({
      right: true,
      tokens: { prompt: 7, output: 5 },
    });
  });
});

it("asks k6 for an open loop: requests begin at the rate, whatever the answers do", () => {
  const step: Step = {
    id: "run-warm",
    protocol: "kserve-v1",
    model: "m",
    requestUrl: "http://model",
    headers: {},
    rate: 12.5,
    warmUpSeconds: 3,
    seconds: 10,
    timeoutSeconds: 5,
    virtualUsers: 40,
    maxVirtualUsers: 160,
    tolerance: 0,
    tags: { cluster: "cloud" },
    corpusFile: "",
    summaryFile: "",
  };
  expect(optionsOf(step)).toMatchObject({
    scenarios: {
      load: {
        executor: "constant-arrival-rate",
        rate: 12_500,
        timeUnit: "1000s",
        duration: "13s",
        preAllocatedVUs: 40,
        maxVUs: 160,
        gracefulStop: "5s",
      },
    },
    tags: { cluster: "cloud" },
  });
});
