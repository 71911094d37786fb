import { parseArgs } from "node:util";

/** What is measured, and for how long. */
export interface Sizes {
  /** Name of the result. */
  readonly name: string;
  readonly rounds: number;
  /** Seconds of each counted window of load. */
  readonly seconds: number;
  /** Requests per second of the load whose latencies are compared. */
  readonly rate: number;
  /** Requests per second at which no iteration may be dropped. */
  readonly claimedRate: number;
  /** Seconds of a step of the search for the knee. */
  readonly stepSeconds: number;
}

const full: Sizes = {
  name: "instrument",
  rounds: 3,
  seconds: 20,
  rate: 200,
  claimedRate: 500,
  stepSeconds: 12,
};

/** To see that everything works; its windows are too short for what is claimed. */
const quick: Sizes = { ...full, name: "instrument-quick", rounds: 1, seconds: 5, stepSeconds: 5 };

export const caseNames = ["latency", "claimed", "verdicts", "coldStart", "knee"] as const;
export type CaseName = (typeof caseNames)[number];

export interface Options {
  readonly sizes: Sizes;
  readonly cases: readonly CaseName[];
}

export const usage = `npm run bench:instrument [-- [--quick] [--only CASE]...]
  --quick     one round and short windows, for development
  --only      ${caseNames.join(", ")}; the default is all of them`;

/** Reads the command line; throws with the usage for what it does not know. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
    },
  });
  const asked = values.only.map((word) => {
    const found = caseNames.find((name) => name === word);
    if (found === undefined) throw new Error(`--only ${word}: one of ${caseNames.join(", ")}\n${usage}`);
    return found;
  });
  const sizes = values.quick ? quick : full;
  return {
    sizes: asked.length === 0 ? sizes : { ...sizes, name: quick.name },
    cases: asked.length === 0 ? caseNames : asked,
  };
}
