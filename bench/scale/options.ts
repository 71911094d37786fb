import { parseArgs } from "node:util";
import { DEFAULT_INVENTORY } from "../../metrics/inventory";
import type { Inventory } from "../../metrics/inventory";

/** The synthetic site, and how often each thing is measured. */
export interface Sizes {
  /** Name of the result. */
  readonly name: string;
  readonly nodes: number;
  readonly gpusPerNode: number;
  /** Logical processors of a node that the node exporter tells of. */
  readonly cpusPerNode: number;
  /** Seconds of history. */
  readonly history: number;
  /** Times each dashboard is opened on cold caches, and on warm ones. */
  readonly rounds: number;
  /** Times the slowest dashboard's panels are asked on raw series. */
  readonly rawRounds: number;
  /** Federate scrapes that are measured. */
  readonly scrapes: number;
  /** What the site's recordings are limited to. */
  readonly inventory: Inventory;
}

/** Seconds between two samples of a series, and between two evaluations of a rule. */
export const STEP = 30;

const hour = 3600;
const inventory = { ...DEFAULT_INVENTORY, gpuTypes: 4 };

const full: Sizes = {
  name: "scale",
  nodes: 1000,
  gpusPerNode: 8,
  cpusPerNode: 8,
  history: 6 * hour,
  rounds: 20,
  rawRounds: 1,
  scrapes: 10,
  inventory: { ...inventory, gpus: 8000 },
};

/** To see that everything works; its figures are those of another site. */
const quick: Sizes = {
  ...full,
  name: "scale-quick",
  nodes: 50,
  rounds: 3,
  rawRounds: 2,
  scrapes: 3,
  inventory: { ...inventory, gpus: 400, namespaces: 5, partitions: 3, models: 4, buckets: 3 },
};

const usage = `npm run bench:scale [-- [--quick] [--nodes N] [--rounds N]]
  --quick     50 nodes and 3 rounds, for development
  --nodes     nodes of the site, 8 GPUs each
  --rounds    times each dashboard is opened, cold and warm`;

function count(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} ${text ?? ""}: a whole number from 1 up\n${usage}`);
  return value;
}

/** Reads the command line; throws with the usage for what it does not know. */
export function parseOptions(args: readonly string[]): Sizes {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      nodes: { type: "string" },
      rounds: { type: "string" },
    },
  });
  const sizes = values.quick ? quick : full;
  const nodes = count("nodes", values.nodes, sizes.nodes);
  const rounds = count("rounds", values.rounds, sizes.rounds);
  const whole = !values.quick && nodes === full.nodes && rounds >= full.rounds;
  return {
    ...sizes,
    nodes,
    rounds,
    name: whole ? full.name : quick.name,
    inventory: { ...sizes.inventory, gpus: nodes * sizes.gpusPerNode },
  };
}
