import type { CorpusEntry } from "../load/step";
import type { Target } from "../result";
import type { Corpus } from "./settings";

/** Words that prompts are made of: common ones, which tokenizers hold as one token each. */
const words =
  "time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city name team minute idea body information back parent face others level office door health person art war history party result change morning reason research girl guy moment air teacher force education".split(
    " ",
  );

/** Uniform in [0, 1), the same for the same seed. */
function seeded(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    // xorshift
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

type Input = Extract<Corpus, { readonly kind: "rows" }>["input"];

function rowsBody(
  protocol: Target["protocol"],
  instances: readonly (readonly number[])[],
  { name, datatype }: NonNullable<Input> = { name: "input-0", datatype: "FP64" },
): string {
  if (protocol === "kserve-v1") return JSON.stringify({ instances });
  const shape = [instances.length, instances[0]?.length ?? 0];
  return JSON.stringify({ inputs: [{ name, shape, datatype, data: instances.flat() }] });
}

const promptBody = (model: string, prompt: string, tokens: number): string =>
  JSON.stringify({ model, prompt, max_tokens: tokens, min_tokens: tokens, temperature: 0 });

/** The requests of a run, as the settings describe them: the same bytes for the same settings. */
export function makeCorpus(
  corpus: Corpus,
  { protocol, model }: Pick<Target, "protocol" | "model">,
): readonly CorpusEntry[] {
  switch (corpus.kind) {
    case "rows": {
      const random = seeded(corpus.seed);
      const whole = corpus.input !== undefined && !corpus.input.datatype.startsWith("FP");
      const value = (): number => {
        const drawn = corpus.low + (corpus.high - corpus.low) * random();
        return whole ? Math.round(drawn) : Number(drawn.toPrecision(6));
      };
      return Array.from({ length: corpus.distinct }, () => {
        const instances = Array.from({ length: corpus.rows }, () =>
          Array.from({ length: corpus.columns }, value),
        );
        return { body: rowsBody(protocol, instances, corpus.input), answers: corpus.rows };
      });
    }
    case "words": {
      const random = seeded(corpus.seed);
      const word = (): string => words[Math.floor(random() * words.length)] ?? "";
      return Array.from({ length: corpus.distinct }, () => {
        const prompt = ["{{id}}", ...Array.from({ length: corpus.promptTokens - 1 }, word)].join(" ");
        return { body: promptBody(model, prompt, corpus.outputTokens) };
      });
    }
    case "examples":
      return corpus.examples.map((example) => {
        const expect = example.expect === undefined ? {} : { expect: example.expect };
        return "prompt" in example
          ? { body: promptBody(model, example.prompt, example.outputTokens), ...expect }
          : {
              body: rowsBody(protocol, example.instances, corpus.input),
              answers: example.instances.length,
              ...expect,
            };
      });
  }
}

/** Where requests of a target go: what its protocol has as path, below the target's own. */
export function requestUrl({ protocol, model, url }: Pick<Target, "protocol" | "model" | "url">): string {
  const base = url.replace(/\/+$/, "");
  const name = encodeURIComponent(model);
  if (protocol === "kserve-v1") return `${base}/v1/models/${name}:predict`;
  return protocol === "kserve-v2" ? `${base}/v2/models/${name}/infer` : `${base}/v1/completions`;
}
