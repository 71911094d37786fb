import { SiteApi, UnreadableError } from "./api";
import type { SiteEndpoint } from "./api";
import { siteFacts } from "./facts";
import type { Finding } from "./finding";
import { siteFindings } from "./findings";
import type { Expected } from "./findings";
import { operatorFindings } from "./operator";
import type { OperatorExpected, PrometheusSpec } from "./operator";

export { lines } from "./finding";
export type { Finding } from "./finding";
export type { SiteEndpoint } from "./api";
export type { PrometheusSpec } from "./operator";

export interface SiteCheckArgs {
  readonly endpoint: SiteEndpoint;
  readonly expected: Expected & OperatorExpected;
  /** Of the operator's object. */
  readonly spec: PrometheusSpec;
}

/** Whether a site's Prometheus fits: everything that does not, errors first. Reads only. */
export async function checkSite({ endpoint, expected, spec }: SiteCheckArgs): Promise<readonly Finding[]> {
  const findings = [...operatorFindings(expected, spec), ...(await asked(endpoint, expected))];
  return findings.toSorted((a, b) => (a.severity < b.severity ? -1 : a.severity > b.severity ? 1 : 0));
}

/** Where it can not be read, that is all there is to say of it. */
async function asked(endpoint: SiteEndpoint, expected: Expected): Promise<readonly Finding[]> {
  try {
    return siteFindings(expected, await siteFacts(new SiteApi(endpoint), expected.cluster, expected.gpus));
  } catch (error) {
    if (error instanceof UnreadableError) return [error.finding];
    throw error;
  }
}
