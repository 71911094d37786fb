import type { KubeApi } from "../kube";

/** A request for a prediction. */
export interface Request {
  readonly path: string;
  readonly body: string;
}

export interface Answered {
  readonly path: string;
  readonly status: number;
  /** Whether it is a prediction. */
  readonly good: boolean;
  /** The beginning of the answer. */
  readonly said: string;
  readonly milliseconds: number;
}

/** Where an answer of each protocol has its predictions. */
const ANSWERS = ["predictions", "outputs", "choices"];

/** Whether a body is an answer of one of the protocols, with something in it. */
export function isPrediction(status: number, body: string): boolean {
  if (status !== 200) return false;
  try {
    const answer = JSON.parse(body) as Readonly<Record<string, unknown>> | null;
    return ANSWERS.some((field) => {
      const value = answer?.[field];
      return Array.isArray(value) && value.length > 0;
    });
  } catch {
    return false;
  }
}

const rows = [[1, 2, 3, 4]];

/** The path that a body is for, by what it holds: KServe's two protocols, OpenAI's completions and chats. */
export function pathOf(model: string, body: string): string {
  const name = encodeURIComponent(model);
  const fields = Object.keys(JSON.parse(body) as object);
  const paths: Readonly<Record<string, string>> = {
    instances: `/v1/models/${name}:predict`,
    inputs: `/v2/models/${name}/infer`,
    messages: "/v1/chat/completions",
    prompt: "/v1/completions",
  };
  const field = Object.keys(paths).find((one) => fields.includes(one));
  if (field === undefined)
    throw new Error(`a request for ${model} must have one of ${Object.keys(paths).join(", ")}`);
  return paths[field] ?? "";
}

interface Metadata {
  readonly inputs?: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
  }[];
}

/** A request of ones that has the shape which a server of KServe's second protocol asks for. */
export function ofMetadata(model: string, { inputs = [] }: Metadata): Request | undefined {
  if (inputs.length === 0) return undefined;
  const filled = inputs.map(({ name, datatype, shape }) => {
    const sizes = shape.map((size) => (size > 0 ? size : 1));
    const count = sizes.reduce((product, size) => product * size, 1);
    const value = datatype === "BYTES" ? "1" : datatype === "BOOL" ? true : 1;
    return { name, datatype, shape: sizes, data: Array.from({ length: count }, () => value) };
  });
  return { path: `/v2/models/${encodeURIComponent(model)}/infer`, body: JSON.stringify({ inputs: filled }) };
}

interface Place {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/**
 * Asks a pod for one prediction through the API server, so that no port of it need be open to this machine: the
 * site's own request, or one made up for what the server says that it speaks.
 */
export async function predict(
  kube: KubeApi,
  { namespace, name, port }: Place,
  model: string,
  given: string | undefined,
  signal: AbortSignal,
): Promise<Answered> {
  const proxy = `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy`;
  const post = async ({ path, body }: Request): Promise<Answered> => {
    const start = performance.now();
    const { status, text } = await kube.send("POST", `${proxy}${path}`, { signal, body: JSON.parse(body) });
    const milliseconds = performance.now() - start;
    const said = text.replace(/\s+/g, " ").slice(0, 120);
    return { path, status, good: isPrediction(status, text), said, milliseconds };
  };
  const metadata = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
    const { status, text } = await kube.send("GET", `${proxy}${path}`, { signal });
    try {
      return status === 200 ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : {};
    } catch {
      return {};
    }
  };
  if (given !== undefined) return post({ path: pathOf(model, given), body: given });
  // OpenAI's list of models has ids, KServe's has none
  const { data } = await metadata("/v1/models");
  if (Array.isArray(data)) {
    const [first] = data as readonly { readonly id?: string }[];
    return post({
      path: "/v1/completions",
      body: JSON.stringify({ model: first?.id ?? model, prompt: "1", max_tokens: 1 }),
    });
  }
  const answer = await post({
    path: `/v1/models/${encodeURIComponent(model)}:predict`,
    body: JSON.stringify({ instances: rows }),
  });
  if (answer.good) return answer;
  const request = ofMetadata(model, await metadata(`/v2/models/${encodeURIComponent(model)}`));
  return request === undefined ? answer : post(request);
}
