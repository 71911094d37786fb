import type * as pulumi from "@pulumi/pulumi";
import type { Thresholds } from "../metrics/thresholds";
import type { Receiver } from "../rules/alertmanager";
import type { Objectives } from "../rules/alerts";
import type { UserPassword } from "./types";

/** How the hub's Alertmanagers are reached by its members: each replica by an address of its own. */
export interface AlertmanagerExposure {
  readonly kind: "nodePort" | "loadBalancer";
  /** One a replica: ports on every node (30000-32767), or of the load balancers. */
  readonly ports: readonly number[];
  /** Addresses asked of the load balancers, one a replica; absent for node ports. */
  readonly addresses?: readonly string[];
  /** CIDRs whose clients may connect. */
  readonly allowFrom: readonly string[];
}

/** Whom a cluster tells of what, and from which limits on. */
export interface AlertingSettings {
  /** URL of this project's docs/runbook.md as the people on call read it. */
  readonly runbookUrl: string;
  readonly receivers: readonly Receiver[];
  /** How soon a change of a group is told: a Prometheus duration; absent: that of the role. */
  readonly groupInterval?: string;
  readonly thresholds: Thresholds;
  readonly objectives: Objectives;
  /** Content of the receivers' secrets by file name. */
  readonly receiverSecrets: Readonly<Record<string, pulumi.Output<string>>>;
}

export interface HubAlerting extends AlertingSettings {
  readonly expose: AlertmanagerExposure;
  /** User name to bcrypt hash of every member's Prometheus; none with existing Secrets. */
  readonly clients: pulumi.Output<Readonly<Record<string, string>>>;
}

export interface MemberAlerting extends AlertingSettings {
  /** Addresses (`host:port`) of the hub's Alertmanagers. */
  readonly hubAlertmanagers: readonly string[];
  /** The user with whom alerts are sent there; absent with existing Secrets, which hold it. */
  readonly hubUser?: pulumi.Output<UserPassword>;
}
