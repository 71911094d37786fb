import { setTimeout as sleep } from "node:timers/promises";
import { KubernetesApi } from "./api";
import { foldersOf } from "./folders";
import { bytesOf } from "./quantity";
import { accessOf } from "./kubeconfig";
import { clusters } from "./topology";
import { planVolumes, volumeObject, type Claim, type Volume, type VolumeAction } from "./volumePlan";
import { VolumeStore } from "./volumeStore";

/** Milliseconds between two rounds when no event asks for one. */
const resync = 10_000;

/** The collections that are listed and watched. */
const watched = { claims: "/api/v1/persistentvolumeclaims", volumes: "/api/v1/persistentvolumes" } as const;

const log = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);

/** Does one thing; doing it twice does no harm. */
async function perform(
  action: VolumeAction,
  api: KubernetesApi,
  store: VolumeStore,
  node: string,
): Promise<void> {
  switch (action.kind) {
    case "provision": {
      const { volume, size, claim } = action;
      await store.ensure(volume, bytesOf(size));
      await api.create(watched.volumes, volumeObject(claim, size, store.mountPoint(volume), node));
      return;
    }
    case "grow": {
      const { volume, size, claim } = action;
      const { namespace, name } = claim.metadata;
      await store.grow(volume, bytesOf(size));
      await api.patch(`${watched.volumes}/${volume}`, { spec: { capacity: { storage: size } } });
      await api.patch(`/api/v1/namespaces/${namespace ?? ""}/persistentvolumeclaims/${name}/status`, {
        status: { capacity: { storage: size } },
      });
      return;
    }
    case "mount":
      await store.ensure(action.volume, bytesOf(action.size));
      return;
    case "remove":
      await store.remove(action.volume);
      await api.delete(`${watched.volumes}/${action.volume}`);
  }
}

/**
 * One round: what is to be done is done, each with a line in the log; one failure does not stop the others,
 * and the next round tries it again.
 */
async function reconcile(
  api: KubernetesApi,
  store: VolumeStore,
  node: string,
): Promise<{ claims: string; volumes: string }> {
  const claims = await api.list(watched.claims);
  const volumes = await api.list(watched.volumes);
  for (const action of planVolumes(claims.items as Claim[], volumes.items as Volume[], store.list())) {
    try {
      await perform(action, api, store, node);
      if (action.kind !== "mount") log(`${action.kind} ${action.volume}: done`);
    } catch (error) {
      log(`${action.kind} ${action.volume}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { claims: claims.resourceVersion, volumes: volumes.resourceVersion };
}

/**
 * Serves one cluster's claims for as long as it runs: a round at each change that the watches tell, and every
 * `resync`. A round compares everything, so that an event lost costs time and nothing else.
 */
async function serve(name: string): Promise<void> {
  const cluster = clusters.find((candidate) => candidate.name === name);
  if (cluster === undefined) throw new Error(`no cluster ${name}`);
  const api = new KubernetesApi(accessOf(cluster, "admin"));
  const store = new VolumeStore(foldersOf(cluster.name).volumes);
  let wake: (() => void) | undefined;
  let dirty = false;
  const changed = (): void => {
    dirty = true;
    wake?.();
  };
  const watching = { claims: false, volumes: false };
  const follow = async (kind: keyof typeof watched, version: string): Promise<void> => {
    watching[kind] = true;
    try {
      await api.watch(watched[kind], version, changed);
    } catch (error) {
      log(`watch of ${kind}: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(1_000);
    }
    watching[kind] = false;
    changed();
  };
  for (;;) {
    dirty = false;
    try {
      const versions = await reconcile(api, store, cluster.node);
      for (const kind of ["claims", "volumes"] as const) {
        if (!watching[kind]) void follow(kind, versions[kind]);
      }
    } catch (error) {
      log(`round: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(1_000);
    }
    if (!(dirty as boolean)) {
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(resync)]);
    }
  }
}

serve(process.argv[2] ?? "").catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
