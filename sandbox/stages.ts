/** Runs the stages of a command one after the other, says each with its time, and keeps the times. */
export class Stages {
  readonly timings: Record<string, number> = {};

  readonly say = (line: string): void => {
    console.log(line);
  };

  async run<T>(name: string, work: () => Promise<T> | T): Promise<T> {
    this.say(`» ${name}`);
    const start = performance.now();
    const result = await work();
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    this.timings[name] = seconds;
    this.say(`  ${seconds} s`);
    return result;
  }
}

/** Rows as an aligned text table. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
