import * as pulumi from "@pulumi/pulumi";
import { ClusterPrometheus } from "./clusterPrometheus";
import type { ClusterPrometheusArgs } from "./clusterPrometheus";
import { memberUser, userFiles } from "./credentials";
import type { UserPassword } from "./credentials";
import type { Member } from "./federateJobs";
import { hubExtras } from "./prometheusFiles";
import type { Hub } from "./prometheusFiles";

export interface FederatedPrometheusArgs extends Omit<ClusterPrometheusArgs, "extras">, Hub {
  /** Per member: the user it is scraped with. With existing Secrets not used: those carry `member-<cluster>.*`. */
  readonly federation: pulumi.Input<Readonly<Record<string, UserPassword>>>;
}

/** The files with which the members are scraped: every member has its user, and the CA bundle that verifies it. */
export function federationFiles(
  members: readonly Member[],
  users: Readonly<Record<string, UserPassword>>,
  caCertificates: string,
): Readonly<Record<string, string>> {
  return Object.assign(
    {},
    ...members.map(({ cluster }) => {
      const user = users[cluster];
      if (user === undefined) {
        throw new pulumi.RunError(
          `members: "${cluster}" has no federation credentials; make them with npm run init on the hub's stack`,
        );
      }
      return { ...userFiles(memberUser(cluster), user), [`${memberUser(cluster)}.ca.crt`]: caCertificates };
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
