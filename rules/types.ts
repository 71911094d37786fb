/** A recording rule: writes `expr` as the series `record` (named `level:metric:operations`). */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  /** Labels added to every series written; `cluster` only where `expr` has no input series. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** An alerting rule: active while `expr` returns series, firing after `for`. */
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  /** How long the expression must hold before the alert fires, a Prometheus duration. */
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export type Rule = RecordingRule | AlertingRule;

/** A group of rules evaluated together, in order, every `interval`. */
export interface RuleGroup {
  readonly name: string;
  /** Prometheus duration; the server's evaluation interval where absent. */
  readonly interval?: string;
  readonly rules: readonly Rule[];
}
