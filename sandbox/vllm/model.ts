/** The language model that nobody serves here: its name says so on every page. */
export const simulatedLlm = "simulated-llm";

/** Port of its metrics, where KServe has a predictor's. */
export const port = 8080;

/** Requests that the engine works on at once. */
export const slots = 16;

/** The key-value cache, in blocks of tokens. */
export const cache = { blocks: 512, tokensPerBlock: 16 } as const;
