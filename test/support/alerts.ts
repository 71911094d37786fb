import { until } from "../../sandbox/checks";
import { query } from "../../sandbox/prometheus";
import { notifications, type NotifiedAlert } from "../../sandbox/services";
import { endpoints, sideOf, type Stack } from "./live";

/** An alert as the receiver was told of it. */
export interface Told {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The cluster whose Alertmanager told it. */
  readonly from: string;
  readonly groupKey: string;
  readonly alert: NotifiedAlert;
}

/** Everything told since a time but Watchdogs. */
export function told(since: number): readonly Told[] {
  return notifications(since)
    .filter(({ receiver }) => receiver !== "heartbeat")
    .flatMap(({ alerts, ...rest }) => alerts.map((alert) => ({ ...rest, alert })));
}

/** Told alerts as `hub: SlurmControllerDown of hpc firing`, each once, sorted. */
export function summary(since: number): readonly string[] {
  const lines = told(since).map(
    ({ from, alert: { labels, status } }) =>
      `${from}: ${labels.alertname ?? ""} of ${labels.cluster ?? "no cluster"} ${status}`,
  );
  return [...new Set(lines)].sort();
}

/** Waits until the receiver was told just these, as {@link summary} writes them, and fails on any other. */
export async function untilToldExactly(
  expected: readonly string[],
  since: number,
  seconds: number,
): Promise<void> {
  await until(
    `told of ${expected.join(", ")}`,
    seconds,
    () => {
      const lines = summary(since);
      const others = lines.filter((line) => !expected.includes(line));
      const missing = expected.filter((line) => !lines.includes(line));
      return Promise.resolve([
        ...missing.map((line) => `missing: ${line}`),
        ...others.map((line) => `too much: ${line}`),
      ]);
    },
    async () => (await Promise.all((["cloud", "hpc"] as const).map(alertsOf))).flat(),
  );
}

/** Alerts pending and firing on a cluster's Prometheus, a line each; Watchdogs and what only tells of ways left out. */
export async function alertsOf(stack: Stack): Promise<readonly string[]> {
  const found = await query(endpoints()[sideOf[stack]], 'ALERTS{alertname!~"Watchdog|HubReachable"}');
  return found.map(
    ({ metric: { alertname, alertstate, __name__, ...labels } }) =>
      `${stack}: ${alertname ?? ""} ${alertstate ?? ""} ${JSON.stringify(labels)}`,
  );
}

/** Waits until nothing fires on either cluster that anyone would be told of. */
export async function quiet(seconds: number): Promise<void> {
  await until("no alert fires", seconds, async () => {
    const lines = (await Promise.all((["cloud", "hpc"] as const).map(alertsOf))).flat();
    return lines.filter((line) => line.includes(" firing ") && !line.includes('"severity":"info"'));
  });
}
