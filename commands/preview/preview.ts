import { buildDashboards } from "../../dashboards";
import type { BuiltDashboard, Site } from "../../dashboards";
import { fedCluster, fedHub } from "../../metrics/catalogue";
import { select } from "../../metrics/select";
import { DEFAULT_THRESHOLDS } from "../../metrics/thresholds";
import { evaluate, panelsOf } from "./evaluate";
import type { Asking } from "./evaluate";
import { marksOf } from "./marks";
import type { Prometheus } from "./prometheus";
import type { EvaluatedDashboard } from "./render/page";
import { resolveVariables } from "./resolve";
import { askSelectors } from "./selectors";
import type { AskedSelector } from "./selectors";
import { windowAt } from "./window";

/** Dashboards with everything that they show, and every selector asked alone. */
export interface Preview {
  readonly dashboards: readonly EvaluatedDashboard[];
  readonly selectors: readonly AskedSelector[];
}

export interface PreviewArgs {
  readonly prometheus: Prometheus;
  /** The end of the window, ms. */
  readonly now: number;
  /** Scrape interval of the data source, ms: no graph has closer points. */
  readonly scrapeInterval: number;
  /** Length of the window, such as 30m; default: each dashboard's own. */
  readonly window?: string;
  /** Uids of the dashboards; default: all. */
  readonly only?: readonly string[];
}

/**
 * The federation that a hub's Prometheus knows: members are the clusters whose heartbeat it judges, and the hub is the
 * one that beats and is none of them.
 */
export async function discoverSite(prometheus: Prometheus, now: number): Promise<Site> {
  const clusters = async (selector: string): Promise<readonly string[]> => {
    const found = await prometheus.instant(`count by (cluster) (last_over_time(${selector}[6h]))`, now);
    return found.map(({ labels }) => labels.cluster ?? "").sort();
  };
  const members = await clusters(select(fedHub.members.heartbeatStale));
  const beating = await clusters(select(fedCluster.monitoring.heartbeat));
  const [hub, ...others] = beating.filter((cluster) => !members.includes(cluster));
  if (hub === undefined || others.length > 0) {
    throw new Error(
      `this is no hub's Prometheus: ${fedCluster.monitoring.heartbeat.name} is known of ${beating.join(", ") || "no cluster"}, ` +
        `${fedHub.members.heartbeatStale.name} of ${members.join(", ") || "none"}; one cluster must have the first and not the second`,
    );
  }
  const prices = await prometheus.instant(`count(${select(fedHub.cost.gpus)})`, now);
  const benchmarked = await clusters(select(fedHub.benchmark.requests));
  return {
    hub,
    members,
    thresholds: DEFAULT_THRESHOLDS,
    priced: prices.length > 0,
    ...(benchmarked.length > 0 ? { benchmarks: {} } : {}),
  };
}

async function evaluateDashboard(
  dashboard: BuiltDashboard,
  base: Omit<Asking, "values" | "window">,
  time: { readonly now: number; readonly window: string | undefined },
): Promise<EvaluatedDashboard & { readonly selectors: readonly AskedSelector[] }> {
  const own = dashboard.model.time ?? { from: "now-6h", to: "now" };
  const window = windowAt(
    time.now,
    time.window === undefined ? own : { from: `now-${time.window}`, to: "now" },
  );
  const values = await resolveVariables(dashboard.model, base.prometheus, window);
  const asking: Asking = { ...base, window, values };
  const evaluated = await Promise.all(panelsOf(dashboard.model).map((panel) => evaluate(panel, asking)));
  return {
    dashboard,
    window,
    values,
    panels: new Map(evaluated.map((one) => [one.panel.id ?? 0, one])),
    marks: await marksOf(dashboard.model, asking),
    selectors: await askSelectors(dashboard, asking),
  };
}

/** Evaluates dashboards against a hub's Prometheus as they are when they are opened. */
export async function preview({
  prometheus,
  now,
  window,
  scrapeInterval,
  only,
}: PreviewArgs): Promise<Preview> {
  const all = buildDashboards(await discoverSite(prometheus, now));
  const unknown = (only ?? []).filter((uid) => !all.some((dashboard) => dashboard.uid === uid));
  if (unknown.length > 0)
    throw new Error(`no dashboard ${unknown.join(", ")}; there are ${all.map(({ uid }) => uid).join(", ")}`);
  const wanted = all.filter(({ uid }) => only?.includes(uid) ?? true);
  const dashboards: (EvaluatedDashboard & { readonly selectors: readonly AskedSelector[] })[] = [];
  // one after the other: a dashboard's panels already ask as much at once as the connection allows
  for (const dashboard of wanted) {
    dashboards.push(await evaluateDashboard(dashboard, { prometheus, scrapeInterval }, { now, window }));
  }
  return { dashboards, selectors: dashboards.flatMap(({ selectors }) => selectors) };
}
