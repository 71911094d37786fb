import { addresses } from "../../../dashboards/addresses";
import { DATA_SOURCE_UID } from "../../../dashboards";
import { basicAuthorization, exchangeWith } from "../../../workloads/registry/http";
import type { HubSite } from "../sites";
import { counted, judged, listed } from "../verdict";
import type { Problem, Verdict } from "../verdict";

/** Where a Grafana is asked, and as whom. */
export interface GrafanaAccess {
  readonly url: string;
  readonly authorization: string;
  readonly ca?: string;
}

export interface GrafanaEvidence {
  readonly version: string;
  /** HTTP status of the question for the data source's health, and what it says. */
  readonly dataSource: { readonly status: number; readonly message: string };
  /** HTTP status by uid of each dashboard. */
  readonly dashboards: Readonly<Record<string, number>>;
}

/** How this machine reaches the hub's Grafana; why it does not apply, as a text. */
export function grafanaAccess(
  { settings, outputs }: HubSite,
  readFile: (file: string) => string,
): GrafanaAccess | string {
  const { grafana } = settings.hub;
  if (grafana === undefined) return "federation:hub.grafana is not set: the dashboards are shown nowhere";
  if (grafana.mode === "existing")
    return {
      url: grafana.url,
      authorization: `Bearer ${settings.grafanaToken?.token ?? ""}`,
      ...(grafana.caFile === undefined ? {} : { ca: readFile(grafana.caFile) }),
    };
  const { grafanaUrl: url, grafanaAdmin: admin, caCertificate: ca } = outputs;
  if (url === undefined)
    return "Grafana is reached from inside its cluster only (federation:hub.grafana.expose)";
  return {
    url,
    authorization: basicAuthorization(admin?.username ?? "", admin?.password ?? ""),
    ...(ca === undefined ? {} : { ca }),
  };
}

const json = (text: string): Readonly<Record<string, unknown>> => {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return { message: text.slice(0, 200) };
  }
};
const word = (value: unknown): string => (typeof value === "string" ? value : "");

export async function gatherGrafana({ url, authorization, ca }: GrafanaAccess): Promise<GrafanaEvidence> {
  const ask = exchangeWith({
    url,
    authorization: () => authorization,
    timeouts: { connectMs: 5_000, totalMs: 15_000 },
    ...(ca === undefined ? {} : { ca }),
  });
  const health = await ask("GET", "/api/health");
  const source = await ask("GET", `/api/datasources/uid/${DATA_SOURCE_UID}/health`);
  const dashboards: Record<string, number> = {};
  for (const { uid } of Object.values(addresses))
    dashboards[uid] = (await ask("GET", `/api/dashboards/uid/${uid}`)).status;
  return {
    version: word(json(health.text).version),
    dataSource: { status: source.status, message: word(json(source.text).message) },
    dashboards,
  };
}

export function judgeGrafana({ version, dataSource, dashboards }: GrafanaEvidence): Verdict {
  const missing = Object.entries(dashboards).filter(([, status]) => status !== 200);
  const problems: Problem[] = [];
  if (dataSource.status !== 200)
    problems.push({
      cause: `data source ${DATA_SOURCE_UID}: ${dataSource.status} ${dataSource.message}`,
      action:
        dataSource.status === 401 || dataSource.status === 403
          ? "`npm run init` and `pulumi up` of the hub's stack, or a new token in federation:grafanaCredentials"
          : "`pulumi up` of the hub's stack; then whether Grafana reaches the hub's Prometheus",
    });
  if (missing.length > 0)
    problems.push({
      cause: `dashboards not there: ${listed(missing.map(([uid, status]) => `${uid} (${status})`))}`,
      action: "`pulumi up` of the hub's stack brings them",
    });
  return judged(
    [
      `Grafana ${version}, data source ${DATA_SOURCE_UID}: ${dataSource.message || dataSource.status}`,
      `${counted(Object.keys(dashboards).length - missing.length, "dashboard")} of ${Object.keys(dashboards).length}`,
    ],
    problems,
  );
}
