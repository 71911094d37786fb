import { exchange, type Endpoint } from "./http";

/** One series over a window: its labels, and the value of each scrape with its time. */
export interface Scraped {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the epoch, and value; ascending. */
  readonly samples: readonly (readonly [number, number])[];
}

/** A window of time, seconds since the epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** What is asked of Prometheus: the scrapes of a selector that lie in exactly a window. */
export type ScrapesIn = (selector: string, window: Window) => Promise<readonly Scraped[]>;

interface Matrix {
  readonly data?: {
    readonly result?: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
  readonly error?: string;
}

/**
 * Asks for raw samples, never for a value between two of them: a range selector at the window's end.
 *
 * @throws Error with Prometheus's own words where it does not answer.
 */
export function scrapesOf(endpoint: Endpoint): ScrapesIn {
  return async (selector, { from, to }) => {
    // whole milliseconds; a range is open on its left
    const range = Math.max(1, Math.round((to - from) * 1000));
    const query = new URLSearchParams({ query: `${selector}[${range}ms]`, time: to.toFixed(3) });
    const answer = await exchange(endpoint, { path: `/api/v1/query?${query.toString()}` });
    const told = (): string => answer.text.slice(0, 300);
    let matrix: Matrix;
    try {
      matrix = JSON.parse(answer.text) as Matrix;
    } catch {
      throw new Error(`Prometheus at ${endpoint.url} answered ${answer.status}: ${told()}`);
    }
    if (answer.status !== 200 || matrix.data?.result === undefined)
      throw new Error(`Prometheus at ${endpoint.url} answered ${answer.status}: ${matrix.error ?? told()}`);
    return matrix.data.result.map(({ metric, values = [] }) => ({
      labels: metric,
      samples: values.map(([time, value]) => [time, Number(value)] as const),
    }));
  };
}

/** Mean of all samples of all series; undefined of none. */
export function meanOf(series: readonly Scraped[]): number | undefined {
  const values = series.flatMap(({ samples }) => samples.map(([, value]) => value)).filter(Number.isFinite);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sum over the series of each one's mean; undefined of none. */
export function sumOfMeans(series: readonly Scraped[]): number | undefined {
  const means = series.flatMap((one) => meanOf([one]) ?? []);
  return means.length === 0 ? undefined : means.reduce((sum, value) => sum + value, 0);
}

/** Growth of a counter over its samples, resets taken as a start from 0; undefined below two samples. */
export function increaseOf({ samples }: Scraped): number | undefined {
  if (samples.length < 2) return undefined;
  return samples.slice(1).reduce((sum, [, value], at) => {
    const before = samples[at]?.[1] ?? 0;
    return sum + (value >= before ? value - before : value);
  }, 0);
}

/** Growth of a counter per second between its first and last sample; undefined below two samples. */
export function rateOf(series: Scraped): number | undefined {
  const [first, last, increase] = [series.samples[0], series.samples.at(-1), increaseOf(series)];
  if (first === undefined || last === undefined || increase === undefined) return undefined;
  const seconds = last[0] - first[0];
  return seconds > 0 ? increase / seconds : undefined;
}

/** Growth of counters together; undefined where none has two samples. */
export function totalIncrease(series: readonly Scraped[]): number | undefined {
  const increases = series.flatMap((one) => increaseOf(one) ?? []);
  return increases.length === 0 ? undefined : increases.reduce((sum, value) => sum + value, 0);
}
