import { table } from "../../../workloads/model-sync/report";
import type { FaultName } from "./cases";
import { faultNames } from "./cases";
import type { Outcome } from "./enumeration";

/** How many cases hit each operation with each fault, with sums. */
export function countTable(outcomes: readonly Outcome[]): string[] {
  const operations = [...new Set(outcomes.map(({ one }) => operationOf(one.point)))].sort();
  const count = (operation: string | undefined, fault: FaultName | undefined): string =>
    String(
      outcomes.filter(
        ({ one }) =>
          (operation === undefined || operationOf(one.point) === operation) &&
          (fault === undefined || one.fault === fault),
      ).length,
    );
  const row = (name: string, operation?: string): string[] => [
    name,
    ...faultNames.map((fault) => count(operation, fault)),
    count(operation, undefined),
  ];
  return table(
    ["request", ...faultNames, "cases"],
    [...operations.map((name) => row(name, name)), row("all")],
  );
}

const operationOf = ({ server, operation }: Outcome["one"]["point"]): string => `${server} ${operation}`;

/** Writes a line to the terminal at once; a test runner would hold it back to the end. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Says from time to time how far the cases are; `total` is known, so the end can be seen coming. */
export function progress(total: number, every = 50): (outcomes: readonly Outcome[]) => void {
  const begin = performance.now();
  return (outcomes) => {
    const last = outcomes.at(-1);
    if (last?.wrong !== undefined) say(`wrong: ${last.wrong}`);
    if (outcomes.length % every !== 0 && outcomes.length !== total) return;
    const failed = outcomes.filter(({ wrong }) => wrong !== undefined).length;
    const seconds = Math.round((performance.now() - begin) / 1000);
    say(`  ${outcomes.length}/${total} cases in ${seconds} s, ${failed} wrong`);
  };
}
