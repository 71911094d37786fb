import { modelRetention, modelTransfer } from "../../../metrics/catalogue";
import { growing, inputOf } from "../input";
import { by, evaluateCluster, plain } from "./evaluate";

const groups = ["cluster-transfer"];
const hpc = inputOf("hpc");

describe("the transfer of models", () => {
  it("tells stages by model and version, and no stage it does not know", () => {
    const version = { model: "tiny", version: "3" };
    evaluateCluster("hpc", groups, {
      input: [
        hpc(modelTransfer.stage, { ...version, stage: "trained" }, 1000),
        hpc(modelTransfer.stage, { ...version, stage: "registered" }, 1060),
        hpc(modelTransfer.stage, { ...version, stage: "later" }, 9999),
      ],
      gives: {
        'fed_cluster:transfer_stage:timestamp_seconds{cluster="hpc",model="tiny",version="3",stage="trained"}': 1000,
        'fed_cluster:transfer_stage:timestamp_seconds{cluster="hpc",model="tiny",version="3",stage="registered"}': 1060,
      },
    });
  });

  it("counts models by what they wait for", () => {
    evaluateCluster("hpc", groups, {
      input: [
        ...["a", "b", "c"].map((model) =>
          hpc(modelTransfer.state, { model, version: "1", digest: "d", outcome: "unchanged", reason: "" }),
        ),
        hpc(modelTransfer.queued, {}, 2),
        hpc(modelTransfer.waiting, {}, 1),
        hpc(modelTransfer.stuck, {}, 1),
        hpc(modelTransfer.quarantined, {}, 0),
      ],
      gives: by("fed_cluster:transfer_models:count", "state", {
        known: 3,
        queued: 2,
        waiting: 1,
        stuck: 1,
        quarantined: 0,
      }),
    });
  });

  it("tells the same while a second exporter takes over, and sums nothing up", () => {
    const pods = ["old", "new"].map((pod) => ({ pod, instance: `${pod}:8080` }));
    evaluateCluster("hpc", groups, {
      at: "60m",
      input: pods.flatMap((pod) => [
        hpc(modelTransfer.lag, { ...pod, model: "tiny" }, 30),
        hpc(modelTransfer.lastSuccess, { ...pod, model: "tiny" }, 500),
        hpc(modelTransfer.bytes, { ...pod, model: "tiny", result: "sent" }, growing(60)),
        hpc(modelTransfer.files, { ...pod, model: "tiny", result: "copied" }, growing(60)),
        hpc(modelTransfer.mismatches, { ...pod, model: "tiny" }, "0x40 1x100"),
        hpc(modelTransfer.retries, { ...pod, reason: "timeout" }, growing(60)),
        hpc(modelTransfer.run, pod, 700),
        hpc(modelTransfer.runSuccess, pod, 600),
        hpc(modelTransfer.verify, pod, 650),
        hpc(modelTransfer.verifyFaults, pod, 2),
        hpc(modelTransfer.stateRead, pod, 1),
      ]),
      gives: {
        ...by("fed_cluster:transfer_lag:seconds", "model", { tiny: 30 }),
        ...by("fed_cluster:transfer_last_success:timestamp_seconds", "model", { tiny: 500 }),
        ...by("fed_cluster:transfer_bytes:increase1h", "result", { sent: 3600 }, 'model="tiny"'),
        ...by("fed_cluster:transfer_files:increase1h", "result", { copied: 3600 }, 'model="tiny"'),
        ...by("fed_cluster:transfer_mismatches:increase1h", "model", { tiny: 1 }),
        ...by("fed_cluster:transfer_retries:increase1h", "reason", { timeout: 3600 }),
        ...plain({
          "fed_cluster:transfer_run:timestamp_seconds": 700,
          "fed_cluster:transfer_run_success:timestamp_seconds": 600,
          "fed_cluster:transfer_verify:timestamp_seconds": 650,
          "fed_cluster:transfer_verify_faults:count": 2,
          "fed_cluster:transfer_state_read:success": 1,
        }),
      },
    });
  });

  it("keeps what the last run said of a model, once", () => {
    const state = {
      model: "tiny",
      version: "pending",
      digest: "",
      outcome: "quarantined",
      reason: "checksum-mismatch",
    };
    evaluateCluster("hpc", groups, {
      input: [hpc(modelTransfer.state, state)],
      gives: {
        'fed_cluster:transfer_state:info{cluster="hpc",model="tiny",version="pending",outcome="quarantined",reason="checksum-mismatch"}': 1,
      },
    });
  });

  it("is recorded by the cluster whose worker it is", () => {
    evaluateCluster("cloud", groups, {
      input: [hpc(modelTransfer.lag, { model: "tiny" }, 30), hpc(modelTransfer.stateRead, {}, 1)],
      none: ["fed_cluster:transfer_lag:seconds", "fed_cluster:transfer_state_read:success"],
    });
  });
});

describe("retention", () => {
  it("tells what it did and could do", () => {
    const cloud = inputOf("cloud");
    evaluateCluster("cloud", ["cluster-retention"], {
      input: [
        cloud(modelRetention.run, {}, 900),
        cloud(modelRetention.applied, {}, 0),
        cloud(modelRetention.reclaimable, { kind: "version" }, 640),
        cloud(modelRetention.removed, { kind: "upload" }, 0),
        cloud(modelRetention.kept, {}, 5),
        cloud(modelRetention.failures, {}, 0),
        cloud(modelRetention.problems, {}, 1),
      ],
      gives: {
        ...plain(
          {
            "fed_cluster:retention_run:timestamp_seconds": 900,
            "fed_cluster:retention_run:applied": 0,
            "fed_cluster:retention_kept:versions": 5,
            "fed_cluster:retention_failures:count": 0,
            "fed_cluster:retention_problems:count": 1,
          },
          "cloud",
        ),
        ...by("fed_cluster:retention_reclaimable:bytes", "kind", { version: 640 }, "", "cloud"),
        ...by("fed_cluster:retention_removed:bytes", "kind", { upload: 0 }, "", "cloud"),
      },
    });
  });
});
