import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { DataSourceRef } from "@grafana/grafana-foundation-sdk/common";
import { fedCluster } from "../../metrics/catalogue/recorded";
import { matching, select } from "../../metrics/select";
import type { Matchers } from "../../metrics/select";
import type { LabelsOf, Selectable } from "../../metrics/types";
import { CHOSEN_CLUSTERS } from "./vector";

/** Uid of the data source that is provisioned with the dashboards, and their default. */
export const DATA_SOURCE_UID = "federation-prometheus";

/** The data source chosen at the top: every query and variable asks it. */
export const dataSource: DataSourceRef = { type: "prometheus", uid: "${datasource}" };

/** What matches every value, so that a choice of all needs no list of them. */
const ANY = ".+";

const dataSourceVariable = (): Builder<VariableModel> =>
  new DatasourceVariableBuilder("datasource")
    .label("Data source")
    .type("prometheus")
    .current({ text: "Federation", value: DATA_SOURCE_UID });

/** Values of a label of a metric, chosen one or many at a time. */
function labelVariable<M extends Selectable>(
  name: string,
  title: string,
  {
    metric,
    label,
    matchers,
  }: { readonly metric: M; readonly label: LabelsOf<M>; readonly matchers?: Matchers<M> },
): QueryVariableBuilder {
  const query = `label_values(${select(metric, matchers)}, ${label})`;
  return new QueryVariableBuilder(name)
    .label(title)
    .datasource(dataSource)
    .query({ query, refId: `variable-${name}`, qryType: 1 })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

const many = (variable: QueryVariableBuilder): QueryVariableBuilder =>
  variable.multi(true).includeAll(true).allValue(ANY).current({ text: "All", value: "$__all" });

const clusterValues = (name: string, title: string): QueryVariableBuilder =>
  labelVariable(name, title, { metric: fedCluster.monitoring.heartbeat, label: "cluster" });

/** The variables a dashboard may have beside its data source. */
export const variables = {
  /** Clusters, all at first. */
  cluster: () => many(clusterValues("cluster", "Cluster")),
  /** The two clusters that are compared. */
  left: (cluster: string) => clusterValues("left", "Left").current({ text: cluster, value: cluster }),
  right: (cluster: string) => clusterValues("right", "Right").current({ text: cluster, value: cluster }),
  /** Models served by the chosen clusters, all at first. */
  servedModel: () =>
    many(
      labelVariable("model", "Model", {
        metric: fedCluster.serving.requests,
        label: "model",
        matchers: { cluster: CHOSEN_CLUSTERS },
      }),
    ),
} as const;

/** Matches the served models chosen at the top. */
export const CHOSEN_MODELS = matching("$model");

/** The variables of a dashboard, the data source first. */
export const withDataSource = (own: readonly Builder<VariableModel>[]): readonly Builder<VariableModel>[] => [
  dataSourceVariable(),
  ...own,
];
