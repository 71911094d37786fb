/** One request of KServe's two protocols. */
export interface InferenceRequest {
  readonly path: string;
  readonly body: string;
}

/** Token ids of the sandbox's models. */
const vocabulary = 256;
const shortest = 4;
const longest = 16;

/** A prompt that the number decides: each of its own length and tokens, so that no two in a row are alike. */
export function promptOf(number: number): readonly number[] {
  const length = shortest + ((number * 7) % (longest - shortest + 1));
  return Array.from({ length }, (_, index) => (number * 31 + index * 17) % vocabulary);
}

/** The request of that number: every fourth by the newer protocol. */
export function requestOf(model: string, number: number): InferenceRequest {
  const prompt = promptOf(number);
  if (number % 4 !== 3)
    return { path: `/v1/models/${model}:predict`, body: JSON.stringify({ instances: [prompt] }) };
  const input = { name: "tokens", shape: [1, prompt.length], datatype: "INT64", data: prompt };
  return { path: `/v2/models/${model}/infer`, body: JSON.stringify({ inputs: [input] }) };
}
