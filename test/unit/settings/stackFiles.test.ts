import * as path from "node:path";
import { configOfFile, withPlaceholders } from "../../../commands/placeholders";
import { inspectSettings, parseSettings } from "../../../settings/parse";

const repository = path.resolve(__dirname, "../../..");

test.each([
  [
    "cloud",
    [
      "federation:clusterUid",
      "federation:kubeconfig",
      "federation:hubSecrets",
      "federation:minioCredentials",
      "federation:mlflowCredentials",
    ],
  ],
  ["hpc", ["federation:clusterUid", "federation:kubeconfig", "federation:mlflowCredentials"]],
])("Pulumi.%s.yaml lacks nothing but what init records and people set", (stack, recorded) => {
  const { problems } = inspectSettings(configOfFile(repository, stack), stack, new Set());
  expect(problems.map(({ key }) => key)).toEqual(recorded);
});

test("the sites are those of the two clusters", async () => {
  const [cloud, hpc] = await Promise.all(
    ["cloud", "hpc"].map(async (stack) => {
      const { values, secretKeys } = await withPlaceholders(configOfFile(repository, stack), stack);
      return parseSettings(values, stack, secretKeys);
    }),
  );
  if (cloud?.role !== "hub" || hpc?.role !== "member")
    throw new Error("cloud is not a hub, or hpc not a member");
  expect(cloud.hub.kubernetes.nodes.map(({ gpuType }) => gpuType)).toEqual([
    undefined,
    "rtx-a6000",
    "tesla-t4",
  ]);
  expect(cloud.hub.members.map(({ cluster, url, intervals }) => ({ cluster, url, intervals }))).toEqual([
    {
      cluster: hpc.cluster,
      url: "https://192.168.100.10:30990",
      intervals: { health: "15s", detail: "60s" },
    },
  ]);
  expect(hpc.hubStack).toBe("organization/federation/cloud");
  expect(hpc.member.prometheus).toMatchObject({
    expose: { kind: "nodePort", port: 30990, allowFrom: ["192.168.200.0/24"] },
  });
  expect(hpc.member.hosts.map(({ name, address }) => `${name} ${address}`)).toEqual([
    "slurm-ctl 192.168.100.10",
    "compute-01 192.168.100.11",
    "compute-02 192.168.100.12",
    "gpu-01 192.168.100.21",
  ]);
  expect([cloud.hub.protect, hpc.member.protect]).toEqual([true, true]);
});
