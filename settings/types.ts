import type * as pulumi from "@pulumi/pulumi";
import type { Component } from "../metrics/catalogue/recorded/health";
import type { Inventory } from "../metrics/inventory";
import type { HubAlerting, MemberAlerting } from "./alertingTypes";
import type { BenchmarkSettings } from "./benchmarksTypes";
import type { GrafanaSettings } from "./grafanaTypes";
import type { HostExportersSettings } from "./hostExportersTypes";
import type { ServedModel } from "./servingTypes";
import type { AccessKey, LandingZone, ModelSyncSettings, TransferGrant } from "./transferTypes";

/** What one Prometheus needs to serve its web endpoint and to be probed: TLS, and one bcrypt hash a user. */
export interface WebCredentials {
  /** PEM bundle of every CA in force: two while credentials rotate, else one. */
  readonly caCertificates: string;
  /** PEM: the server's own, then what bridges it to an older CA while credentials rotate. */
  readonly serverCertificate: string;
  readonly serverKey: string;
  /** User name to bcrypt hash; users of both generations while credentials rotate. */
  readonly users: Readonly<Record<string, string>>;
  /** The user of probes, of the self-scrape and of people on this cluster. */
  readonly local: UserPassword;
}

export interface UserPassword {
  readonly username: string;
  readonly password: string;
}

/** A user of a server, and the PEM bundle that verifies the server. */
export interface TrustedUser extends UserPassword {
  readonly ca: string;
}

/** Where a Prometheus finds its credentials: in the stack, or in Secrets that already exist (cert-manager). */
export type CredentialSource =
  | { readonly kind: "stack"; readonly web: pulumi.Output<WebCredentials> }
  | { readonly kind: "existing"; readonly secrets: readonly string[] };

/** How a Prometheus is reached from outside its cluster. */
export interface Exposure {
  readonly kind: "nodePort" | "loadBalancer";
  /** Port on every node (30000-32767), or of the load balancer. */
  readonly port: number;
  /** Address asked of the load balancer; absent for node ports. */
  readonly address?: string;
  /** CIDRs whose clients may connect. */
  readonly allowFrom: readonly string[];
}

export interface RemoteWrite {
  readonly url: string;
  readonly name: string;
  /** File names of a user's name and password in the credentials directory; absent for none. */
  readonly credentials?: string;
}

export interface PodResources {
  readonly requests: { readonly cpu: string; readonly memory: string };
  readonly limits: { readonly cpu: string; readonly memory: string };
}

/** A Prometheus that the stack deploys. */
export interface DeployedPrometheus {
  readonly kind: "deploy";
  readonly retention: { readonly time: string; readonly size: string };
  readonly storage: { readonly size: string; readonly class: string };
  readonly resources: PodResources;
  /** Prometheus durations. */
  readonly scrapeInterval: string;
  readonly evaluationInterval: string;
  readonly expose?: Exposure;
  readonly remoteWrite: readonly RemoteWrite[];
  /** Names of existing Secrets that hold the credentials; absent where the stack makes them. */
  readonly existingSecrets?: readonly string[];
}

/** With which a Prometheus of a site is read. */
export type HttpCredentials =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

/** A Prometheus that the site has already, run by the Prometheus Operator. */
export interface SitePrometheus {
  readonly kind: "existing";
  /** https URL under which the hub and the machine that runs Pulumi reach it. */
  readonly url: string;
  /** PEM of the CA that signed its certificate; absent: the system's roots. */
  readonly ca?: string;
  /** The operator's object `Prometheus`. */
  readonly object: { readonly namespace: string; readonly name: string };
  /** What its selectors of rules and scrape jobs ask for. */
  readonly labels?: Readonly<Record<string, string>>;
  /** How often it evaluates the project's rules, a Prometheus duration. */
  readonly evaluationInterval: string;
  /** Whether every run of the program asks it first whether it fits. */
  readonly check: boolean;
  readonly credentials: pulumi.Output<HttpCredentials>;
}

export type PrometheusSettings = DeployedPrometheus | SitePrometheus;

/** How Prometheus trusts the kubelets' serving certificates. */
export type KubeletTls =
  | { readonly kind: "clusterCa" }
  | { readonly kind: "ca"; readonly pem: string }
  | { readonly kind: "insecureSkipVerify" };

/** Pods that already run in the cluster, found by namespace and labels. */
export interface ExistingPods {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
}

export interface KubernetesSettings {
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string;
    readonly gpuType?: string;
    readonly labels?: Readonly<Record<string, string>>;
  }[];
  readonly apiServer: { readonly addresses: readonly string[]; readonly port: number };
  readonly kubeletTls: KubeletTls;
  /** Absent: the stack declares its own. */
  readonly existingKubeStateMetrics?: ExistingPods;
  readonly existingNodeExporter?: ExistingPods;
  /** Host port of the declared node exporter. */
  readonly nodeExporterPort: number;
  /** The cluster's DCGM exporter (GPU operator); absent where it has none. */
  readonly dcgmExporter?: ExistingPods;
}

