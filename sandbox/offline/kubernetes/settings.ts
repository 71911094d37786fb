import { isDeepStrictEqual } from "node:util";
import { changedKeys, type SettingsDiff } from "../changes";
import { isUnknown, plainTree, type Tree } from "../properties";

/** How one provider instance is configured, with the defaults of the official provider. */
export interface ProviderSettings {
  /** Content of a kubeconfig or path of one; undefined: the ambient one. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  /** Namespace of namespaced objects that name none; undefined: that of the kubeconfig's context. */
  readonly namespace: string | undefined;
  readonly serverSideApply: boolean;
  readonly patchForce: boolean;
  readonly upsertExistingObjects: boolean;
  readonly configMapMutable: boolean;
  readonly secretMutable: boolean;
  readonly deleteUnreachable: boolean;
  readonly skipUpdateUnreachable: boolean;
}

const prefix = "kubernetes:config:";

/** Reads the provider's variables (`kubernetes:config:name`, all strings) and, where one is absent, its environment variable. */
export function providerSettings(
  variables: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
): ProviderSettings {
  const text = (name: string): string | undefined => emptyToUndefined(variables.get(prefix + name));
  const flag = (name: string, env: string, otherwise = false): boolean => {
    const value = variables.get(prefix + name) ?? environment[env];
    return value === undefined ? otherwise : value === "true";
  };
  return {
    kubeconfig: text("kubeconfig"),
    context: text("context"),
    cluster: text("cluster"),
    namespace: text("namespace"),
    serverSideApply: flag("enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", true),
    patchForce: flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
    upsertExistingObjects: flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
    configMapMutable: flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
    secretMutable: flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    deleteUnreachable: flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
    skipUpdateUnreachable: flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
  };
}

const clusterKeys = ["kubeconfig", "context", "cluster"] as const;

/**
 * Compares two configurations of a provider. A changed `clusterIdentifier` replaces everything, an unchanged one
 * nothing, whatever else changed; without one (or when it is only added or removed) a change of the cluster that
 * `activeCluster` finds in the kubeconfig replaces everything.
 */
export function diffSettings(
  olds: Tree,
  news: Tree,
  activeCluster: (settings: Tree) => unknown,
): SettingsDiff {
  const [before, after] = [plainTree(olds), plainTree(news)];
  const changed = changedKeys(before, after);
  const [oldIdentifier, newIdentifier] = [before.clusterIdentifier, after.clusterIdentifier];
  if (isSet(newIdentifier) && oldIdentifier === newIdentifier) return { changed, replaces: [] };
  if (isSet(oldIdentifier) && isSet(newIdentifier)) return { changed, replaces: ["clusterIdentifier"] };
  const unknown = clusterKeys.filter((key) => isUnknown(after[key]));
  if (unknown.length > 0) return { changed, replaces: unknown };
  if (!clusterKeys.some((key) => changed.includes(key))) return { changed, replaces: [] };
  const [oldCluster, newCluster] = [activeCluster(before), activeCluster(after)];
  const moved =
    oldCluster !== undefined && newCluster !== undefined && !isDeepStrictEqual(oldCluster, newCluster);
  return { changed, replaces: moved ? clusterKeys.filter((key) => changed.includes(key)) : [] };
}

function emptyToUndefined(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function isSet(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
