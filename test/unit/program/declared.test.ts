import { declaredCluster } from "../../../program/declared";
import type { HubSettings, MemberSettings } from "../../../settings";

const site = {
  cluster: "hpc",
  kubernetes: {
    nodes: [
      { name: "ctl", address: "192.168.100.10" },
      { name: "worker", address: "192.168.100.30", gpuType: "rtx-a6000" },
    ],
  },
  hosts: [
    { name: "slurm-ctl", address: "192.168.100.10", roles: ["slurmctld", "node"] },
    { name: "gpu-01", address: "192.168.100.21", roles: ["node", "dcgm", "beegfs"] },
  ],
  prometheus: { kind: "deploy" },
  inventory: { gpus: 4 },
  servedModels: [],
};

const MINUTE = 60;
const sync = {
  schedule: "*/15 * * * *",
  timeZone: "UTC",
  largestModelBytes: 100,
  bandwidth: { timetable: [], expectedBytesPerSecond: 1 },
  readBack: "none",
  quiescence: { settleSeconds: 60, maxWaitSeconds: 600 },
  verify: { schedule: "0 2 * * *", readBack: "none" },
};

const member = { ...site, role: "member", modelSync: sync } as unknown as MemberSettings;

describe("what settings declare a cluster to have", () => {
  it("counts a machine once, whoever measures it", () => {
    const { machines, targets, gpus } = declaredCluster(member);
    expect(machines).toBe(3);
    expect(targets.filter(({ job }) => job === "node-exporter")).toEqual([
      { job: "node-exporter", node: "worker" },
    ]);
    expect(targets.filter(({ job }) => job === "node")).toEqual([
      { job: "node", host: "slurm-ctl" },
      { job: "node", host: "gpu-01" },
    ]);
    expect(gpus).toBe(4);
  });

  it("has the jobs of a site's own Prometheus by its names: cAdvisor is one of kubelet, itself is none", () => {
    const jobs = (settings: MemberSettings): readonly string[] => [
      ...new Set(declaredCluster(settings).targets.map(({ job }) => job)),
    ];
    const agents = ["prometheus", "apiserver", "kube-state-metrics", "kubelet", "cadvisor", "node-exporter"];
    const own = jobs(member).filter((job) => !agents.includes(job));
    expect(jobs(member)).toEqual([...agents, ...own]);
    const site = { ...member, prometheus: { kind: "existing" } } as unknown as MemberSettings;
    expect(jobs(site)).toEqual([...["apiserver", "kube-state-metrics", "kubelet", "node-exporter"], ...own]);
  });

  it("has every path of an exporter, on the host it is on", () => {
    const { targets, slurm, beegfs } = declaredCluster(member);
    expect(targets.filter(({ host }) => host === "slurm-ctl").map(({ job }) => job)).toEqual([
      "slurm-jobs",
      "slurm-nodes",
      "slurm-partitions",
      "slurm-scheduler",
      "node",
    ]);
    expect([slurm, beegfs]).toEqual(["slurmctld", true]);
  });

  it("hears of Slurm by an exporter where slurmctld does not tell of itself", () => {
    const hosts = (...roles: readonly string[]) =>
      ({ ...member, hosts: [{ ...site.hosts[0], roles }] }) as unknown as MemberSettings;
    expect(declaredCluster(hosts("slurm", "node")).slurm).toBe("exporter");
    expect(declaredCluster(hosts("slurm", "slurmctld")).slurm).toBe("slurmctld");
    expect(declaredCluster(hosts("node")).slurm).toBeUndefined();
  });

  it("expects transfers within schedule and deadline", () => {
    // deadlines: 900 s and twice the bytes, in whole minutes; the settle window
    expect(declaredCluster(member).transfer).toEqual({
      runWithin: 15 * MINUTE + 20 * MINUTE,
      verifyWithin: 24 * 60 * MINUTE + 15 * MINUTE,
    });
    const berlin = {
      ...member,
      modelSync: { ...sync, timeZone: "Europe/Berlin" },
    } as unknown as MemberSettings;
    expect(declaredCluster(berlin).transfer?.runWithin).toBe(15 * MINUTE + 20 * MINUTE + 3_600);
  });

  it("counts the GPUs wherever DCGM measures, though no node is said to have a type", () => {
    const kubernetes = {
      nodes: [{ name: "cloud-0", address: "192.168.200.10" }],
      dcgmExporter: { namespace: "gpu-operator", labels: { app: "dcgm" }, port: 9400 },
    };
    const cloud = { ...site, hosts: [], kubernetes, role: "hub" } as unknown as HubSettings;
    expect(declaredCluster(cloud).gpus).toBe(4);
    expect(declaredCluster(cloud).targets.map(({ job }) => job)).not.toContain("dcgm-exporter");
  });

  it("counts nothing that is not declared", () => {
    const bare = { ...site, hosts: [], role: "hub" } as unknown as HubSettings;
    expect(declaredCluster(bare)).toMatchObject({
      machines: 2,
      gpus: 0,
      slurm: undefined,
      beegfs: false,
      minio: false,
      mlflow: false,
      models: [],
      alertmanagers: 2,
    });
    expect(declaredCluster(bare)).not.toHaveProperty("transfer");
    expect(declaredCluster(bare).targets.map(({ job }) => job)).not.toContain("hub-alertmanager");
  });
});
