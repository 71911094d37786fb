import { fedCluster, fedHub } from "../metrics/catalogue";
import { hubHealth as health } from "../metrics/catalogue/recorded/health";
import { FEDERATION } from "../metrics/levels";
import type { Selectable } from "../metrics/types";
import { addresses } from "./addresses";
import { sideRow, timeRow } from "./clusterSides";
import { line } from "./kit/dashboard";
import type { DashboardDefinition, Row } from "./kit/dashboard";
import { bars, by, numbers, stat, stateTimeline, table } from "./kit/panels";
import type { Panel } from "./kit/panels";
import type { Site } from "./kit/site";
import { HEALTH, SEVERITIES } from "./kit/states";
import { variables } from "./kit/variables";
import { above, ANY_CLUSTER, highest, ratio, series, SIDES, sum } from "./kit/vector";
import type { Vector } from "./kit/vector";

const { totals } = fedHub;
const { monitoring } = fedCluster;
const everywhere = { cluster: ANY_CLUSTER };

function healthRow({ thresholds }: Site): Row {
  const state = series(health.state, { cluster: ANY_CLUSTER });
  return {
    title: "Health",
    lines: [
      line(
        6,
        [
          4,
          stat({
            title: "Federation",
            description: "The worst state of any cluster. Blind: nothing fresh is known of one of them.",
            queries: [by(series(health.federationState, { cluster: FEDERATION }), "cluster")],
            states: HEALTH,
          }),
        ],
        [
          4,
          stat({
            title: "Health of the federation",
            description: "Mean health of all declared clusters; what is blind or unheard counts as 0.",
            queries: [by(series(health.federation, { cluster: FEDERATION }), "cluster")],
            limits: thresholds.health,
          }),
        ],
        [
          4,
          stat({
            title: "Clusters",
            description:
              "State of each cluster. It takes 5 points more to leave a state than to enter it, so that states do not flap.",
            queries: [by(state, "cluster")],
            states: HEALTH,
            vertical: true,
          }),
        ],
        [
          4,
          stat({
            title: "Costs most",
            description:
              "What costs the federation most health, where, and how much; none while nothing does.",
            queries: [
              by(
                series(health.federationTopReason, { cluster: FEDERATION }),
                "source",
                "component",
                "reason",
              ),
            ],
            plain: true,
          }),
        ],
        [
          8,
          stateTimeline({
            title: "Clusters over time",
            description: "When each cluster was healthy, degraded, critical, or unknown to the hub (blind).",
            queries: [by(state, "cluster")],
            states: HEALTH,
          }),
        ],
      ),
      line(
        9,
        ...SIDES.map((cluster): readonly [number, Panel] => [
          6,
          bars({
            title: `Components of ${cluster}`,
            description: "Health of each declared component: what is not known counts as lost.",
            queries: [by(series(health.score, { cluster }), "component")],
            limits: thresholds.health,
            max: 100,
          }),
        ]),
        [
          12,
          table({
            title: "What costs health",
            description:
              "The ten largest losses of any component, each with its reason. Not known: the check has no data, which costs points as well.",
            emptyIsGood: "nothing costs health",
            rows: { cluster: "Cluster", component: "Component", reason: "Reason", known: "Known" },
            columns: [
              { title: "Lost", vector: highest(10, above(series(health.loss, everywhere), 0)), width: 80 },
            ],
            widths: { cluster: 120, component: 130, known: 110 },
            sortBy: { column: "Lost" },
            labelStates: { known: { no: { text: "not known", colour: "blind" } } },
          }),
        ],
      ),
    ],
  };
}

function totalRow({ thresholds, priced }: Site): Row {
  const total = <L extends string>(metric: Selectable<"cluster" | L>): Vector<"cluster"> =>
    sum(series<Selectable>(metric, { cluster: FEDERATION }));
  const number = numbers(3);
  return {
    title: "All clusters together",
    lines: [
      line(
        4,
        number(
          "Clusters heard",
          "Clusters behind the numbers beside: the hub, and every member that is not blind.",
          total(totals.clusters),
        ),
        number("All machines", "Machines whose node exporter answers.", total(totals.machines)),
        number(
          "All CPUs in use",
          "Share of processors at work.",
          ratio(total(totals.cpuBusy), total(totals.cpu)),
          thresholds.cpuUtilisation,
        ),
        number(
          "All memory in use",
          "Share of memory in use.",
          ratio(total(totals.memoryUsed), total(totals.memory)),
          thresholds.memoryUtilisation,
        ),
        number(
          "All GPUs in true use",
          "True utilisation of all GPUs.",
          ratio(total(totals.gpuBusy), total(totals.gpus)),
        ),
        priced
          ? number(
              "GPU money wasted",
              "Price of an hour of what is held and not used, in the currency of the site's GPU prices.",
              total(totals.gpuCostWasted),
            )
          : number("Power of all GPUs", "Power that GPUs draw.", total(totals.gpuPower)),
        number("Training jobs", "Slurm jobs that run.", total(totals.jobsRunning)),
        number("Inference requests", "Requests of all served models.", total(totals.inferenceRequests)),
      ),
    ],
  };
}

function alertRow(): Row {
  return {
    title: "Alerts",
    lines: [
      line(7, [
        24,
        table({
          title: "Alerts that fire",
          description:
            "Of every cluster, by name, and how many of each. The runbook has a heading for every alert.",
          emptyIsGood: "no alert fires",
          rows: { severity: "Severity", cluster: "Cluster", alertname: "Alert", component: "Component" },
          columns: [{ title: "Firing", vector: series(monitoring.alertsFiring, everywhere), width: 90 }],
          widths: { severity: 120, cluster: 160 },
          sortBy: { column: "Severity", lowest: true },
          labelStates: { severity: SEVERITIES },
        }),
      ]),
    ],
  };
}

/** Two clusters beside each other: their health with its reasons, what they have and use, and the differences. */
export function clusterOverview(site: Site): DashboardDefinition {
  const [right = site.hub] = site.members;
  return {
    ...addresses.clusterOverview,
    description:
      "Health of the federation with its reasons, and any two clusters side by side with their differences.",
    variables: [variables.left(site.hub), variables.right(right)],
    rows: [healthRow(site), totalRow(site), sideRow(site), timeRow(site), alertRow()],
  };
}
