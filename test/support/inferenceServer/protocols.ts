/** What a request asks for, and the right answer to it. */
export interface Understood {
  readonly model: string;
  /** JSON of the right answer. */
  readonly right: unknown;
  /** JSON of an answer in the right form that is wrong. */
  readonly wrong: unknown;
  /** Words that are streamed one by one where the client asked for a stream. */
  readonly stream?: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const total = (value: unknown): number =>
  Array.isArray(value) ? value.reduce<number>((sum, part) => sum + total(part), 0) : Number(value);

function v1(model: string, body: Json): Understood {
  const predictions = (body.instances as readonly unknown[]).map(total);
  return { model, right: { predictions }, wrong: { predictions: predictions.map((value) => value + 1) } };
}

interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

function v2(model: string, body: Json): Understood {
  const [input] = body.inputs as readonly Tensor[];
  const [rows = 1] = input?.shape ?? [];
  const flat = (input?.data ?? []).flat(Infinity).map(Number);
  const width = flat.length / rows;
  const sums = Array.from({ length: rows }, (_, row) => total(flat.slice(row * width, (row + 1) * width)));
  const answer = (data: readonly number[]): unknown => ({
    model_name: model,
    outputs: [{ name: "output-0", shape: [rows], datatype: "FP64", data }],
  });
  return { model, right: answer(sums), wrong: answer(sums.map((value) => value + 1)) };
}

/** The model of this server: as many words as were asked for, counted from the prompt's last word. */
function completionWords(prompt: string, tokens: number): readonly string[] {
  const last = prompt.trim().split(/\s+/).at(-1) ?? "";
  return Array.from({ length: tokens }, (_, index) => `${last}-${index + 1} `);
}

function completions(body: Json): Understood {
  const prompt = String(body.prompt);
  const words = completionWords(prompt, Number(body.max_tokens ?? 16));
  const answer = (text: string): unknown => ({
    object: "text_completion",
    model: body.model,
    choices: [{ index: 0, text, finish_reason: "length" }],
    usage: { prompt_tokens: prompt.trim().split(/\s+/).length, completion_tokens: words.length },
  });
  return {
    model: String(body.model),
    right: answer(words.join("")),
    wrong: answer("something else"),
    ...(body.stream === true && { stream: words }),
  };
}

/** Reads a request by the protocol its path names; undefined for any other path. Throws where the body has not its form. */
export function understand(path: string, body: string): Understood | undefined {
  const json = JSON.parse(body) as Json;
  const [, first] = /^\/v1\/models\/([^/:]+):predict$/.exec(path) ?? [];
  if (first !== undefined) return v1(decodeURIComponent(first), json);
  const [, second] = /^\/v2\/models\/([^/]+)\/infer$/.exec(path) ?? [];
  if (second !== undefined) return v2(decodeURIComponent(second), json);
  return path === "/v1/completions" ? completions(json) : undefined;
}
