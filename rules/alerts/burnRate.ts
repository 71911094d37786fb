import type { AlertDefinition } from "./alert";

/** Two windows over which an error budget is looked at, and how many times too fast it must be used up in both. */
interface Burn {
  readonly times: number;
  readonly long: string;
  /** Length of the long window. */
  readonly seconds: number;
  readonly short: string;
  /** At which the windows are looked at, where that is to be said. */
  readonly step: string;
}

/** What wakes somebody: 2 % of a month's budget within an hour, 5 % within six. */
const pages: readonly Burn[] = [
  { times: 14.4, long: "1h", seconds: 3_600, short: "5m", step: "1m" },
  { times: 6, long: "6h", seconds: 21_600, short: "30m", step: "1m" },
];

/** What waits for working hours: 10 % of a month's budget within a day, or within three. */
const tickets: readonly Burn[] = [
  { times: 3, long: "1d", seconds: 86_400, short: "2h", step: "5m" },
  { times: 1, long: "3d", seconds: 259_200, short: "6h", step: "5m" },
];

export interface BurnRateArgs extends Omit<AlertDefinition, "description" | "expr" | "for" | "severity"> {
  /** Tells what was bad over the long window. */
  readonly description: (window: string) => string;
  /** Share that must be good: the rest is the budget. */
  readonly objective: number;
  /** The labels by which an objective is told from others, `cluster` among them. */
  readonly told: readonly string[];
  /** Expression of the share that was bad over a window, looked at in steps; it carries those labels. */
  readonly bad: (window: string, step: string) => string;
  /**
   * Expression that holds, by those labels, where the long window has so much to judge by that a share says something;
   * absent where it always has.
   */
  readonly enough?: (window: string, seconds: number) => string;
}

/**
 * The alerts of one objective by multi-window burn rate, one for each pair: the long window (label `window`) says that
 * it matters, the short one that it still goes on.
 *
 * @throws RangeError for an objective that leaves no budget, or whose budget no burn can exceed.
 */
export function burnRateAlerts({ objective, told, bad, enough, description, ...definition }: BurnRateArgs): {
  readonly pages: readonly AlertDefinition[];
  readonly tickets: readonly AlertDefinition[];
} {
  if (!(objective >= 0.94 && objective < 1)) {
    throw new RangeError(
      `${definition.alert}: an objective of ${objective} can not be watched; give a share from 0.94 to below 1`,
    );
  }
  const over = ({ times, long, seconds, short, step }: Burn): string => {
    const limit = Number((times * (1 - objective)).toPrecision(12));
    const on = `and on (${told.join(", ")})`;
    const judged = enough === undefined ? "" : ` ${on} ${enough(long, seconds)}`;
    return `${bad(long, step)} > ${limit} ${on} ${bad(short, step)} > ${limit}${judged}`;
  };
  const alerts = (burns: readonly Burn[], more: Pick<AlertDefinition, "for" | "severity">) =>
    burns.map((burn) => ({
      ...definition,
      ...more,
      labels: { window: burn.long },
      expr: over(burn),
      description: description(burn.long),
    }));
  return {
    pages: alerts(pages, { severity: "critical", for: "2m" }),
    tickets: alerts(tickets, { severity: "warning", for: "15m" }),
  };
}
