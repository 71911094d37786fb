import type {
  EmailConfig,
  HttpClient,
  PagerdutyConfig,
  ReceiverConfig,
  SlackConfig,
  WebhookConfig,
} from "./schema";

/** Why somebody is told: an alert that wakes, one for working hours, a Watchdog that must not fall silent. */
export const causes = ["critical", "warning", "heartbeat"] as const;
export type Cause = (typeof causes)[number];

interface Told {
  /** Names it and its secrets: kebab-case, once. */
  readonly name: string;
  readonly causes: readonly Cause[];
}

/** An HTTP endpoint that takes Alertmanager's JSON. */
export interface WebhookReceiver extends Told {
  readonly kind: "webhook";
  /** Absent where the URL is a secret itself: `<name>.url`. */
  readonly url?: string | undefined;
  /** User of basic auth, with the secret `<name>.password`; or `bearer`, with the secret `<name>.token`. */
  readonly auth?: { readonly username: string } | "bearer" | undefined;
  /** Whether `<name>.ca.crt` verifies the server; else the system's roots do. */
  readonly ca?: boolean | undefined;
}

export interface EmailReceiver extends Told {
  readonly kind: "email";
  readonly to: string;
  readonly from: string;
  /** Host and port of the SMTP server; TLS is required. */
  readonly smarthost: string;
  /** Its password is the secret `<name>.password`; absent for a server that asks for none. */
  readonly username?: string | undefined;
}

/** An incoming webhook of Slack: the secret `<name>.url`. */
export interface SlackReceiver extends Told {
  readonly kind: "slack";
  readonly channel: string;
}

/** A service of PagerDuty (Events API v2): the secret `<name>.key`. */
export interface PagerdutyReceiver extends Told {
  readonly kind: "pagerduty";
}

export type Receiver = EmailReceiver | PagerdutyReceiver | SlackReceiver | WebhookReceiver;

/** Where the receivers' secrets are mounted. */
export const SECRETS = "/etc/alertmanager/secrets";

const file = ({ name }: Told, part: string): string => `${SECRETS}/${name}.${part}`;

/** Names of the files a receiver needs in {@link SECRETS}. */
export function secretsOf(receiver: Receiver): readonly string[] {
  const parts = {
    webhook: ({ url, auth, ca }: WebhookReceiver) => [
      ...(url === undefined ? ["url"] : []),
      ...(auth === undefined ? [] : [auth === "bearer" ? "token" : "password"]),
      ...(ca === true ? ["ca.crt"] : []),
    ],
    email: ({ username }: EmailReceiver) => (username === undefined ? [] : ["password"]),
    slack: () => ["url"],
    pagerduty: () => ["key"],
  };
  return parts[receiver.kind](receiver as never).map((part) => `${receiver.name}.${part}`);
}

function http(receiver: WebhookReceiver): HttpClient | undefined {
  const { auth, ca } = receiver;
  if (auth === undefined && ca !== true) return undefined;
  return {
    ...(auth === undefined
      ? {}
      : auth === "bearer"
        ? { authorization: { credentials_file: file(receiver, "token") } }
        : { basic_auth: { username: auth.username, password_file: file(receiver, "password") } }),
    ...(ca === true ? { tls_config: { ca_file: file(receiver, "ca.crt") } } : {}),
  };
}

const TITLE =
  "[{{ .Status | toUpper }}] {{ .CommonLabels.cluster }}: {{ .CommonLabels.alertname }} ({{ .Alerts | len }})";
const EACH =
  "{{ range .Alerts }}{{ .Annotations.summary }} {{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}";

function webhook(receiver: WebhookReceiver, send_resolved: boolean): WebhookConfig {
  const client = http(receiver);
  return {
    ...(receiver.url === undefined ? { url_file: file(receiver, "url") } : { url: receiver.url }),
    // a storm is told by its number, not by its bytes
    max_alerts: 100,
    send_resolved,
    ...(client && { http_config: client }),
  };
}

function email(receiver: EmailReceiver, send_resolved: boolean): EmailConfig {
  const { to, from, smarthost, username } = receiver;
  return {
    to,
    from,
    smarthost,
    require_tls: true,
    ...(username === undefined
      ? {}
      : { auth_username: username, auth_password_file: file(receiver, "password") }),
    headers: { Subject: TITLE },
    send_resolved,
  };
}

function slack(receiver: SlackReceiver, send_resolved: boolean): SlackConfig {
  return {
    api_url_file: file(receiver, "url"),
    channel: receiver.channel,
    title: TITLE,
    text: EACH,
    send_resolved,
  };
}

function pagerduty(receiver: PagerdutyReceiver, send_resolved: boolean): PagerdutyConfig {
  return {
    routing_key_file: file(receiver, "key"),
    severity: '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}',
    description: TITLE,
    details: {
      cluster: "{{ .CommonLabels.cluster }}",
      component: "{{ .CommonLabels.component }}",
      alerts: EACH,
    },
    send_resolved,
  };
}

/** Everyone who is told for one cause, under its name; nobody where no receiver is. */
export function receiverConfig(cause: Cause, receivers: readonly Receiver[]): ReceiverConfig {
  const told = receivers.filter((receiver) => receiver.causes.includes(cause));
  // a Watchdog that ends is what its receiver must notice by itself
  const resolved = cause !== "heartbeat";
  const of = <K extends Receiver["kind"]>(kind: K): readonly Extract<Receiver, { kind: K }>[] =>
    told.filter((receiver): receiver is Extract<Receiver, { kind: K }> => receiver.kind === kind);
  const listed = <T>(key: string, configs: readonly T[]): Readonly<Record<string, readonly T[]>> =>
    configs.length === 0 ? {} : { [key]: configs };
  return {
    name: cause,
    ...listed(
      "webhook_configs",
      of("webhook").map((one) => webhook(one, resolved)),
    ),
    ...listed(
      "email_configs",
      of("email").map((one) => email(one, resolved)),
    ),
    ...listed(
      "slack_configs",
      of("slack").map((one) => slack(one, resolved)),
    ),
    ...listed(
      "pagerduty_configs",
      of("pagerduty").map((one) => pagerduty(one, resolved)),
    ),
  };
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/;

/** Everything wrong with a list of receivers: which, value, what to do. */
export function receiverProblems(receivers: readonly Receiver[]): readonly string[] {
  const names = receivers.map(({ name }) => name);
  return receivers.flatMap((receiver, index) => {
    const { name } = receiver;
    const key = `receivers[${index}]`;
    return [
      ...(NAME.test(name)
        ? []
        : [`${key}.name: "${name}" is no name; use a-z, 0-9 and inner hyphens, at most 32`]),
      ...(names.indexOf(name) === index ? [] : [`${key}.name: "${name}" is there twice; name each once`]),
      ...(receiver.causes.length > 0
        ? []
        : [
            `${key}.causes: empty, so "${name}" would never be told anything; give some of ${causes.join(", ")}`,
          ]),
      ...(receiver.kind === "webhook" && receiver.url !== undefined && !URL.canParse(receiver.url)
        ? [
            `${key}.url: "${receiver.url}" is no URL; give one, or leave it out and set the secret ${name}.url`,
          ]
        : []),
    ];
  });
}
