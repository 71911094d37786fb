import { existsSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import type { Tree } from "../properties";

/** What of the provider's configuration says which cluster it talks to. */
export interface ClusterChoice {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
}

/** Loads a kubeconfig from its content or path (the ambient one when undefined) and chooses context and cluster. */
export function loadKubeconfig({ kubeconfig, context, cluster }: ClusterChoice): KubeConfig {
  const loaded = new KubeConfig();
  if (kubeconfig === undefined) loaded.loadFromDefault();
  else if (!kubeconfig.includes("\n") && existsSync(kubeconfig)) loaded.loadFromFile(kubeconfig);
  else loaded.loadFromString(kubeconfig);
  if (context !== undefined) loaded.setCurrentContext(context);
  const name = loaded.getCurrentContext();
  const chosen = loaded.getContextObject(name);
  if (chosen === null) throw new Error(`the kubeconfig has no context "${name}"`);
  if (cluster !== undefined)
    loaded.contexts = loaded.contexts.map((other) => (other.name === name ? { ...chosen, cluster } : other));
  if (loaded.getCurrentCluster() === null)
    throw new Error(`the kubeconfig has no cluster "${cluster ?? chosen.cluster}"`);
  return loaded;
}

/** The cluster a provider's inputs point to, as the kubeconfig describes it; undefined when that can not be said. */
export function activeCluster(settings: Tree): unknown {
  const text = (key: string): string | undefined => {
    const value = settings[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  if (text("kubeconfig") === undefined) return undefined;
  try {
    return loadKubeconfig({
      kubeconfig: text("kubeconfig"),
      context: text("context"),
      cluster: text("cluster"),
    }).getCurrentCluster();
  } catch {
    return undefined;
  }
}
