import { stringify } from "yaml";
import type { BuiltDashboard } from "../../dashboards";
import { DATA_SOURCE_UID } from "../../dashboards";
import type { UserPassword } from "./credentials";

/** Where Grafana's files are mounted: configuration with provisioning, credentials, dashboards. */
export const GRAFANA_CONFIG = "/etc/grafana";
export const GRAFANA_CREDENTIALS = "/etc/grafana-credentials";
export const GRAFANA_DASHBOARDS = "/etc/grafana-dashboards";

/** Uid and title of the folder of all dashboards. */
export const FOLDER = { uid: "federation", title: "Federation" } as const;

/** Name of the data source. */
export const DATA_SOURCE = "Federation";

/** The largest dashboard: a ConfigMap holds 1 MiB, and needs room for what surrounds the data. */
export const MAX_DASHBOARD_BYTES = 900 * 1024;

/** What Grafana needs to serve its web endpoint, to be administered, and to ask the hub's Prometheus. */
export interface GrafanaCredentials {
  /** PEM bundle that verifies the Prometheus. */
  readonly caCertificates: string;
  /** PEM; its names cover the Service and the exposed address. */
  readonly serverCertificate: string;
  /** PEM. */
  readonly serverKey: string;
  /** The user with which Prometheus is asked. */
  readonly prometheus: UserPassword;
  /** Grafana's administrator: the only user that a restart leaves, as nothing but provisioned files is kept. */
  readonly admin: UserPassword;
}

/** The credential files, by name. */
export function grafanaCredentialFiles(credentials: GrafanaCredentials): Readonly<Record<string, string>> {
  const { caCertificates, serverCertificate, serverKey, prometheus, admin } = credentials;
  return {
    "admin.password": admin.password,
    "admin.username": admin.username,
    "ca.crt": caCertificates,
    "prometheus.password": prometheus.password,
    "prometheus.username": prometheus.username,
    "tls.crt": serverCertificate,
    "tls.key": serverKey,
  };
}

/** What Grafana reads the content of a credential file for. */
const file = (name: string): string => `$__file{${GRAFANA_CREDENTIALS}/${name}}`;

export interface GrafanaFilesArgs {
  /** URL under which people reach it; absent: links in it are relative to where they came from. */
  readonly url?: string | undefined;
  /** Whether who is not logged in may look at the dashboards. */
  readonly anonymousViewers: boolean;
  /** URL of the hub's Prometheus for clients inside the cluster. */
  readonly prometheusUrl: string;
  /** How often the Prometheus scrapes, a Prometheus duration: no graph has closer points. */
  readonly scrapeInterval: string;
  /** Uid of the dashboard that is shown first. */
  readonly home: string;
}

type Ini = Readonly<Record<string, Readonly<Record<string, boolean | number | string>>>>;

/** Grafana's configuration: HTTPS, no alerting of its own, nothing sent or fetched anywhere but from the Prometheus. */
function settings({ url, anonymousViewers, home }: GrafanaFilesArgs): Ini {
  return {
    server: {
      protocol: "https",
      http_port: GRAFANA_PORT,
      cert_file: `${GRAFANA_CREDENTIALS}/tls.crt`,
      cert_key: `${GRAFANA_CREDENTIALS}/tls.key`,
      min_tls_version: "TLS1.2",
      ...(url === undefined ? {} : { root_url: url }),
    },
    security: {
      admin_user: file("admin.username"),
      admin_password: file("admin.password"),
      cookie_secure: true,
      strict_transport_security: true,
      disable_gravatar: true,
    },
    users: { allow_sign_up: false, allow_org_create: false, viewers_can_edit: false },
    "auth.anonymous": { enabled: anonymousViewers, org_role: "Viewer" },
    dashboards: { default_home_dashboard_path: `${GRAFANA_DASHBOARDS}/${home}.json` },
    // the hub's Prometheus evaluates alerts, and its Alertmanager sends them
    unified_alerting: { enabled: false },
    analytics: {
      reporting_enabled: false,
      check_for_updates: false,
      check_for_plugin_updates: false,
      feedback_links_enabled: false,
    },
    news: { news_feed_enabled: false },
    plugins: { preinstall_disabled: true, plugin_admin_enabled: false },
    snapshots: { enabled: false, external_enabled: false },
    log: { mode: "console" },
  };
}

function ini(sections: Ini): string {
  return Object.entries(sections)
    .map(([section, values]) =>
      [`[${section}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${value}`), ""].join("\n"),
    )
    .join("\n");
}

/** The port Grafana listens on. */
export const GRAFANA_PORT = 3000;

/** What Grafana should know of the Prometheus it asks; without secrets. */
export const dataSourceOptions = (scrapeInterval: string) => ({
  httpMethod: "POST",
  prometheusType: "Prometheus",
  timeInterval: scrapeInterval,
  tlsAuthWithCACert: true,
  manageAlerts: false,
  allowAsRecordingRulesTarget: false,
});

const yaml = (value: unknown): string => stringify(value, { lineWidth: 0, sortMapEntries: true });

/** The configuration files by their path below {@link GRAFANA_CONFIG}: `grafana.ini` and what is provisioned. */
export function grafanaFiles(args: GrafanaFilesArgs): Readonly<Record<string, string>> {
  return {
    "grafana.ini": ini(settings(args)),
    "provisioning/dashboards/federation.yaml": yaml({
      apiVersion: 1,
      providers: [
        {
          name: "federation",
          type: "file",
          folder: FOLDER.title,
          folderUid: FOLDER.uid,
          allowUiUpdates: false,
          disableDeletion: true,
          options: { path: GRAFANA_DASHBOARDS },
        },
      ],
    }),
    "provisioning/datasources/federation.yaml": yaml({
      apiVersion: 1,
      datasources: [
        {
          name: DATA_SOURCE,
          uid: DATA_SOURCE_UID,
          type: "prometheus",
          access: "proxy",
          url: args.prometheusUrl,
          isDefault: true,
          editable: false,
          basicAuth: true,
          basicAuthUser: file("prometheus.username"),
          jsonData: dataSourceOptions(args.scrapeInterval),
          secureJsonData: { basicAuthPassword: file("prometheus.password"), tlsCACert: file("ca.crt") },
        },
      ],
    }),
  };
}

/** What is wrong with dashboards that are to be provisioned: uid, and what to do. */
export function dashboardProblems(dashboards: readonly BuiltDashboard[], home?: string): readonly string[] {
  const uids = dashboards.map(({ uid }) => uid);
  const twice = uids.find((uid, index) => uids.indexOf(uid) !== index);
  return [
    ...dashboards.flatMap(({ uid, json }) => {
      const bytes = Buffer.byteLength(json);
      return bytes > MAX_DASHBOARD_BYTES
        ? [
            `dashboards: "${uid}" has ${bytes} bytes, at most ${MAX_DASHBOARD_BYTES} fit into a ConfigMap; split it`,
          ]
        : [];
    }),
    ...(twice === undefined
      ? []
      : [`dashboards: "${twice}" is there twice; give every dashboard a uid of its own`]),
    ...(home === undefined || uids.includes(home)
      ? []
      : [`home: there is no dashboard "${home}"; choose one of ${uids.join(", ")}`]),
  ];
}
