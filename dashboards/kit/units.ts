import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Unit } from "../../metrics/types";

/** How a panel writes values of a unit. */
export interface Format {
  /** Grafana's name of it. */
  readonly id: string;
  /** Digits after the point; as many as the value asks for where absent. */
  readonly decimals?: number;
}

/**
 * Grafana's format of each unit of the contract: the only place where one is chosen. Milli- and other prefixed units
 * are those of exporters; what is recorded has none.
 */
export const formats: Readonly<Record<Unit, Format>> = {
  boolean: { id: units.NoUnit, decimals: 0 },
  bytes: { id: units.BytesIEC },
  "bytes per second": { id: units.BytesPerSecondIEC },
  celsius: { id: units.Celsius, decimals: 0 },
  cores: { id: units.Short },
  "cores per core": { id: units.PercentUnit },
  count: { id: units.Short },
  currency: { id: units.Short, decimals: 2 },
  "currency per hour": { id: "suffix:/h", decimals: 2 },
  GPUs: { id: units.Short },
  info: { id: units.NoUnit, decimals: 0 },
  joules: { id: units.Joule },
  megahertz: { id: "suffix: MHz", decimals: 0 },
  mebibytes: { id: units.Mebibytes },
  microseconds: { id: units.Microseconds },
  milliseconds: { id: units.Milliseconds },
  millijoules: { id: "suffix: mJ" },
  percent: { id: units.Percent },
  "per second": { id: "count:/s" },
  ratio: { id: units.PercentUnit },
  seconds: { id: units.Seconds },
  /** As Grafana counts: panels multiply by 1000. */
  "unix seconds": { id: units.DatetimeISO },
  watts: { id: units.Watt },
  xid: { id: units.NoUnit, decimals: 0 },
};