/** An exporter on a host; `slurmctld` is Slurm's own endpoint, `slurm` an exporter beside it. */
export type HostRole = "node" | "dcgm" | "slurmctld" | "slurm" | "beegfs";

/** A host outside Kubernetes and the exporters on it. */
export interface Host {
  readonly name: string;
  readonly address: string;
  readonly roles: readonly HostRole[];
  /** Where an exporter listens elsewhere than usual. */
  readonly ports?: Readonly<Partial<Record<HostRole, number>>>;
}

/** Image references, each pinned by digest. */
export interface Images {
  readonly prometheus: string;
  readonly kubeStateMetrics: string;
  readonly nodeExporter: string;
  readonly alertmanager: string;
  /** A stock Node.js image, for the workers. */
  readonly node: string;
  readonly grafana: string;
  /** A stock k6 image, which makes the load of benchmarks; it must contain `cp`. */
  readonly k6: string;
}

/** What both roles have. */
export interface SiteSettings {
  readonly stack: string;
  readonly cluster: string;
  /** UID of the namespace kube-system: the identity of the cluster this stack may touch. */
  readonly clusterUid: string;
  readonly kubeconfig: pulumi.Output<string>;
  /** Whether claims survive `pulumi destroy` (protect and retainOnDelete). */
  readonly protect: boolean;
  readonly namespace: string;
  readonly agentsNamespace: string;
  /** Of what moves models. */
  readonly transferNamespace: string;
  readonly prometheus: PrometheusSettings;
  readonly kubernetes: KubernetesSettings;
  readonly hosts: readonly Host[];
  /** What its recordings keep to, so that their series have a known number. */
  readonly inventory: Inventory;
  /** Names of the models served here. */
  readonly servedModels: readonly string[];
  readonly images: Images;
  readonly credentials: CredentialSource;
}

/** One member cluster as the hub sees it. */
export interface Member {
  readonly cluster: string;
  /** https URL of the member's Prometheus. */
  readonly url: string;
  readonly intervals: { readonly health: string; readonly detail: string };
  /** What counts for its health. */
  readonly components: readonly Component[];
  /** Samples one scrape may return: as set, else what the member's inventory comes to and half as much again. */
  readonly sampleLimits: { readonly health: number; readonly detail: number };
  /** Where it is one that the member's site has: how the hub is let in, and the CA that verifies it if not the usual. */
  readonly existing?: { readonly auth: HttpCredentials["kind"]; readonly ca?: string };
}

/** What the hub publishes for one member. */
export interface MemberCredentials extends WebCredentials {
  /** The user with whom its alerts are sent to the hub. */
  readonly alerts: UserPassword;
  /** Absent: the hub has no landing zone. */
  readonly transfer?: TransferGrant;
}

/** With what benchmarks work on the hub. */
export interface BenchmarkCredentials {
  /** Writes series to the hub's Prometheus. */
  readonly prometheus: pulumi.Output<TrustedUser>;
  /** Keeps results in the bucket of benchmarks. */
  readonly store: pulumi.Output<AccessKey>;
}

export interface HubSettings extends SiteSettings {
  readonly role: "hub";
  readonly prometheus: DeployedPrometheus;
  readonly alerting: HubAlerting;
  readonly members: readonly Member[];
  /** Price of one GPU hour by GPU type, in the site's currency. */
  readonly pricePerGpuHour: Readonly<Record<string, number>>;
  /** Its code: `EUR`. */
  readonly currency: string;
  /** Per member: the user, or the token, the hub scrapes it with; absent with existing Secrets. */
  readonly federation: pulumi.Output<Readonly<Record<string, UserPassword | { readonly token: string }>>>;
  /** Absent: nothing is measured. */
  readonly benchmarks?: BenchmarkSettings;
  /** Per member: what its stack reads by StackReference. */
  readonly memberCredentials: pulumi.Output<Readonly<Record<string, MemberCredentials>>>;
  /** Absent: members bring no models. */
  readonly landingZone?: LandingZone;
  /** Absent: the dashboards are shown nowhere. */
  readonly grafana?: GrafanaSettings;
  /** Served models that the stack scales and places. */
  readonly serving: readonly ServedModel[];
  /** Absent without a landing zone: benchmarks have nowhere to leave their results. */
  readonly benchmarkCredentials?: BenchmarkCredentials;
}

export interface MemberSettings extends SiteSettings {
  readonly role: "member";
  readonly alerting: MemberAlerting;
  /** Full name of the hub's stack: organization/project/stack. */
  readonly hubStack: string;
  /** Absent: this member brings no models. */
  readonly modelSync?: ModelSyncSettings;
  /** Absent: the stack installs nothing on hosts. */
  readonly hostExporters?: HostExportersSettings;
}

export type Settings = HubSettings | MemberSettings;
