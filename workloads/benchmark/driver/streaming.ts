import { setTimeout as sleep } from "node:timers/promises";
import { marksOf, type CorpusEntry } from "../load/step";
import type { Streaming } from "../result";
import { opened, type Endpoint } from "./http";

type Sample = Streaming["samples"][number];

/** The texts in a part of an event stream that ends with a line break; `[DONE]` and other events hold none. */
export function textsOf(events: string): readonly string[] {
  return events.split("\n").flatMap((line) => {
    const data = /^data: ?(.*)$/.exec(line)?.[1];
    if (data === undefined || data === "[DONE]") return [];
    const { choices } = JSON.parse(data) as { choices?: readonly { readonly text?: string }[] };
    const text = choices?.[0]?.text ?? "";
    return text === "" ? [] : [text];
  });
}

/** Streams one completion. Throws where it does not come whole within the time-out. */
export async function probeStream(endpoint: Endpoint, body: string): Promise<Sample> {
  const start = performance.now();
  const since = (): number => (performance.now() - start) / 1000;
  const response = await opened(endpoint, {
    method: "POST",
    path: "/v1/completions",
    body,
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    signal: AbortSignal.timeout(endpoint.timeoutMs ?? 30_000),
  });
  let [firstToken, last, outputTokens, rest, done]: [number | undefined, number, number, string, boolean] = [
    undefined,
    0,
    0,
    "",
    false,
  ];
  response.setEncoding("utf8");
  for await (const chunk of response) {
    rest += chunk as string;
    const end = rest.lastIndexOf("\n");
    const whole = rest.slice(0, end + 1);
    rest = rest.slice(end + 1);
    const texts = textsOf(whole);
    done ||= whole.includes("data: [DONE]");
    if (texts.length > 0) {
      last = since();
      firstToken ??= last;
      outputTokens += texts.length;
    }
  }
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode ?? 0}`);
  if (firstToken === undefined || !done) throw new Error("the stream ended before its last event");
  return { firstToken, total: last, outputTokens };
}

/**
 * Opens a stream each 1/rate seconds until `signal` ends it, whether or not those before have ended, and waits for the
 * open ones. What fails is counted, never timed.
 */
export async function sampleStreams(
  endpoint: Endpoint,
  corpus: readonly CorpusEntry[],
  ratePerSecond: number,
  run: string,
  signal: AbortSignal,
): Promise<Streaming> {
  const samples: Sample[] = [];
  let failures = 0;
  const open: Promise<void>[] = [];
  const markOf = marksOf(`${run}-stream`);
  const start = performance.now();
  for (let number = 0; !signal.aborted; number++) {
    const entry = corpus[number % corpus.length];
    if (entry === undefined) throw new Error("the corpus is empty");
    const body = JSON.stringify({
      ...(JSON.parse(entry.body.replaceAll("{{id}}", markOf(number))) as object),
      stream: true,
    });
    open.push(
      probeStream(endpoint, body).then(
        (sample) => {
          samples.push(sample);
        },
        () => {
          failures++;
        },
      ),
    );
    const nextMs = start + ((number + 1) * 1000) / ratePerSecond;
    await sleep(Math.max(0, nextMs - performance.now()), undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(open);
  return { ratePerSecond, failures, samples };
}
