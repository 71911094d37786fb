import { summary } from "../../support/mocks";
import type { Registration } from "../../support/mocks";
import { COMMON, run, secretness } from "./run";
import { hub, member, served } from "./samples";

describe("the program", () => {
  it("registers exactly this for a member, in a preview too", async () => {
    expect(summary((await run(member)).registrations)).toEqual(COMMON);
    expect(summary((await run(member, { preview: true })).registrations)).toEqual(COMMON);
  });

  it("registers the same around the federated Prometheus for a hub, in a preview too", async () => {
    const expected = [
      ...COMMON,
      "federation:monitoring:FederatedPrometheus prometheus",
      "kubernetes:core/v1:Service alertmanager-1-service",
      "kubernetes:policy/v1:PodDisruptionBudget alertmanager-disruption-budget",
    ].sort();
    expect(summary((await run(hub)).registrations)).toEqual(expected);
    expect(summary((await run(hub, { preview: true })).registrations)).toEqual(expected);
  });

  it.each([
    ["member", member],
    ["hub", hub],
  ] as const)("gives every object of a %s the verified provider", async (_, settings) => {
    const { registrations } = await run(
      settings.role === "hub" ? { ...settings, serving: [served] } : settings,
    );
    for (const { type, name, provider } of registrations.filter((one) =>
      one.type.startsWith("kubernetes:"),
    )) {
      expect(`${type} ${name} by ${provider}`).toBe(
        `${type} ${name} by ${name === "cluster-identity" ? "cluster-bootstrap" : "cluster-provider"}`,
      );
    }
  });

  it("declares neither exporters nor their namespace where they exist already", async () => {
    const existing = { namespace: "monitoring", labels: { app: "exporter" }, port: 9100 };
    const { registrations } = await run({
      ...member,
      kubernetes: {
        ...member.kubernetes,
        existingKubeStateMetrics: existing,
        existingNodeExporter: existing,
      },
    });
    expect(summary(registrations)).toEqual(
      COMMON.filter((name) => !/agents|kube-state-metrics|node-exporter/i.test(name)),
    );
  });

  it("hands the rendered files to the preflight before anything is registered", async () => {
    const into: Registration[] = [];
    const preflight = jest.fn(() => {
      throw new Error("refused");
    });
    await expect(run(hub, { into }, preflight)).rejects.toThrow("refused");
    expect(into).toEqual([]);
    expect(preflight).toHaveBeenCalledTimes(1);
    expect(preflight).toHaveBeenCalledWith(
      expect.objectContaining({
        stack: "cloud",
        cluster: "cloud",
        prometheusConfig: expect.stringContaining("federate-health/hpc") as string,
        ruleFiles: {
          "rules-cluster.yml": expect.any(String) as string,
          "alerts-cluster.yml": expect.any(String) as string,
          "rules-hub.yml": expect.any(String) as string,
          "alerts-hub.yml": expect.any(String) as string,
        },
      }),
    );
  });

  it("has a member's outputs, the password a secret and the certificates not", async () => {
    const { outputs } = await run(member);
    expect(Object.keys(outputs).sort()).toEqual([
      "caCertificate",
      "cluster",
      "federationUrl",
      "localCredentials",
      "role",
    ]);
    expect(outputs).toMatchObject({
      role: "member",
      cluster: "hpc",
      federationUrl: "https://192.168.100.10:30990",
    });
    expect(await secretness(outputs)).toEqual({ caCertificate: false, localCredentials: true });
  });

  it("has a hub's outputs, the members' credentials a secret", async () => {
    const { outputs } = await run(hub);
    expect(Object.keys(outputs).sort()).toEqual([
      "alertmanagers",
      "caCertificate",
      "cluster",
      "localCredentials",
      "memberCredentials",
      "prometheusUrl",
      "role",
    ]);
    expect(outputs).toMatchObject({
      role: "hub",
      cluster: "cloud",
      alertmanagers: ["192.168.100.10:30993", "192.168.100.10:30994"],
      prometheusUrl: "https://192.168.100.10:30990",
    });
    expect(await secretness(outputs)).toEqual({
      caCertificate: false,
      localCredentials: true,
      memberCredentials: true,
    });
  });

  it("has no URL where Prometheus is not exposed, and no credentials where Secrets exist", async () => {
    const { expose: _, ...prometheus } = hub.prometheus;
    const { outputs } = await run({
      ...member,
      prometheus,
      credentials: { kind: "existing", secrets: ["web"] },
    });
    expect(outputs).toEqual({ role: "member", cluster: "hpc" });
  });
});
