import type * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { Settings } from "../../../settings";
import { only, summary, valueOf } from "../../support/mocks";
import type { Registration } from "../../support/mocks";
import { COMMON, added, run } from "./run";
import { hub, landingZone, member, modelSync } from "./samples";

describe("the program", () => {
  it("adds the landing zone and retention to a hub, in a preview too", async () => {
    const up = await added(hub, { ...hub, landingZone });
    expect(up.filter((name) => /federation:|pulumi:|Namespace/.test(name))).toEqual([
      "federation:kubernetes:FederationNamespace transfer",
      "federation:transfer:ModelLandingZone landing-zone",
      "federation:transfer:ModelRetention model-retention",
      "kubernetes:core/v1:Namespace transfer-namespace",
      "pulumi:providers:minio minio",
    ]);
    expect(up.filter((name) => name.startsWith("minio:"))).toHaveLength(4 + 4 * 3);
    expect(await added(hub, { ...hub, landingZone }, { preview: true })).toEqual(up);
  });

  it("touches MinIO by its own provider, and only once the cluster is known to be the right one", async () => {
    const into: Registration[] = [];
    await run({ ...hub, landingZone }, { into });
    expect(into.filter(({ type }) => type.startsWith("minio:")).map(({ provider }) => provider)).toEqual(
      Array<string>(4 + 4 * 3).fill("minio"),
    );
    const { inputs } = only(into, "minio");
    expect(inputs).toMatchObject({
      minioServer: "192.168.200.10:30900",
      minioRegion: "us-east-1",
      minioSsl: "true",
    });
    const identity = into.findIndex(({ name }) => name === "cluster-identity");
    expect(into.findIndex(({ name }) => name === "minio")).toBeGreaterThan(identity);
  });

  it("adds the transfer to a member, in a preview too, in a namespace that admits its mount", async () => {
    const { registrations } = await run({ ...member, modelSync });
    const names = summary(registrations);
    expect(names).toEqual(expect.arrayContaining([...COMMON]));
    expect(names.filter((name) => !COMMON.includes(name) && /federation:|CronJob/.test(name))).toEqual([
      "federation:kubernetes:FederationNamespace transfer",
      "federation:transfer:ModelSync model-sync",
      "kubernetes:batch/v1:CronJob model-sync-run",
      "kubernetes:batch/v1:CronJob model-sync-verify",
    ]);
    const levels = only(registrations, "transfer-namespace").inputs as {
      metadata: { labels: Record<string, string> };
    };
    expect(levels.metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("privileged");
    expect(summary((await run({ ...member, modelSync }, { preview: true })).registrations)).toEqual(names);
  });

  it("scrapes what it moves models with, and only then", async () => {
    const jobs = async (settings: Settings): Promise<string> => {
      const { registrations } = await run(settings);
      const config = only(registrations, "prometheus-config").inputs as { data: Record<string, string> };
      return config.data["prometheus.yml"] ?? "";
    };
    expect(await jobs(member)).not.toContain("model-transfer");
    expect(await jobs({ ...member, modelSync })).toContain("app.kubernetes.io/name=model-sync-exporter");
    expect(await jobs(hub)).not.toContain("model-transfer");
    expect(await jobs({ ...hub, landingZone })).toContain("app.kubernetes.io/name=model-retention-exporter");
  });

  it("scrapes object store and registry of a landing zone with their CAs and credentials, and only then", async () => {
    const jobsAndFiles = async (settings: Settings) => {
      const { registrations } = await run(settings);
      const config = only(registrations, "prometheus-config").inputs as { data: Record<string, string> };
      const { data } = only(registrations, "prometheus-credentials").inputs as {
        data: { value: Record<string, string> };
      };
      const { scrape_configs } = parse(config.data["prometheus.yml"] ?? "") as {
        scrape_configs: { job_name: string }[];
      };
      const files = Object.entries(data.value)
        .filter(([name]) => /^(minio|mlflow)\./.test(name))
        .map(([name, text]) => [name, Buffer.from(text, "base64").toString()]);
      const jobs = scrape_configs
        .map(({ job_name }) => job_name)
        .filter((job) => /^(minio|mlflow)/.test(job));
      return { jobs, files: Object.fromEntries(files) as Readonly<Record<string, string>> };
    };
    expect(await jobsAndFiles(hub)).toEqual({ jobs: [], files: {} });
    expect(await jobsAndFiles({ ...hub, landingZone })).toEqual({
      jobs: ["minio", "minio-api", "mlflow"],
      files: {
        "minio.ca.crt": "ca of minio",
        "minio.token": "token of minio",
        "mlflow.ca.crt": "ca of mlflow",
        "mlflow.password": "hub-password",
        "mlflow.username": "hub",
      },
    });
    const { metricsToken: _token, mlflowCredentials: _user, ...open } = landingZone;
    const mlflow = { ...landingZone.mlflow, allowUnauthenticated: true, metrics: false };
    expect(await jobsAndFiles({ ...hub, landingZone: { ...open, mlflow } })).toEqual({
      jobs: ["minio", "minio-api"],
      files: { "minio.ca.crt": "ca of minio" },
    });
  });

  it("says where models arrive, where they do", async () => {
    const { outputs } = await run({ ...hub, landingZone });
    const zone = outputs.landingZone as { modelsBucket: pulumi.Output<string> };
    expect(zone).toMatchObject({
      minioUrl: "https://192.168.200.10:30900",
      region: "us-east-1",
      mlflowUrl: "https://192.168.200.10:30500",
    });
    expect(await valueOf(zone.modelsBucket)).toBe("models");
  });
});
