import { isPrediction, ofMetadata, pathOf } from "../../../commands/validate/lines/predict";
import { predict } from "../../../commands/validate/lines/predict";
import type { KubeAnswer, KubeApi } from "../../../commands/validate/kube";

/** A pod behind the API server's proxy that answers by method and path. */
function pod(answers: Readonly<Record<string, KubeAnswer>>) {
  const asked: [string, unknown][] = [];
  const proxy = "/api/v1/namespaces/models/pods/m-1:8080/proxy";
  const send = (method: string, path: string, { body }: { body?: unknown }): Promise<KubeAnswer> => {
    const key = `${method} ${path.replace(proxy, "")}`;
    asked.push([key, body]);
    return Promise.resolve(answers[key] ?? { status: 404, text: "" });
  };
  return { kube: { send } as unknown as KubeApi, asked };
}

const ask = (kube: KubeApi, given?: string) =>
  predict(kube, { namespace: "models", name: "m-1", port: 8080 }, "m", given, new AbortController().signal);
const ok = (value: unknown): KubeAnswer => ({ status: 200, text: JSON.stringify(value) });

test("asks KServe's first protocol for a row of numbers", async () => {
  const { kube, asked } = pod({ "POST /v1/models/m:predict": ok({ predictions: [3] }) });
  expect(await ask(kube)).toMatchObject({ path: "/v1/models/m:predict", status: 200, good: true });
  expect(asked.at(-1)).toEqual(["POST /v1/models/m:predict", { instances: [[1, 2, 3, 4]] }]);
});

test("asks the second for what its metadata wants, where the first does not take it", async () => {
  const { kube, asked } = pod({
    "POST /v1/models/m:predict": { status: 400, text: "no" },
    "GET /v2/models/m": ok({ inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }] }),
    "POST /v2/models/m/infer": ok({ outputs: [{}] }),
  });
  expect(await ask(kube)).toMatchObject({ path: "/v2/models/m/infer", good: true });
  expect(asked.at(-1)?.[1]).toEqual({
    inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 1] }],
  });
});

test("asks a server of OpenAI's protocol for a token of the model that it lists", async () => {
  const { kube, asked } = pod({
    "GET /v1/models": ok({ data: [{ id: "llama" }] }),
    "POST /v1/completions": ok({ choices: [{ text: "x" }] }),
  });
  expect(await ask(kube)).toMatchObject({ path: "/v1/completions", good: true });
  expect(asked.at(-1)?.[1]).toMatchObject({ model: "llama", max_tokens: 1 });
});

test("says what was answered where it is no prediction", async () => {
  const { kube } = pod({ "POST /v1/models/m:predict": { status: 500, text: "out of\n memory" } });
  expect(await ask(kube)).toMatchObject({ status: 500, good: false, said: "out of memory" });
});

test("sends the site's own request where it gives one", async () => {
  const { kube, asked } = pod({ "POST /v2/models/m/infer": ok({ outputs: [1] }) });
  expect((await ask(kube, '{"inputs":[]}')).good).toBe(true);
  expect(asked).toEqual([["POST /v2/models/m/infer", { inputs: [] }]]);
});

test.each([
  [{ instances: [] }, "/v1/models/a%20b:predict"],
  [{ inputs: [] }, "/v2/models/a%20b/infer"],
  [{ prompt: "" }, "/v1/completions"],
  [{ messages: [] }, "/v1/chat/completions"],
])("%j goes to %s", (body, path) => expect(pathOf("a b", JSON.stringify(body))).toBe(path));

test("refuses a request of no protocol", () =>
  expect(() => pathOf("m", "{}")).toThrow(
    "a request for m must have one of instances, inputs, messages, prompt",
  ));

test("an answer without predictions is none", () => {
  expect(isPrediction(200, '{"predictions":[1]}')).toBe(true);
  expect(isPrediction(200, '{"predictions":[]}')).toBe(false);
  expect(isPrediction(200, "null")).toBe(false);
  expect(isPrediction(200, "<html>")).toBe(false);
  expect(isPrediction(503, '{"predictions":[1]}')).toBe(false);
});

test("makes up values of every kind", () => {
  const of = (datatype: string) =>
    JSON.parse(ofMetadata("m", { inputs: [{ name: "x", datatype, shape: [1] }] })!.body) as object;
  expect(of("BYTES")).toMatchObject({ inputs: [{ data: ["1"] }] });
  expect(of("BOOL")).toMatchObject({ inputs: [{ data: [true] }] });
  expect(ofMetadata("m", {})).toBeUndefined();
});
