import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";
import { annotations } from "./annotations";
import { DashboardBuilder } from "./classic";
import type { Dashboard } from "./classic";
import type { Panel } from "./panels";
import { refId } from "./panels/panel";
import { withDataSource } from "./variables";

/** Grafana's grid has this many columns. */
const COLUMNS = 24;

/** Panels beside each other: height in grid units, and each panel with its width; widths fill the grid. */
export interface Line {
  readonly height: number;
  readonly panels: readonly (readonly [width: number, panel: Panel])[];
}

/** A line of panels. */
export const line = (height: number, ...panels: Line["panels"]): Line => ({ height, panels });

export interface Row {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** Where a dashboard is found, known before any is built. */
export interface Address {
  /** Fixed for ever: links and bookmarks name it. */
  readonly uid: string;
  /** `Area / Subject`. */
  readonly title: string;
}

export interface DashboardDefinition extends Address {
  readonly description: string;
  /** Variables beside the data source. */
  readonly variables: readonly Builder<VariableModel>[];
  readonly rows: readonly Row[];
}

/** What a panel may do that others may not, each with the reason. */
export interface PanelNotes {
  readonly panel: number;
  /** Why it is good that it shows nothing. */
  readonly emptyIsGood?: string;
  /** By name of a query: why its series are not about one cluster each. */
  readonly across: Readonly<Record<string, string>>;
}

/** A dashboard as Grafana takes it. */
export interface BuiltDashboard extends Address {
  readonly model: Dashboard;
  /** The model with sorted keys: the same definition always gives the same text. */
  readonly json: string;
  readonly notes: readonly PanelNotes[];
}

/** Tag of all dashboards of this project. */
const TAG = "federation";

const link = ({ uid, title }: Address): DashboardLinkBuilder =>
  new DashboardLinkBuilder(title.replace(/^.* \/ /, ""))
    .type(DashboardLinkType.Link)
    .url(`/d/${uid}`)
    .icon("dashboard")
    .tooltip(title)
    .includeVars(true)
    .keepTime(true);

function notes(id: number, { queries, emptyIsGood }: Panel): PanelNotes {
  const across = queries.flatMap(({ vector }, index) =>
    vector.across === undefined ? [] : [[refId(index), vector.across] as const],
  );
  return {
    panel: id,
    across: Object.fromEntries(across),
    ...(emptyIsGood === undefined ? {} : { emptyIsGood }),
  };
}

/** Adds rows and panels to a dashboard, from top to bottom; returns the notes of the panels. */
function place(dashboard: DashboardBuilder, rows: readonly Row[]): readonly PanelNotes[] {
  const noted: PanelNotes[] = [];
  let y = 0;
  let id = 0;
  for (const { title, lines } of rows) {
    dashboard.withRow(new RowBuilder(title).id(++id).gridPos({ x: 0, y: y++, w: COLUMNS, h: 1 }));
    for (const { height, panels } of lines) {
      let x = 0;
      for (const [w, panel] of panels) {
        dashboard.withPanel(panel.builder.id(++id).gridPos({ x, y, w, h: height }));
        noted.push(notes(id, panel));
        x += w;
      }
      if (x !== COLUMNS) throw new RangeError(`row "${title}": widths add up to ${x}, not to ${COLUMNS}`);
      y += height;
    }
  }
  return noted;
}

const sortKeys = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** Builds a dashboard that links to the others. */
export function build(definition: DashboardDefinition, others: readonly Address[]): BuiltDashboard {
  const { uid, title, description, variables, rows } = definition;
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .time({ from: "now-6h", to: "now" })
    .refresh("1m")
    .timezone("browser")
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([...withDataSource(variables)])
    .annotations([...annotations()])
    .links(others.filter((other) => other.uid !== uid).map(link));
  const noted = place(builder, rows);
  const json = `${JSON.stringify(builder.build(), sortKeys, 1)}\n`;
  return { uid, title, model: JSON.parse(json) as Dashboard, json, notes: noted };
}
