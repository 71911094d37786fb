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

/** An answer as far as it counts. */
interface Answered {
  /** HTTP status. */
  readonly status: number;
  /** What it says in words. */
  readonly message: string;
}

export interface GrafanaEvidence {
  /** Empty where it keeps it to itself. */
  readonly version: string;
  /** What it says of itself to anyone; `database` is `ok` of one that is well. */
  readonly health: Answered & { readonly database: string };
  /** What its data source says of its own health: `OK`, `ERROR`, `UNKNOWN`; empty where it was not asked. */
  readonly dataSource: Answered & { readonly health: string };
  /** By uid: the status, and whether the answer is that dashboard. */
  readonly dashboards: Readonly<Record<string, { readonly status: number; readonly found: boolean }>>;
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

type Json = Readonly<Record<string, unknown>>;

const json = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return { message: text.slice(0, 200) };
  }
};
const word = (value: unknown): string => (typeof value === "string" ? value : "");
const uidOf = ({ dashboard }: Json): unknown => (dashboard as Json | undefined)?.uid;

/**
 * Asks Grafana's HTTP API: `/api/health` without rights, the data source's health with the right to query it, dashboards
 * with the right to read them.
 */
export async function gatherGrafana({ url, authorization, ca }: GrafanaAccess): Promise<GrafanaEvidence> {
  const ask = exchangeWith({
    url,
    authorization: () => authorization,
    timeouts: { connectMs: 5_000, totalMs: 15_000 },
    ...(ca === undefined ? {} : { ca }),
  });
  const asked = async (path: string): Promise<{ readonly status: number; readonly body: Json }> => {
    const { status, text } = await ask("GET", path);
    return { status, body: json(text) };
  };
  const health = await asked("/api/health");
  const source = await asked(`/api/datasources/uid/${DATA_SOURCE_UID}/health`);
  const dashboards: Record<string, GrafanaEvidence["dashboards"][string]> = {};
  for (const { uid } of Object.values(addresses)) {
    const { status, body } = await asked(`/api/dashboards/uid/${uid}`);
    dashboards[uid] = { status, found: status === 200 && uidOf(body) === uid };
  }
  const answered = ({ status, body }: typeof health): Answered => ({ status, message: word(body.message) });
  return {
    version: word(health.body.version),
    health: { ...answered(health), database: word(health.body.database) },
    dataSource: { ...answered(source), health: word(source.body.status) },
    dashboards,
  };
}

const UP = "`pulumi up` of the hub's stack";
/** Statuses with which a user is refused, and what to do. */
const REFUSED: Readonly<Record<number, string>> = {
  401: `\`npm run init\` and ${UP}, or a new token in federation:grafanaCredentials`,
  403: "let its service account query the data source and read the dashboards (role Editor, or datasources:query and dashboards:read)",
};

const said = ({ status, message }: Answered): string => `${status} ${message}`.trim();

/** Why nothing else can be told of it; undefined where it can. */
function unfit({ health, dataSource }: GrafanaEvidence): Problem | undefined {
  if (health.database === "")
    return {
      cause: `what answers is no Grafana: /api/health says ${said(health)}`,
      action: "federation:hub.grafana.url, and whether a proxy before it asks for a login",
    };
  if (health.status !== 200 || health.database !== "ok")
    return {
      cause: `Grafana says that its database is ${health.database} (${health.status})`,
      action: "look at Grafana's log",
    };
  if (dataSource.status === 401)
    return { cause: `Grafana does not let the stack in: ${said(dataSource)}`, action: REFUSED[401] ?? "" };
  return undefined;
}

export function judgeGrafana(evidence: GrafanaEvidence): Verdict {
  const { version, dataSource, dashboards } = evidence;
  const first = unfit(evidence);
  if (first !== undefined) return judged([], [first]);
  const entries = Object.entries(dashboards);
  const missing = entries.filter(([, { status }]) => status === 404).map(([uid]) => uid);
  const unread = entries.filter(([, { status, found }]) => status !== 404 && !found);
  const problems: Problem[] = [];
  if (dataSource.status !== 200 || dataSource.health !== "OK")
    problems.push({
      cause: `data source ${DATA_SOURCE_UID}: ${said(dataSource)}`,
      action: REFUSED[dataSource.status] ?? `${UP}; then whether Grafana reaches the hub's Prometheus`,
    });
  if (missing.length > 0)
    problems.push({ cause: `dashboards not there: ${listed(missing)}`, action: `${UP} brings them` });
  if (unread.length > 0)
    problems.push({
      cause: `dashboards that can not be read: ${listed(unread.map(([uid, { status }]) => `${uid} (${status})`))}`,
      action: REFUSED[unread[0]?.[1].status ?? 0] ?? "look at Grafana's log",
    });
  const there = entries.filter(([, { found }]) => found).length;
  return judged(
    [
      `Grafana${version === "" ? "" : ` ${version}`}, data source ${DATA_SOURCE_UID}: ${dataSource.message || dataSource.status}`,
      `${there} of ${counted(entries.length, "dashboard")}`,
    ],
    problems,
  );
}
