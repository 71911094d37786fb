import { parseArgs } from "node:util";

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;

/** What is measured, and how much of it. */
export interface Sizes {
  /** Name of the result. */
  readonly name: string;
  /** Measurements of each contender in each case. */
  readonly rounds: number;
  /** Bytes of each of the large model's shards. */
  readonly shardBytes: number;
  readonly smallFiles: number;
  readonly smallBytes: number;
  /** Files of the larger model of the runs that find nothing changed. */
  readonly manyFiles: number;
  readonly manyBytes: number;
}

export const shards = 4;

const full: Sizes = {
  name: "sync",
  rounds: 7,
  shardBytes: gibibyte,
  smallFiles: 10_000,
  smallBytes: 20 * 1024,
  manyFiles: 100_000,
  manyBytes: 1024,
};

/** To see that everything works; its figures are those of other sizes. */
const quick: Sizes = {
  ...full,
  name: "sync-quick",
  rounds: 3,
  shardBytes: 128 * mebibyte,
  smallFiles: 2000,
  manyFiles: 20_000,
};

export const caseNames = ["large", "small-cold", "small-warm", "unchanged"] as const;
export type CaseName = (typeof caseNames)[number];

export interface Options {
  readonly sizes: Sizes;
  readonly cases: readonly CaseName[];
}

const usage = `npm run bench:sync [-- [--quick] [--only CASE]... [--rounds N]]
  --quick     a tenth of the data and 3 rounds, for development
  --only      ${caseNames.join(", ")}; the default is all of them
  --rounds    measurements of each contender`;

/** Reads the command line; throws with the usage for what it does not know. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
    },
  });
  const sizes = values.quick ? quick : full;
  const rounds = values.rounds === undefined ? sizes.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds ?? ""}: a whole number from 1 up\n${usage}`);
  const asked = values.only.map((word) => {
    const found = caseNames.find((name) => name === word);
    if (found === undefined) throw new Error(`--only ${word}: one of ${caseNames.join(", ")}\n${usage}`);
    return found;
  });
  const whole = !values.quick && asked.length === 0 && rounds >= full.rounds;
  return {
    sizes: { ...sizes, rounds, name: whole ? full.name : quick.name },
    cases: asked.length === 0 ? caseNames : asked,
  };
}

/**
 * Most disk that a run holds at a time, bytes: the large model, two versions of it in the store while one is written
 * anew, and a quarter more; or both models of small files, here and in the store, at 8 KiB an object beside its bytes.
 */
export function diskNeed({ shardBytes, smallFiles, smallBytes, manyFiles, manyBytes }: Sizes): number {
  const large = 3 * shards * shardBytes;
  const small = 2 * smallFiles * smallBytes + 2 * manyFiles * manyBytes + 16_384 * (smallFiles + manyFiles);
  return Math.ceil(Math.max(large, small) * 1.25);
}

/** Bytes in the largest binary unit that leaves at least 1: `4 GiB`, `20 KiB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const at = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${Number((bytes / 1024 ** at).toPrecision(4))} ${units[at] ?? ""}`;
}
