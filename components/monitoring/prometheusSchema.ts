/** The part of Prometheus's configuration file that is used, under its own key names. */

export interface RelabelConfig {
  readonly source_labels?: readonly string[];
  readonly regex?: string;
  readonly target_label?: string;
  readonly replacement?: string;
  readonly action?: "replace" | "keep" | "drop" | "labeldrop" | "labelmap" | "lowercase";
}

export interface TlsConfig {
  readonly ca_file?: string;
  readonly server_name?: string;
  readonly insecure_skip_verify?: boolean;
}

export interface BasicAuth {
  readonly username_file: string;
  readonly password_file: string;
}

export interface HttpConfig {
  readonly scheme?: "http" | "https";
  readonly basic_auth?: BasicAuth;
  readonly authorization?: { readonly credentials_file: string };
  readonly tls_config?: TlsConfig;
}

export interface StaticConfig {
  readonly targets: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

export interface KubernetesSdConfig {
  readonly role: "node" | "pod" | "endpointslice";
  readonly namespaces?: { readonly names: readonly string[] };
  readonly selectors?: readonly { readonly role: string; readonly label: string }[];
}

export interface ScrapeConfig extends HttpConfig {
  readonly job_name: string;
  readonly metrics_path?: string;
  readonly params?: Readonly<Record<string, readonly string[]>>;
  readonly honor_labels?: boolean;
  readonly honor_timestamps?: boolean;
  readonly scrape_interval?: string;
  readonly scrape_timeout?: string;
  readonly fallback_scrape_protocol?: "PrometheusText0.0.4";
  readonly sample_limit?: number;
  readonly label_limit?: number;
  readonly body_size_limit?: string;
  readonly kubernetes_sd_configs?: readonly KubernetesSdConfig[];
  readonly static_configs?: readonly StaticConfig[];
  readonly relabel_configs?: readonly RelabelConfig[];
  readonly metric_relabel_configs?: readonly RelabelConfig[];
}

export interface RemoteWriteConfig extends HttpConfig {
  readonly name: string;
  readonly url: string;
  readonly queue_config: Readonly<Record<string, string | number>>;
}

/** `alerting.alertmanagers[]`. */
export interface AlertmanagerClientConfig extends HttpConfig {
  readonly api_version: "v2";
  readonly static_configs: readonly StaticConfig[];
  readonly alert_relabel_configs?: readonly RelabelConfig[];
}

export interface PrometheusConfig {
  readonly global: {
    readonly scrape_interval: string;
    readonly scrape_timeout: string;
    readonly evaluation_interval: string;
    readonly external_labels: Readonly<Record<string, string>>;
  };
  readonly storage: {
    readonly tsdb: { readonly retention: { readonly time: string; readonly size: string } };
  };
  readonly alerting: { readonly alertmanagers: readonly AlertmanagerClientConfig[] };
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly ScrapeConfig[];
  readonly remote_write?: readonly RemoteWriteConfig[];
}
