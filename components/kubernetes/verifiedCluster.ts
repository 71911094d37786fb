import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "./refusal";

export interface VerifiedClusterArgs {
  /** Content of a kubeconfig; kept secret. */
  readonly kubeconfig: pulumi.Input<string>;
  /** UID of the namespace kube-system of the only cluster that may be touched. */
  readonly expectedUid: string;
  /** Name of the stack, for the error's advice. */
  readonly stack: string;
}

/** Why a cluster is refused; undefined where it is the expected one. */
export function identityProblem(stack: string, expectedUid: string, foundUid: string): string | undefined {
  if (foundUid === expectedUid) return undefined;
  return (
    `stack ${stack}: the kubeconfig leads to another cluster. federation:clusterUid expects the kube-system UID ` +
    `"${expectedUid}", found "${foundUid}". Nothing was changed. Set federation:kubeconfig to the cluster of ` +
    `this stack; if the cluster was rebuilt, record its UID with: npm run init -- --stack ${stack}`
  );
}

/**
 * The one Kubernetes cluster a stack may touch. A bootstrap provider reads the UID of `kube-system`; the working
 * provider's kubeconfig resolves only where it is the expected one, so that no other resource can register before.
 */
export class VerifiedCluster extends pulumi.ComponentResource {
  /** The provider of every other resource: server-side apply, ConfigMaps and Secrets updated in place. */
  public readonly provider: k8s.Provider;
  /** The verified UID. */
  public readonly uid: pulumi.Output<string>;

  public constructor(name: string, args: VerifiedClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:kubernetes:VerifiedCluster", name, {}, opts);
    const kubeconfig = pulumi.secret(args.kubeconfig);

    const bootstrap = new k8s.Provider(
      `${name}-bootstrap`,
      { kubeconfig, clusterIdentifier: args.expectedUid },
      { parent: this },
    );
    const identity = k8s.core.v1.Namespace.get(`${name}-identity`, "kube-system", {
      parent: this,
      provider: bootstrap,
    });
    this.uid = identity.metadata.uid.apply((found) => {
      const problem = identityProblem(args.stack, args.expectedUid, found);
      if (problem !== undefined) throw refusal(problem);
      return found;
    });

    this.provider = new k8s.Provider(
      `${name}-provider`,
      {
        kubeconfig: pulumi.all([kubeconfig, this.uid]).apply(([content]) => content),
        clusterIdentifier: args.expectedUid,
        enableConfigMapMutable: true,
        enableSecretMutable: true,
        enableServerSideApply: true,
      },
      { parent: this },
    );
    this.registerOutputs({ uid: this.uid });
  }
}
