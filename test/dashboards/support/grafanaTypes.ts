/**
 * Grafana's published types of everything a dashboard of this project consists of, for `conforms.ts` to read: what
 * the SDK leaves open in a panel stands here by the kind of panel.
 */
import type * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import type * as common from "@grafana/grafana-foundation-sdk/common";
import type * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import type * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import type * as stat from "@grafana/grafana-foundation-sdk/stat";
import type * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import type * as table from "@grafana/grafana-foundation-sdk/table";
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type { Dashboard } from "../../../dashboards";

type Nothing = Record<string, never>;

export interface GrafanaTypes {
  readonly dashboard: Dashboard;
  readonly panel: dashboard.Panel;
  readonly row: dashboard.RowPanel;
  readonly query: prometheus.Dataquery;
  readonly field: dashboard.FieldConfig;
  readonly options: {
    readonly bargauge: bargauge.Options;
    readonly stat: stat.Options;
    readonly "state-timeline": statetimeline.Options;
    readonly table: table.Options;
    readonly timeseries: timeseries.Options;
  };
  readonly custom: {
    readonly bargauge: Nothing;
    readonly stat: Nothing;
    readonly "state-timeline": statetimeline.FieldConfig;
    readonly table: common.TableFieldOptions;
    readonly timeseries: common.GraphFieldConfig;
  };
}
