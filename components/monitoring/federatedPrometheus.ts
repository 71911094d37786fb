import * as pulumi from "@pulumi/pulumi";
import { ClusterPrometheus } from "./clusterPrometheus";
import type { ClusterPrometheusArgs } from "./clusterPrometheus";
import { memberUser, userFiles } from "./credentials";
import type { UserPassword } from "./credentials";
import type { Member } from "./federateJobs";
import { hubExtras } from "./prometheusFiles";
import type { Hub } from "./prometheusFiles";

export interface FederatedPrometheusArgs extends Omit<ClusterPrometheusArgs, "extras">, Hub {
  /** Per member: with whom it is scraped. With existing Secrets not used: those carry `member-<cluster>.*`. */
  readonly federation: pulumi.Input<Readonly<Record<string, MemberAccess>>>;
}

/** A user, or a token where a member's site lets the hub in by one. */
export type MemberAccess = UserPassword | { readonly token: string };

/** The files with which the members are scraped: every member has its user, and the CA bundle that verifies it. */
export function federationFiles(
  members: readonly Member[],
  users: Readonly<Record<string, MemberAccess>>,
  caCertificates: string,
): Readonly<Record<string, string>> {
  return Object.assign(
    {},
    ...members.map(({ cluster, existing }) => {
      const user = users[cluster];
      if (user === undefined) {
        throw new pulumi.RunError(
          `members: "${cluster}" has no federation credentials; make them with npm run init on the hub's stack`,
        );
      }
      const ca = existing === undefined ? caCertificates : existing.ca;
      return {
        ...("token" in user
          ? { [`${memberUser(cluster)}.token`]: user.token }
          : userFiles(memberUser(cluster), user)),
        ...(ca === undefined ? {} : { [`${memberUser(cluster)}.ca.crt`]: ca }),
      };
    }),
  ) as Readonly<Record<string, string>>;
}

/** The hub's Prometheus: that of its own cluster, two federate jobs a member, and what only the hub records. */
export class FederatedPrometheus extends pulumi.ComponentResource {
  /** URL for clients inside the hub's cluster. */
  public readonly internalUrl: pulumi.Output<string>;

  public constructor(name: string, args: FederatedPrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:monitoring:FederatedPrometheus", name, {}, opts);
    const { members, pricePerGpuHour, federation, extraCredentials, ...cluster } = args;
    const prometheus = new ClusterPrometheus(
      name,
      {
        ...cluster,
        extras: hubExtras(args.config, { members, pricePerGpuHour }),
        ...(args.credentials.kind === "existing"
          ? {}
          : {
              extraCredentials: pulumi
                .all([
                  pulumi.output(federation),
                  pulumi.output(args.credentials.web),
                  pulumi.output(extraCredentials ?? {}),
                ])
                .apply(([users, { caCertificates }, more]) => ({
                  ...federationFiles(members, users, caCertificates),
                  ...more,
                })),
            }),
      },
      { parent: this },
    );
    this.internalUrl = prometheus.internalUrl;
    this.registerOutputs({ internalUrl: this.internalUrl });
  }
}
