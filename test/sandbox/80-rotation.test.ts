import { until } from "../../sandbox/checks";
import { endpoint, get, queryValue, type Side } from "../../sandbox/prometheus";
import { keepEndpoints } from "../../sandbox/up";
import { readSummary } from "../../sandbox/summary";
import { minioUsers } from "../support/landingZone";
import {
  command,
  evidence,
  federationHealthy,
  getObject,
  nudge,
  prometheusPod,
  pulumiRun,
  pulumiUp,
  sideOf,
  stackOf,
  type Stack,
} from "../support/live";
import { runJob } from "../support/transfer";

interface Generation {
  readonly id: number;
  readonly clusters: Record<
    Stack,
    { readonly local: { readonly username: string; readonly password: string } }
  >;
}

/** The generations in the hub's configuration, oldest first. */
function generations(): readonly Generation[] {
  const { status, output } = pulumiRun(["config", "get", "federation:hubSecrets", "--stack", "cloud"]);
  if (status !== 0) throw new Error(output);
  return (JSON.parse(output.trim()) as { generations: Generation[] }).generations;
}

/** Whether a Prometheus accepts a generation's local user now. */
async function accepts(side: Side, generation: Generation, cas: string): Promise<boolean> {
  const { username, password } = generation.clusters[stackOf[side]].local;
  const { status } = await get(
    { ...endpoint(side), ca: cas, username, password },
    "/api/v1/status/buildinfo",
  );
  if (status !== 200 && status !== 401) throw new Error(`${side} answered ${status}`);
  return status === 200;
}

const readySince = (stack: Stack): string => {
  const pod = getObject(stack, "pod", prometheusPod) as unknown as {
    metadata: { uid: string };
    status: { conditions: { type: string; status: string; lastTransitionTime: string }[] };
  };
  const ready = pod.status.conditions.find(({ type }) => type === "Ready");
  return `${pod.metadata.uid} ${ready?.status ?? ""} ${ready?.lastTransitionTime ?? ""}`;
};

describe("rotation of credentials", () => {
  beforeAll(() => federationHealthy());

  it("passes its four ups without one failed scrape, restart or failed probe", async () => {
    const start = Date.now() / 1000;
    const [old] = generations();
    if (old === undefined) throw new Error("the hub has no credentials");
    const since = { cloud: readySince("cloud"), hpc: readySince("hpc") };
    const oldCa = endpoint("hub").ca;

    const init = (flag: string): void => {
      const { status, output } = command("commands/init.ts", "--stack", "cloud", flag);
      expect(status === 0 ? "" : output).toBe("");
    };
    init("--rotate");
    const fresh = generations()[1];
    if (fresh === undefined) throw new Error("--rotate made no second generation");
    expect(fresh.id).toBe(old.id + 1);

    /** One of the four ups, then the wait until its Secret has reached the pod: who is accepted now. */
    const step = async (stack: Stack, accepted: { old: boolean; fresh: boolean }): Promise<void> => {
      pulumiUp(stack);
      nudge(stack);
      const { output } = pulumiRun(["stack", "output", "caCertificate", "--stack", stack]);
      await until(
        `credentials of ${stack} live`,
        180,
        async () => {
          const cas = `${oldCa}\n${output}`;
          const now = {
            old: await accepts(sideOf[stack], old, cas),
            fresh: await accepts(sideOf[stack], fresh, cas),
          };
          return now.old === accepted.old && now.fresh === accepted.fresh ? [] : [JSON.stringify(now)];
        },
        () => Promise.resolve(evidence(stack)),
      );
    };
    /** The S3 users of these generations, and a transfer that works with what the member has now. */
    const transfer = async (...of: readonly Generation[]): Promise<void> => {
      const names = [
        "benchmark",
        "model-retention-run",
        "model-retention-status",
        "model-sync-run-hpc",
        "model-sync-status-hpc",
      ];
      const expected = of.flatMap(({ id }) => names.map((name) => `${name}-${id}`));
      expect([...minioUsers()].sort()).toEqual(expected.sort());
      expect((await runJob("model-sync")).status).toBe("Complete");
    };
    await step("cloud", { old: true, fresh: true });
    await transfer(old, fresh);
    await step("hpc", { old: true, fresh: true });
    await transfer(old, fresh);
    init("--rotate-finish");
    await step("cloud", { old: false, fresh: true });
    await transfer(fresh);
    await step("hpc", { old: false, fresh: true });
    await transfer(fresh);

    expect({ cloud: readySince("cloud"), hpc: readySince("hpc") }).toEqual(since);
    const summary = readSummary();
    if (summary === undefined) throw new Error("no summary");
    const { cloud, hpc } = summary.clusters;
    const at = keepEndpoints([
      { name: "cloud", nodeIp: cloud.nodeIp },
      { name: "hpc", nodeIp: hpc.nodeIp },
    ]);
    const seconds = Math.ceil(Date.now() / 1000 - start);
    const worst = await queryValue(at.hub, `min(min_over_time(up{member="hpc"}[${seconds}s]))`);
    expect(worst).toBe(1);
    expect(await queryValue(at.hub, `min(min_over_time(up{job="prometheus"}[${seconds}s]))`)).toBe(1);
    expect(await queryValue(at.hpc, `min(min_over_time(up{job="prometheus"}[${seconds}s]))`)).toBe(1);
  });
});
