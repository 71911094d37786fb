import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { defaultDeny, networkPolicies } from "./flows";
import type { Flow } from "./flows";

export interface FederationNamespaceArgs {
  /** Name of the namespace in the cluster. */
  readonly name: string;
  /** Pod Security level that is enforced, audited and warned about; `privileged` for node agents only. */
  readonly podSecurity: "restricted" | "privileged";
  /** The connections its pods may make and take; everything else is denied. */
  readonly flows: readonly Flow[];
  /** Whether the namespace survives `pulumi destroy`, as claims inside it must. */
  readonly protect: boolean;
}

/** A namespace of this project: Pod Security level, default-deny NetworkPolicy and the policies of its flows. */
export class FederationNamespace extends pulumi.ComponentResource {
  /** Name of the namespace; resolves when it exists. */
  public readonly namespaceName: pulumi.Output<string>;

  public constructor(name: string, args: FederationNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:kubernetes:FederationNamespace", name, {}, opts);
    const labels = { "app.kubernetes.io/part-of": "federation", "app.kubernetes.io/managed-by": "pulumi" };

    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name: args.name,
          labels: {
            ...labels,
            ...Object.fromEntries(
              ["enforce", "audit", "warn"].map((mode) => [
                `pod-security.kubernetes.io/${mode}`,
                args.podSecurity,
              ]),
            ),
          },
        },
      },
      { parent: this, protect: args.protect, retainOnDelete: args.protect },
    );
    this.namespaceName = namespace.metadata.name;

    for (const policy of [defaultDeny, ...networkPolicies(args.flows)]) {
      new k8s.networking.v1.NetworkPolicy(
        `${name}-${policy.name}`,
        {
          metadata: { name: policy.name, namespace: this.namespaceName, labels },
          spec: policy.spec,
        },
        { parent: this },
      );
    }
    this.registerOutputs({ namespaceName: this.namespaceName });
  }
}
