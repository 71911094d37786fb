import * as fs from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { clusterStatus, startClusters, stopClusters, type ClusterInfo, type StartOptions } from "./clusters";
import { paths } from "./paths";
import { servicesIdentity } from "./services";

/** UIDs of the clusters and of the services' data that the stacks' state is of, and whether an update is under way. */
interface StateOf {
  readonly uids: Readonly<Record<string, string>>;
  readonly deploying: boolean;
}

function read(): StateOf | undefined {
  return fs.existsSync(paths.stateOf)
    ? (JSON.parse(fs.readFileSync(paths.stateOf, "utf8")) as StateOf)
    : undefined;
}

/** Identity of each part of the sandbox in which a stack makes something. */
const uidsOf = (clusters: readonly ClusterInfo[]): Record<string, string> => ({
  ...Object.fromEntries(clusters.map(({ name, uid }) => [name, uid])),
  services: servicesIdentity() ?? "",
});

/** Whether anything of an earlier start stands in which a stack may have made something. */
const stands = async (): Promise<boolean> =>
  servicesIdentity() !== undefined || (await clusterStatus()).some(({ running }) => running);

/** Parts that stayed while others were made anew. */
export function partlyKept(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] {
  const kept = Object.keys(now).filter((part) => before[part] === now[part]);
  return kept.length === Object.keys(now).length ? [] : kept;
}

/**
 * Starts clusters and services so that they and the stacks' state belong together. Where they do not (state lost, one
 * part made anew, an update that was killed half-way and may have made objects that no state knows), all is made anew.
 */
export async function startWithState(options: StartOptions): Promise<ClusterInfo[]> {
  const { progress } = options;
  const known = read();
  if ((known === undefined || known.deploying) && (await stands())) {
    progress(
      "clusters or data stand, but the state of their stacks is lost or half-written: making them anew",
    );
    await stopClusters({ progress });
  }
  let clusters = await startClusters(options);
  const kept = known === undefined ? [] : partlyKept(known.uids, uidsOf(clusters));
  if (kept.length > 0) {
    progress(
      `${kept.join(", ")} stayed and the rest was made anew: making all anew, whose stacks belong together`,
    );
    await stopClusters({ progress });
    clusters = await startClusters(options);
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
