import { requireRequestsAndLimits as policy } from "../../policies/rules/requireRequestsAndLimits";
import { analyze, unknown, violations } from "./engine";
import { container, deployment, nested, podSpec, workloads } from "./fixtures";

const all = "requests.cpu, requests.memory, limits.cpu, limits.memory";

describe("require-requests-and-limits", () => {
  it.each(workloads)("accepts all four in %s", async (type, path) => {
    expect(await violations(policy, type, nested(path, podSpec()))).toEqual([]);
  });

  it.each([
    [{ requests: { cpu: "1", memory: "1Gi" }, limits: { memory: "1Gi" } }, "limits.cpu"],
    [{ requests: { cpu: "1" }, limits: { cpu: "1", memory: "" } }, "requests.memory, limits.memory"],
    [{ limits: { cpu: 1, memory: "1Gi" } }, "requests.cpu, requests.memory"],
    [{}, all],
    [null, all],
  ])("refuses resources %j", async (resources, missing) => {
    const spec = podSpec({ containers: [container({ resources })] });
    expect(await violations(policy, "apps/v1:Deployment", deployment(spec))).toEqual([
      `Deployment "subject", container "app", spec.template.spec.containers[0].resources: set ${missing}`,
    ]);
  });

  it("refuses absent resources, of init containers too", async () => {
    const spec = podSpec({ containers: [{ name: "app" }], initContainers: [{ name: "init" }] });
    expect(
      await violations(policy, "batch/v1:CronJob", nested("spec.jobTemplate.spec.template.spec", spec)),
    ).toEqual([
      `CronJob "subject", container "app", spec.jobTemplate.spec.template.spec.containers[0].resources: set ${all}`,
      `CronJob "subject", container "init", spec.jobTemplate.spec.template.spec.initContainers[0].resources: set ${all}`,
    ]);
  });

  it("leaves out ephemeral containers, which can not have any", async () => {
    const spec = podSpec({ ephemeralContainers: [{ name: "debug" }] });
    expect(await violations(policy, "core/v1:Pod", { spec })).toEqual([]);
  });

  it("says as an advisory that a quantity is not known yet", async () => {
    const resources = { requests: { cpu: "1", memory: unknown }, limits: { cpu: "1", memory: "1Gi" } };
    const spec = podSpec({ containers: [container({ resources })] });
    expect(await analyze(policy, "apps/v1:Deployment", deployment(spec))).toEqual([
      {
        level: "advisory",
        message:
          "can't run policy 'require-requests-and-limits' from policy pack 'federation@v0.1.0' during preview: string value at .spec.template.spec.containers.0.resources.requests.memory can't be known during preview",
      },
    ]);
  });
});
