import type { Severity } from "../../../rules/alerts";
import type { Input } from "../input";
import type { InputSeries } from "../promtool";

/** What one cluster shows, written by `input`. */
export type Shows = (input: Input, cluster: string) => readonly InputSeries[];

/** An alert as it fires: labels beside cluster, severity, component and those of the case. */
export interface Fires {
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description: string;
}

/** What makes one alert fire, and what does not. */
export interface AlertCase {
  readonly alert: string;
  readonly severity: Severity;
  readonly component: string;
  /** Labels that tell rules of the same name, severity and component apart: hop, window. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What a cluster shows that is in trouble. */
  readonly bad: Shows;
  /** Minutes from the start until its condition holds; it then has to hold for as long as the rule says. */
  readonly since?: number;
  readonly fires: (cluster: string) => readonly Fires[];
  /** What a cluster shows that is not: nothing may ever fire, or at least not after so many minutes. */
  readonly good: readonly { readonly shows: Shows; readonly after?: number }[];
  /** Between samples and evaluations: 1m, or what the length of a case asks for. */
  readonly interval?: "15s" | "1m" | "5m" | "30m";
}

/** One way to be well, that lasts. */
export const always = (shows: Shows): AlertCase["good"] => [{ shows }];
