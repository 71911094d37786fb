import { vllm } from "../../metrics/catalogue/vllm";
import type { SimulatedEngine } from "./engine";
import type { Histogram } from "./histogram";
import { simulatedLlm } from "./model";

type Reading = keyof typeof vllm;
type Labels = Readonly<Record<string, string>>;

/** A series beside the metric's name: what is added to it, its labels, its value. */
interface Sample {
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/** As the client library of Python writes a bound. */
function boundText(le: number): string {
  if (le === Infinity) return "+Inf";
  return Number.isInteger(le) ? le.toFixed(1) : String(le);
}

const one = (value: number): readonly Sample[] => [{ value }];

const histogram = ({ buckets, sum, count }: Histogram): readonly Sample[] => [
  ...buckets.map((bucket) => ({
    suffix: "_bucket",
    labels: { le: boundText(bucket.le) },
    value: bucket.count,
  })),
  { suffix: "_sum", value: sum },
  { suffix: "_count", value: count },
];

/** Every reading of the contract. */
function readings(engine: SimulatedEngine): Readonly<Record<Reading, readonly Sample[]>> {
  const { running, waiting } = engine.counts;
  return {
    running: one(running),
    waiting: one(waiting),
    kvCache: one(engine.cacheUsed),
    promptTokens: one(engine.promptTokens),
    generationTokens: one(engine.generationTokens),
    requests: Object.entries(engine.ended).map(([finished_reason, value]) => ({
      labels: { finished_reason },
      value,
    })),
    // its cache never fills
    preemptions: one(0),
    prefixQueries: one(engine.prefixQueries),
    prefixHits: one(engine.prefixHits),
    firstToken: histogram(engine.firstToken),
    perOutputToken: histogram(engine.perOutputToken),
    duration: histogram(engine.duration),
  };
}

/** The engine's metrics in Prometheus's text format, each said to be simulated. */
export function exposition(engine: SimulatedEngine): string {
  const all = readings(engine);
  const text = (labels: Labels): string =>
    Object.entries({ model_name: simulatedLlm, engine: "0", ...labels })
      .map(([name, value]) => `${name}="${value}"`)
      .join(",");
  return (Object.keys(vllm) as Reading[])
    .flatMap((reading) => {
      const { name, type, meaning } = vllm[reading];
      return [
        `# HELP ${name} Simulated: ${meaning}`,
        `# TYPE ${name} ${type}`,
        ...all[reading].map(
          ({ suffix = "", labels = {}, value }) => `${name}${suffix}{${text(labels)}} ${value}`,
        ),
      ];
    })
    .join("\n")
    .concat("\n");
}
