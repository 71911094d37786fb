import { fedCluster, fedHub } from "../metrics/catalogue";
import { transferStages } from "../metrics/catalogue/recorded/transfer";
import { line } from "./kit/dashboard";
import type { Row } from "./kit/dashboard";
import type { States } from "./kit/limits";
import { by, stat, table } from "./kit/panels";
import type { Site } from "./kit/site";
import {
  age,
  ANY_CLUSTER,
  CHOSEN_CLUSTERS,
  countAcross,
  highest,
  maxAcross,
  minus,
  orElse,
  series,
  times,
  within,
} from "./kit/vector";
import type { Vector } from "./kit/vector";

type VersionLabel = "model" | "source" | "version";

/** What names a version: where it was trained, its model, its number in the registry. */
const VERSION = ["source", "model", "version"] as const;
const ACROSS = "a version's way leads over clusters; source says where it was trained";

/** Most versions that are shown. */
const NEWEST = 20;

/** All stages, in order. */
const stages = [...transferStages, "deployed", "served"] as const;
type Stage = (typeof stages)[number];

/** When versions reached a stage, wherever that took place. */
const reached = (stage: Stage): Vector<VersionLabel> =>
  maxAcross(
    series(fedHub.pipeline.stage, { cluster: ANY_CLUSTER, source: CHOSEN_CLUSTERS, stage }),
    VERSION,
    ACROSS,
  );

const newest = highest(NEWEST, reached("trained"));
const ofNewest = (vector: Vector<VersionLabel>): Vector<VersionLabel> => within(vector, newest, VERSION);

/** Time from one stage to the next. */
const took = (from: Stage, to: Stage): Vector<VersionLabel> => ofNewest(minus(reached(to), reached(from)));

const doing: Readonly<Record<Stage, string>> = {
  trained: "trained",
  quiescent: "still",
  hashed: "hashed",
  uploaded: "uploaded",
  verified: "verified",
  registered: "registered",
  deployed: "deployed",
  served: "served",
};

/** By number of stages that are done. */
const progress: States = Object.fromEntries(
  stages.map((stage, index) => [
    index + 1,
    { text: doing[stage], colour: stage === "served" ? ("good" as const) : ("neutral" as const) },
  ]),
);

/** One row a version, the newest first; how many more there are stands beside it. */
export function versionRow({ thresholds }: Site): Row {
  const done = countAcross(
    series(fedHub.pipeline.stage, { cluster: ANY_CLUSTER, source: CHOSEN_CLUSTERS }),
    VERSION,
    ACROSS,
  );
  const freshness = orElse(minus(reached("served"), reached("trained")), age(reached("trained")));
  const step = (title: string, from: Stage, to: Stage) => ({ title, vector: took(from, to), width: 95 });
  return {
    title: "Versions, from training to first answer",
    lines: [
      line(11, [
        24,
        table({
          title: `The ${NEWEST} versions trained last`,
          description:
            "One row a version. Each time is that of one stage; a dash: not there yet. Freshness: from trained to served, or how long ago it was trained while it is not served.",
          rows: { source: "Trained on", model: "Model", version: "Version" },
          columns: [
            { title: "Trained", vector: times(ofNewest(reached("trained")), 1000), width: 160 },
            { title: "Reached", vector: ofNewest(done), states: progress, width: 110 },
            step("Stillness", "trained", "quiescent"),
            step("Hash", "quiescent", "hashed"),
            step("Upload", "hashed", "uploaded"),
            step("Verify", "uploaded", "verified"),
            step("Register", "verified", "registered"),
            step("Deploy", "registered", "deployed"),
            { ...step("First answer", "deployed", "served"), width: 105 },
            {
              title: "Freshness",
              vector: ofNewest(freshness),
              limits: thresholds.pipelineFreshness,
              width: 110,
            },
          ],
          widths: { source: 100, version: 80 },
          sortBy: { column: "Trained" },
        }),
      ]),
      line(
        6,
        [
          4,
          stat({
            title: "Versions in all",
            description: `Versions whose way is known, those of the table among them; it has ${NEWEST} at most.`,
            queries: [by(countBySource(), "source")],
            plain: true,
          }),
        ],
        [
          20,
          table({
            title: "Versions that are served now",
            description: "Ready pods of each version, wherever it is served.",
            rows: { cluster: "Served on", source: "Trained on", model: "Model", version: "Version" },
            columns: [
              {
                title: "Ready pods",
                vector: series(fedCluster.serving.versionPods, { cluster: ANY_CLUSTER }),
              },
            ],
            sortBy: { column: "Ready pods" },
          }),
        ],
      ),
    ],
  };
}

const countBySource = (): Vector<"source"> => countAcross(reached("trained"), ["source"], ACROSS);
