import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";

/** UID of the cluster's namespace kube-system, which tells it from every other cluster. */
export async function clusterUidOf(kubeconfig: string): Promise<string> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const namespace = await config.makeApiClient(CoreV1Api).readNamespace({ name: "kube-system" });
  const uid = namespace.metadata?.uid;
  if (uid === undefined) throw new Error("the cluster's namespace kube-system has no UID");
  return uid;
}
