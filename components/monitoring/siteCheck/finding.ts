/** Something about a site's Prometheus that does not fit this project. */
export interface Finding {
  /** An error makes what is recorded wrong, or nothing at all; a warning leaves something out. */
  readonly severity: "error" | "warning";
  /** What was looked at. */
  readonly key: string;
  readonly found: string;
  /** What to do, as a sentence or values of kube-prometheus-stack. */
  readonly advice: string;
}

export const problem = (key: string, found: string, advice: string): Finding => ({
  severity: "error",
  key,
  found,
  advice,
});
export const warning = (key: string, found: string, advice: string): Finding => ({
  ...problem(key, found, advice),
  severity: "warning",
});

/** One line a finding. */
export function lines(findings: readonly Finding[]): string {
  return findings.map(({ key, found, advice }) => `  - ${key}: ${found}; ${advice}`).join("\n");
}
