import { fedCluster, fedHub } from "../../../metrics/catalogue";
import { select } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { RecordingRule, RuleGroup } from "../../types";

const { gpus, serving } = fedCluster;
const recorded = fedHub.cost;
const { inference, ratios } = fedHub;

/** Price of one GPU hour by GPU type, in the site's currency. */
export type Prices = Readonly<Record<string, number>>;

const rule = (metric: Selectable, expr: string): RecordingRule => ({ record: metric.name, expr });

/** What GPUs cost, use and waste; nothing where no type has a price. */
export function costRules(prices: Prices): RuleGroup[] {
  const types = Object.entries(prices).sort(([a], [b]) => (a < b ? -1 : 1));
  if (types.length === 0) return [];
  /** An expression over GPUs of one type, times its price, for each type that has one. */
  const priced = (expr: (gpu_type: string) => string): string =>
    types.map(([type, price]) => `(${expr(type)}) * ${price}`).join(" or ");
  const of = (metric: Selectable, gpu_type: string): string => select<Selectable>(metric, { gpu_type });
  const allocated = `sum by (cluster) (${priced((type) => of(gpus.allocated, type))})`;
  const perSecond = `${allocated} / 3600`;
  return [
    {
      name: "hub-cost",
      rules: [
        rule(
          recorded.gpus,
          priced((type) => of(gpus.count, type)),
        ),
        rule(
          recorded.wasted,
          priced((type) => of(ratios.gpuWasted, type)),
        ),
        rule(
          recorded.idle,
          priced((type) => `clamp_min(${of(gpus.count, type)} - ${of(gpus.busy, type)}, 0)`),
        ),
        rule(
          recorded.perUsedGpuHour,
          priced((type) => `${of(gpus.count, type)} / (${of(gpus.busy, type)} > 0)`),
        ),
        rule(
          recorded.per1000Requests,
          `1000 * ${perSecond} / (sum by (cluster) (${inference.requests.name}) > 0)`,
        ),
        rule(
          recorded.perMillionTokens,
          `1e6 * ${perSecond} / (sum by (cluster) (${select(serving.tokens, { kind: "generation" })}) > 0)`,
        ),
      ],
    },
  ];
}
