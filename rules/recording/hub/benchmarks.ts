import { fedHub, k6 } from "../../../metrics/catalogue";
import { select } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { RecordingRule, RuleGroup } from "../../types";
import { either, to } from "../expressions";

const recorded = fedHub.benchmark;

/** Load of benchmarks, which k6 writes to the hub by itself: series are told by run, whatever else k6 tells them by. */
export function benchmarkRules(): RuleGroup {
  const rate = (of: Selectable, selector: string): string => to(of, "sum", `rate(${selector}[1m])`);
  const rule = (of: Selectable, expr: string): RecordingRule => ({ record: of.name, expr });
  const longest = (of: Selectable, expr: string): RecordingRule => rule(of, to(of, "max", expr));
  const all = rate(recorded.failures, select(k6.requests));
  const failed = rate(recorded.failures, select(k6.requests, { expected_response: "false" }));
  const good = { expected_response: "true" };
  return {
    name: "hub-benchmarks",
    rules: [
      rule(recorded.requests, rate(recorded.requests, select(k6.requests))),
      rule(recorded.failures, `(${either(failed, `0 * ${all}`)}) / (${all} > 0)`),
      rule(recorded.dropped, rate(recorded.dropped, select(k6.dropped))),
      longest(recorded.durationP95, select(k6.durationP95, good)),
      longest(recorded.durationP99, select(k6.durationP99, good)),
      longest(recorded.durationMean, select(k6.durationMean, good)),
      longest(recorded.durationMax, select(k6.durationMax, good)),
      longest(recorded.virtualUsers, select(k6.virtualUsers)),
    ],
  };
}
