import { query, queryValue, targets, type Endpoint, type Side, type Target } from "./prometheus";

/** One line a target: health, job, URL, last error. */
export function targetLine(target: Target): string {
  const error = target.lastError === "" ? "" : `  ${target.lastError}`;
  return `${target.health.padEnd(7)} ${target.scrapePool.padEnd(28)} ${target.scrapeUrl}${error}`;
}

/** What keeps the targets of one Prometheus from being up; empty when all are. */
export function wrongTargets(all: readonly Target[]): string[] {
  if (all.length === 0) return ["no targets at all"];
  return all.filter(({ health }) => health !== "up").map(targetLine);
}

/** Polls until `probe` has no complaints; throws with the last ones, and what `evidence` adds, at the deadline. */
export async function until(
  what: string,
  seconds: number,
  probe: () => Promise<readonly string[]>,
  evidence: () => Promise<readonly string[]> = () => Promise.resolve([]),
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  let complaints: readonly string[];
  for (;;) {
    try {
      complaints = await probe();
    } catch (error) {
      complaints = [error instanceof Error ? error.message : String(error)];
    }
    if (complaints.length === 0) return;
    if (performance.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const more = await evidence().catch((error: unknown) => [`(no evidence: ${String(error)})`]);
  throw new Error(
    [`${what}: not within ${seconds} s`, ...complaints, ...more]
      .map((line) => `  ${line}`.slice(2))
      .join("\n  "),
  );
}

/** The sandbox lives: every target as it should be, and the member's recordings on the hub with an age in bounds. */
export async function checkAlive(
  endpoints: Record<Side, Endpoint>,
  healthIntervalSeconds: number,
): Promise<void> {
  for (const side of ["hub", "hpc"] as const)
    await until(`targets of ${side}`, 120, async () => wrongTargets(await targets(endpoints[side])));
  const age = 'fed_hub:heartbeat:age_seconds{cluster="hpc"}';
  await until(
    "the member's recordings on the hub",
    120,
    async () => {
      const counts = await query(endpoints.hub, 'fed_cluster:targets:up{cluster="hpc"}');
      if (counts.length === 0) return ['fed_cluster:targets:up{cluster="hpc"} returns nothing on the hub'];
      const seconds = await queryValue(endpoints.hub, age);
      if (seconds === undefined) return [`${age} returns nothing`];
      return seconds <= 3 * healthIntervalSeconds
        ? []
        : [`${age} is ${seconds} s, over three federate intervals`];
    },
    async () =>
      (await targets(endpoints.hub)).filter((target) => target.labels.member !== undefined).map(targetLine),
  );
}

/** A model written on the member has been registered, and the hub has heard so. */
export async function checkModel(endpoints: Record<Side, Endpoint>, model: string): Promise<void> {
  const registered = `fed_cluster:transfer_stage:timestamp_seconds{cluster="hpc",model="${model}",stage="registered"}`;
  await until(`the stages of ${model} on the hub`, 240, async () =>
    (await query(endpoints.hub, registered)).length > 0 ? [] : [`${registered} returns nothing on the hub`],
  );
}

/** A served model answers: its server is scraped, and its rate of requests is recorded and above zero. */
export async function checkServed(hub: Endpoint, model: string): Promise<void> {
  const rate = servedRate(model);
  await until(`requests of ${model} on the hub`, 240, async () => {
    const wrong = wrongTargets(await targets(hub));
    if (wrong.length > 0) return wrong;
    const value = await queryValue(hub, rate);
    return value !== undefined && value > 0 ? [] : [`${rate} is ${value ?? "absent"}`];
  });
}

/** Requests a second that the model server of the hub's cluster counts. */
export const servedRate = (model: string): string =>
  `fed_cluster:inference_requests:rate5m{cluster="cloud",model="${model}",server="kserve"}`;
