import type * as pulumi from "@pulumi/pulumi";
import type { HubSettings } from "../../../settings";
import { only, valueOf } from "../../support/mocks";
import { pricePerGpuHour } from "../../support/sites";
import { added, run } from "./run";
import { benchmarked, hub, landingZone, served } from "./samples";

describe("the program", () => {
  it("adds what scales and places served models to a hub, in a preview too", async () => {
    const settings = { ...hub, serving: [served] };
    const up = await added(hub, settings);
    expect(up).toEqual([
      "federation:performance:ModelServing serving-chat",
      "kubernetes:apps/v1:Deployment serving-chat-deployment",
      "kubernetes:apps/v1:DeploymentPatch serving-chat-deployment-fields",
      "kubernetes:autoscaling/v2:HorizontalPodAutoscaler serving-chat-autoscaler",
      "kubernetes:policy/v1:PodDisruptionBudget serving-chat-disruption-budget",
    ]);
    expect(await added(hub, settings, { preview: true })).toEqual(up);
  });

  it("adds benchmarks to a hub that lists targets, in a preview too, and nothing where it lists none", async () => {
    const base = { ...hub, landingZone };
    const settings = { ...base, ...benchmarked };
    const up = await added(base, settings);
    expect(up).toEqual([
      "federation:kubernetes:FederationNamespace benchmarks",
      "federation:performance:InferenceBenchmark benchmark-llama-a6000",
      "kubernetes:batch/v1:CronJob benchmark-llama-a6000-cron-job",
      "kubernetes:batch/v1:Job benchmark-llama-a6000-job",
      "kubernetes:core/v1:ConfigMap benchmark-llama-a6000-config",
      "kubernetes:core/v1:ConfigMap benchmark-llama-a6000-driver",
      "kubernetes:core/v1:ConfigMap benchmark-llama-a6000-job-config",
      "kubernetes:core/v1:ConfigMap benchmark-llama-a6000-load",
      "kubernetes:core/v1:Namespace benchmarks-namespace",
      "kubernetes:core/v1:Secret benchmark-llama-a6000-credentials",
      "kubernetes:core/v1:ServiceAccount benchmark-llama-a6000-service-account",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy benchmarks-benchmark-llama-a6000",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy benchmarks-default-deny",
      "kubernetes:rbac.authorization.k8s.io/v1:Role benchmark-llama-a6000-role",
      "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding benchmark-llama-a6000-role-binding",
    ]);
    expect(await added(base, settings, { preview: true })).toEqual(up);
    const { registrations, outputs } = await run(settings);
    const { data } = only(registrations, "benchmark-llama-a6000-config").inputs as {
      data: Record<string, string>;
    };
    expect(JSON.parse(data["config.json"] ?? "")).toMatchObject({
      target: { cluster: "cloud", pricePerGpuHour },
      prometheus: { url: "https://prometheus.federation.svc:9090", settleSeconds: 35 },
      store: { url: landingZone.minio.url, region: "us-east-1", bucket: "benchmarks" },
      registry: { url: landingZone.mlflow.url },
    });
    const reports = outputs.benchmarkReports as Readonly<Record<string, pulumi.Output<string>>>;
    expect(await valueOf(reports["llama-a6000"]!)).toBe("s3://benchmarks/llama-3-8b/");
    expect((await run(base)).outputs).not.toHaveProperty("benchmarkReports");
  });

  it("lets benchmarks write to the hub's Prometheus, and only where there are some", async () => {
    const written = async (settings: HubSettings): Promise<readonly boolean[]> => {
      const { registrations } = await run(settings);
      const pod = JSON.stringify(only(registrations, "prometheus-stateful-set").inputs);
      const policy = JSON.stringify(only(registrations, "federation-prometheus").inputs);
      return [
        pod.includes("--web.enable-remote-write-receiver"),
        policy.includes('{"kubernetes.io/metadata.name":"benchmarks"}'),
      ];
    };
    expect(await written(hub)).toEqual([false, false]);
    expect(await written({ ...hub, landingZone, ...benchmarked })).toEqual([true, true]);
  });
});
