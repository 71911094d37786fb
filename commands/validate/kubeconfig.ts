import { KubeConfig } from "@kubernetes/client-node";
import { KubeApi } from "./kube";

/** A cluster as the current context of a kubeconfig reaches it, with whatever kind of user that names. */
export function kubeOf(kubeconfig: string): KubeApi {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error("the kubeconfig names no current cluster");
  return new KubeApi({ server, authorize: (options) => config.applyToHTTPSOptions(options) });
}
