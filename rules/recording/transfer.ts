import { fedCluster, modelRetention, modelTransfer } from "../../metrics/catalogue";
import { transferStages } from "../../metrics/catalogue/recorded/transfer";
import { matching } from "../../metrics/select";
import type { RuleGroup } from "../types";
import { perValue, to } from "./expressions";
import type { Recorder } from "./site";

const max = (expr: string): string => `max by (cluster) (${expr})`;
const increase1h = (selector: string): string => `increase(${selector}[1h])`;

/**
 * Models on their way into the registry. While the exporter's pod is replaced, two tell the same state: the largest
 * value is taken, never a sum.
 */
export function transferRules({ own, record }: Recorder): RuleGroup {
  const recorded = fedCluster.transfer;
  const worst = (metric: (typeof recorded)[keyof typeof recorded], expr: string) =>
    record(metric, to(metric, "max", expr));
  return {
    name: "cluster-transfer",
    rules: [
      worst(recorded.stage, own(modelTransfer.stage, { stage: matching(transferStages.join("|")) })),
      worst(recorded.lastSuccess, own(modelTransfer.lastSuccess)),
      worst(recorded.lag, own(modelTransfer.lag)),
      record(
        recorded.models,
        perValue("state", {
          known: `count by (cluster) (count by (cluster, model) (${own(modelTransfer.state)}))`,
          queued: max(own(modelTransfer.queued)),
          waiting: max(own(modelTransfer.waiting)),
          stuck: max(own(modelTransfer.stuck)),
          quarantined: max(own(modelTransfer.quarantined)),
        }),
      ),
      worst(recorded.state, own(modelTransfer.state)),
      worst(recorded.bytes, increase1h(own(modelTransfer.bytes))),
      worst(recorded.files, increase1h(own(modelTransfer.files))),
      worst(recorded.mismatches, increase1h(own(modelTransfer.mismatches))),
      worst(recorded.retries, increase1h(own(modelTransfer.retries))),
      worst(recorded.run, own(modelTransfer.run)),
      worst(recorded.runSuccess, own(modelTransfer.runSuccess)),
      worst(recorded.verify, own(modelTransfer.verify)),
      worst(recorded.verifyFaults, own(modelTransfer.verifyFaults)),
      worst(recorded.stateRead, own(modelTransfer.stateRead)),
    ],
  };
}

/** Retention of published models. */
export function retentionRules({ own, record }: Recorder): RuleGroup {
  const recorded = fedCluster.retention;
  return {
    name: "cluster-retention",
    rules: [
      record(recorded.run, max(own(modelRetention.run))),
      record(recorded.applies, max(own(modelRetention.applied))),
      record(recorded.reclaimable, to(recorded.reclaimable, "max", own(modelRetention.reclaimable))),
      record(recorded.removed, to(recorded.removed, "max", own(modelRetention.removed))),
      record(recorded.kept, max(own(modelRetention.kept))),
      record(recorded.failures, max(own(modelRetention.failures))),
      record(recorded.problems, max(own(modelRetention.problems))),
    ],
  };
}
