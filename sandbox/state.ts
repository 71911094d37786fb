import * as fs from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { clusterStatus, startClusters, stopClusters, type ClusterInfo, type StartOptions } from "./clusters";
import { paths } from "./paths";

/** UIDs of the clusters that the stacks' state is of, and whether an update is under way. */
interface StateOf {
  readonly uids: Readonly<Record<string, string>>;
  readonly deploying: boolean;
}

function read(): StateOf | undefined {
  return fs.existsSync(paths.stateOf)
    ? (JSON.parse(fs.readFileSync(paths.stateOf, "utf8")) as StateOf)
    : undefined;
}

const uidsOf = (clusters: readonly ClusterInfo[]): Record<string, string> =>
  Object.fromEntries(clusters.map(({ name, uid }) => [name, uid]));

/**
 * Starts the clusters so that they and the stacks' state belong together. Where they do not (state lost, one cluster
 * made anew, an update that was killed half-way and may have made objects that no state knows), all is made anew.
 */
export async function startWithState(options: StartOptions): Promise<ClusterInfo[]> {
  const { progress } = options;
  const known = read();
  if ((known === undefined || known.deploying) && (await clusterStatus()).some(({ running }) => running)) {
    progress("clusters run, but the state of their stacks is lost or half-written: making them anew");
    await stopClusters({ progress });
  }
  let clusters = await startClusters(options);
  if (known !== undefined && !isDeepStrictEqual(known.uids, uidsOf(clusters))) {
    if (clusters.some(({ name, uid }) => known.uids[name] === uid)) {
      progress("one cluster was made anew: making the other anew too, whose stack refers to it");
      await stopClusters({ progress });
      clusters = await startClusters(options);
    }
  }
  const uids = uidsOf(clusters);
  if (known?.deploying !== false || !isDeepStrictEqual(known.uids, uids)) {
    for (const folder of [paths.backend, paths.project]) fs.rmSync(folder, { recursive: true, force: true });
    fs.writeFileSync(paths.stateOf, JSON.stringify({ uids, deploying: false } satisfies StateOf));
  }
  return clusters;
}

/** Runs updates under a mark that stays when the run is killed, so that the next run knows. */
export async function whileDeploying(work: () => Promise<void>): Promise<void> {
  const known = read();
  if (known === undefined) throw new Error(`${paths.stateOf} is gone: run \`npm run sandbox\` again`);
  const mark = (deploying: boolean): void => {
    fs.writeFileSync(paths.stateOf, JSON.stringify({ ...known, deploying }));
  };
  mark(true);
  try {
    await work();
  } finally {
    mark(false);
  }
}
