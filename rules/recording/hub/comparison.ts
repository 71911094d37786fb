import { fedCluster, fedHub } from "../../../metrics/catalogue";
import type { amountMeasures, ratioMeasures } from "../../../metrics/catalogue/recorded/comparison";
import { select } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { RecordingRule, RuleGroup } from "../../types";
import { perValue } from "../expressions";

const { machines, gpus } = fedCluster;
const recorded = fedHub.comparison;

const sum = (metric: Selectable): string => `sum by (cluster) (${metric.name})`;
const share = (part: Selectable, whole: Selectable): string => `${sum(part)} / (${sum(whole)} > 0)`;
const rule = (metric: Selectable, expr: string): RecordingRule => ({ record: metric.name, expr });

/** Every cluster's measures under one name each, and every member's against the hub's. */
export function comparisonRules(hub: string, members: readonly string[], priced: boolean): RuleGroup {
  const shares: Readonly<Record<(typeof ratioMeasures)[number], string>> = {
    cpu: fedHub.ratios.cpu.name,
    memory: fedHub.ratios.memory.name,
    filesystem: fedHub.ratios.filesystem.name,
    gpu: share(gpus.busy, gpus.count),
    gpu_nominal: share(gpus.busyNominal, gpus.count),
    gpu_memory: share(gpus.memoryUsed, gpus.memory),
  };
  const amounts: Readonly<Partial<Record<(typeof amountMeasures)[number], string>>> = {
    machines: sum(machines.machines),
    cpu_cores: sum(machines.cpu),
    memory_bytes: sum(machines.memory),
    gpus: sum(gpus.count),
    gpu_watts: sum(gpus.power),
    ...(priced && { gpu_cost_per_hour: sum(fedHub.cost.gpus) }),
  };
  /** A member's value and the hub's, which lends its own label to nobody. */
  const against = (metric: Selectable<"cluster" | "measure">, operator: "-" | "/"): string =>
    members
      .map((cluster) => {
        const own = select(metric, { cluster });
        const other = `sum by (measure) (${select(metric, { cluster: hub })})`;
        const right = operator === "/" ? `(${other} > 0)` : other;
        return `${own} ${operator} on (measure) group_left () ${right}`;
      })
      .join(" or ");
  return {
    name: "hub-comparison",
    rules: [
      rule(recorded.share, perValue("measure", shares)),
      rule(recorded.amount, perValue("measure", amounts)),
      ...(members.length === 0
        ? []
        : [
            rule(recorded.difference, against(recorded.share, "-")),
            rule(recorded.ratio, against(recorded.amount, "/")),
          ]),
    ],
  };
}
