/** The part of Alertmanager's configuration file that is used, under its own key names. */

export interface HttpClient {
  readonly basic_auth?: { readonly username: string; readonly password_file: string };
  readonly authorization?: { readonly credentials_file: string };
  readonly tls_config?: { readonly ca_file: string };
}

interface Notifier {
  readonly send_resolved: boolean;
}

export interface WebhookConfig extends Notifier {
  readonly url?: string;
  readonly url_file?: string;
  readonly max_alerts: number;
  readonly http_config?: HttpClient;
}

export interface EmailConfig extends Notifier {
  readonly to: string;
  readonly from: string;
  readonly smarthost: string;
  readonly require_tls: boolean;
  readonly auth_username?: string;
  readonly auth_password_file?: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SlackConfig extends Notifier {
  readonly api_url_file: string;
  readonly channel: string;
  readonly title: string;
  readonly text: string;
}

export interface PagerdutyConfig extends Notifier {
  readonly routing_key_file: string;
  readonly severity: string;
  readonly description: string;
  readonly details: Readonly<Record<string, string>>;
}

export interface ReceiverConfig {
  readonly name: string;
  readonly webhook_configs?: readonly WebhookConfig[];
  readonly email_configs?: readonly EmailConfig[];
  readonly slack_configs?: readonly SlackConfig[];
  readonly pagerduty_configs?: readonly PagerdutyConfig[];
}

export interface RouteConfig {
  readonly receiver: string;
  readonly matchers?: readonly string[];
  readonly group_by?: readonly string[];
  readonly group_wait?: string;
  readonly group_interval?: string;
  readonly repeat_interval?: string;
  readonly routes?: readonly RouteConfig[];
}

export interface InhibitRule {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

export interface AlertmanagerConfig {
  readonly route: RouteConfig;
  readonly inhibit_rules: readonly InhibitRule[];
  readonly receivers: readonly ReceiverConfig[];
}
