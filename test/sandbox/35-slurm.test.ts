import { targetLine, until } from "../../sandbox/checks";
import { onController, startSlurmctld, stopSlurmctld } from "../../sandbox/hosts/remote";
import { slurmNodes, trainers } from "../../sandbox/hosts/slurm";
import { queryValue, targets } from "../../sandbox/prometheus";
import { endpoints } from "../support/live";

const job = (matchers: string): string => `fed_cluster:slurm_jobs:count{cluster="hpc",${matchers}}`;

describe("Slurm", () => {
  const at = endpoints();
  const gpus = slurmNodes.reduce((sum, node) => sum + node.gpus, 0);

  /** What a person would look at next. */
  const evidence = async (): Promise<readonly string[]> => [
    await onController("systemctl", "status", "--no-pager", "slurmctld", "slurm-metrics"),
    await onController("squeue", "--states=all"),
    await onController("sinfo", "--long", "--Node"),
  ];

  /** An expression of the hub has a value in these bounds. */
  const becomes = (expression: string, from: number, to: number, seconds = 240): Promise<void> =>
    until(
      expression,
      seconds,
      async () => {
        const value = await queryValue(at.hub, expression);
        return value !== undefined && value >= from && value <= to
          ? []
          : [`${value ?? "no series"}, not within ${from} and ${to}`];
      },
      evidence,
    );

  const slurmTargets = async (): Promise<{ health: string; line: string }[]> =>
    (await targets(at.hpc))
      .filter(({ labels }) => labels.job?.startsWith("slurm-"))
      .map((target) => ({ health: target.health, line: targetLine(target) }));

  it("runs jobs of every user while others wait, which the hub sees", async () => {
    await becomes(job('state="running"'), 1, gpus);
    await becomes(job('state="pending"'), 1, 2 * trainers.length);
    await becomes(job('state="completed"'), 1, 1000, 420);
    await becomes('fed_cluster:slurm_nodes:count{cluster="hpc"}', slurmNodes.length, slurmNodes.length);
    const users = await onController("squeue", "--noheader", "--states=all", "--format=%u %a");
    expect([...new Set(users.trim().split("\n"))].sort()).toEqual(
      trainers.map(({ user, account }) => `${user} ${account}`).sort(),
    );
  });

  it("shows simulated GPUs at work as Slurm's jobs hold them", async () => {
    await becomes('sum(fed_cluster:gpus:count{cluster="hpc",gpu_type="simulated-rtx-a6000"})', gpus, gpus);
    await becomes('sum(fed_cluster:gpus_allocated:count{cluster="hpc",owner="slurm"})', 1, gpus);
    await becomes('sum(fed_cluster:gpu_busy:gpus{cluster="hpc"})', 0.5, gpus);
  });

  describe("when its controller is stopped", () => {
    let last = 0;

    beforeAll(async () => {
      last = Math.max(...(await jobIds()));
      await stopSlurmctld();
    });
    afterAll(() => startSlurmctld());

    it("answers nobody: every target of it refuses connections", async () => {
      await until(
        "Slurm's targets down",
        150,
        async () =>
          (await slurmTargets()).flatMap(({ health, line }) =>
            health === "down" && line.includes("connection refused") ? [] : [line],
          ),
        evidence,
      );
      expect(await slurmTargets()).toHaveLength(4);
    });

    it("starts jobs again when it is back", async () => {
      await startSlurmctld();
      await until(
        "Slurm's targets up",
        150,
        async () => (await slurmTargets()).flatMap(({ health, line }) => (health === "up" ? [] : [line])),
        evidence,
      );
      await until(
        "a job submitted since",
        90,
        async () => (Math.max(...(await jobIds())) > last ? [] : [`the last is still ${last}`]),
        evidence,
      );
    });
  });
});

/** Ids of the jobs that Slurm holds. */
async function jobIds(): Promise<number[]> {
  const text = await onController("squeue", "--noheader", "--states=all", "--format=%A");
  return text.trim().split("\n").map(Number);
}
