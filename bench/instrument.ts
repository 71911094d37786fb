/**
 * `npm run bench:instrument`: the benchmark's driver is measured itself, against a test server whose latencies, capacity
 * and start-up are known, side by side with vegeta, an independent open-loop client. Client, server and simulation share
 * this machine.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { paths, sandboxFolder } from "../sandbox/paths";
import { setUpTools } from "../sandbox/setup";
import { buildWorker } from "../scripts/build";
import { finish, machine, resultOf, type Row } from "./harness";
import { cases } from "./instrument/cases";
import { parseOptions } from "./instrument/options";

const folder = path.join(sandboxFolder, "bench-instrument");

async function main(args: readonly string[]): Promise<void> {
  const { sizes, cases: asked } = parseOptions(args);
  const say = (line: string): void => console.log(line);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  setUpTools(["sandbox", "bench"], say);
  buildWorker("benchmark-load");
  try {
    const rows: Row[] = [];
    for (const name of asked) {
      say(`» ${name}`);
      rows.push(...(await cases[name]({ place: { bin: paths.bin, folder }, sizes, say })));
    }
    finish(resultOf(sizes.name, machine(), rows));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
