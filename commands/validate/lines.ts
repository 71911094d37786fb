import { readFileSync } from "node:fs";
import { MINIO_JOBS, MLFLOW_JOB } from "../../components/monitoring/serviceJobs";
import { expectedModels } from "../../settings/serving";
import { Prometheus } from "../preview/prometheus";
import { gatherBytes, judgeBytes } from "./lines/bytes";
import { DCGM_JOB, gatherGpus, judgeGpus } from "./lines/gpus";
import { gatherGrafana, grafanaAccess, judgeGrafana } from "./lines/grafana";
import { gatherRegistry, gatherStore, judgeAnswers } from "./lines/reach";
import { benchmarkUser, gatherRemoteWrite, judgeRemoteWrite } from "./lines/remoteWrite";
import { gatherServed, judgeServed, servedPods } from "./lines/served";
import type { Told } from "./lines/targets";
import { canaryLine, federationLine, landingZoneLine, sourceLine } from "./memberLines";
import type { ValidateOptions } from "./options";
import type { Line } from "./run";
import {
  alertsLine,
  clusterLine,
  hubAlertmanagersToldBy,
  prometheusLine,
  rulesLine,
  targetsLine,
} from "./siteLines";
import type { HubSite, MemberSite, Sites } from "./sites";
import { adminBucket, hubRegistry, memberRegistry } from "./stores";
import { notApplicable } from "./verdict";

const LIMIT = 60;
/** Time to read back what is asked for, beside that. */
const BYTES_A_SECOND = 2 ** 20;

const NO_LANDING_ZONE = "federation:hub.landingZone is not set: members bring no models";

const memberSites = ({ members }: Sites): readonly MemberSite[] =>
  members.flatMap((entry) => ("site" in entry ? [entry.site] : []));

/** MinIO and MLflow, which run beside the clusters. */
function storeLines(sites: Sites): readonly Line[] {
  const { hub } = sites;
  const minio =
    "whether it runs, its certificate (landingZone.minio.caFile), and federation:minioCredentials";
  const mlflow =
    "whether it runs, its certificate (landingZone.mlflow.caFile), and federation:mlflowCredentials";
  return [
    {
      key: "store",
      title: "MinIO answers",
      needs: [],
      limitSeconds: LIMIT,
      action: minio,
      check: async () => {
        const bucket = adminBucket(hub);
        if (bucket === undefined) return notApplicable(NO_LANDING_ZONE);
        return judgeAnswers(await gatherStore(bucket), "MinIO", minio);
      },
    },
    {
      key: "registry",
      title: "MLflow answers",
      needs: [],
      limitSeconds: LIMIT,
      action: mlflow,
      check: async () => {
        const own = hubRegistry(hub);
        if (own === undefined) return notApplicable(NO_LANDING_ZONE);
        const others = memberSites(sites).flatMap((site) => {
          const registry = memberRegistry(site);
          return registry === undefined ? [] : [{ name: site.cluster, registry }];
        });
        return judgeAnswers(
          await gatherRegistry([{ name: hub.cluster, registry: own }, ...others]),
          "MLflow",
          mlflow,
        );
      },
    },
  ];
}

function bytesLine({ hub, members }: Sites, options: ValidateOptions): Line {
  return {
    key: "bytes",
    title: "Registry and bytes agree",
    needs: ["store", "registry"],
    limitSeconds: LIMIT + options.readBytes / BYTES_A_SECOND,
    action: "read fewer bytes (--read MIB) or fewer versions (--versions N) where it takes too long",
    check: async () => {
      const [bucket, registry] = [adminBucket(hub), hubRegistry(hub)];
      if (bucket === undefined || registry === undefined) return notApplicable(NO_LANDING_ZONE);
      const { versions: newest, readBytes } = options;
      const names = members.map(({ cluster }) => cluster);
      return judgeBytes(await gatherBytes(bucket, registry, names, { newest, readBytes }));
    },
  };
}

function grafanaLine(hub: HubSite): Line {
  return {
    key: "grafana",
    title: "Grafana has its data source and dashboards",
    needs: [],
    limitSeconds: LIMIT,
    action: "whether it runs and is reached from here; `pulumi up` of the hub's stack",
    check: async () => {
      const access = grafanaAccess(hub, (file) => readFileSync(file, "utf8"));
      return typeof access === "string" ? notApplicable(access) : judgeGrafana(await gatherGrafana(access));
    },
  };
}

const servedKey = (model: string): string => `served/${model}`;
const gpusKey = (model: string): string => `gpus/${model}`;

/** What is served of a model, and the GPUs that it holds. */
function servedLines(sites: Sites, model: string, requests: ValidateOptions["requests"]): readonly Line[] {
  const { hub } = sites;
  const cluster = `cluster/${hub.cluster}`;
  const template = (member: string): string =>
    memberSites(sites).find((site) => site.cluster === member)?.settings.member.modelSync?.registeredName ??
    "{member}-{model}";
  return [
    {
      key: servedKey(model),
      title: `Served model ${model} answers and is the registered one`,
      needs: [cluster, "registry"],
      limitSeconds: LIMIT,
      action: "docs/runbook.md, ServingDown",
      check: async ({ signal }) => {
        const registry = hubRegistry(hub);
        if (registry === undefined) return notApplicable(NO_LANDING_ZONE);
        const file = requests[model];
        const body = file === undefined ? undefined : readFileSync(file, "utf8");
        return judgeServed(await gatherServed(hub.kube, registry, model, template, body, signal));
      },
    },
    {
      key: gpusKey(model),
      title: `GPU metrics are joined to ${model}`,
      needs: [cluster, `prometheus/${hub.cluster}`, servedKey(model)],
      limitSeconds: LIMIT,
      action: "the GPU operator's DCGM exporter, and job dcgm-exporter of the hub's Prometheus",
      check: async ({ signal }) => {
        const { dcgmExporter } = hub.settings.hub.kubernetes;
        if (dcgmExporter === undefined)
          return notApplicable(
            "federation:hub.kubernetes.dcgmExporter is not set: no GPU of this cluster is measured",
          );
        const pods = await servedPods(hub.kube, model, signal);
        return judgeGpus(
          await gatherGpus(hub.prometheus(), hub.cluster, model, pods, await hub.scrapeSeconds()),
        );
      },
    },
  ];
}

/** Where no model is served, both lines say so. */
const nothingServed = (hub: HubSite): readonly Line[] =>
  [
    ["served", "Served models answer and are the registered ones"],
    ["gpus", "GPU metrics are joined to served models"],
  ].map(([key = "", title = ""]) => ({
    key,
    title,
    needs: [],
    limitSeconds: LIMIT,
    action: "",
    check: () =>
      Promise.resolve(notApplicable(`federation:hub.serving and servedModels of ${hub.stack} are empty`)),
  }));

function remoteWriteLine(hub: HubSite): Line {
  return {
    key: "remote-write",
    title: "Remote write from k6 is accepted",
    needs: [`prometheus/${hub.cluster}`],
    limitSeconds: LIMIT,
    action: "`pulumi up` of the hub's stack",
    check: async () => {
      const { hubSecrets } = hub.settings;
      const user = benchmarkUser(hubSecrets, hub.cluster);
      const { caCertificate: ca, prometheusUrl: url } = hub.outputs;
      if (user === undefined || url === undefined || ca === undefined)
        return notApplicable("the hub's credentials hold no user with whom benchmarks write (npm run init)");
      const writer = new Prometheus({
        url,
        ca,
        auth: `${user.username}:${user.password}`,
        timeoutMs: 15_000,
      });
      return judgeRemoteWrite(await gatherRemoteWrite(hub, writer, user.username));
    },
  };
}

/** Lines that tell of targets of the hub's Prometheus themselves. */
function hubTold({ members, hub }: Sites, models: readonly string[]): readonly Told[] {
  return [
    { key: "store", covers: (pool) => pool in MINIO_JOBS },
    { key: "registry", covers: (pool) => pool === MLFLOW_JOB },
    ...members.map(({ cluster }) => ({
      key: `federation/${cluster}`,
      covers: (pool: string) => pool.startsWith("federate-") && pool.endsWith(`/${cluster}`),
    })),
    hubAlertmanagersToldBy(hub.cluster, ["alertmanager"]),
    ...models.map((model) => ({ key: gpusKey(model), covers: (pool: string) => pool === DCGM_JOB })),
  ];
}

/** Every integration point of a hub and its members, each after those that it depends on. */
export function linesOf(sites: Sites, options: ValidateOptions): readonly Line[] {
  const { hub, members } = sites;
  const models = expectedModels(hub.settings.hub);
  const every = [{ cluster: hub.cluster, site: hub }, ...members];
  return [
    ...every.map(clusterLine),
    ...every.map(prometheusLine),
    ...storeLines(sites),
    ...members.map(sourceLine),
    ...members.map((entry) => landingZoneLine(hub, entry)),
    bytesLine(sites, options),
    ...members.map((entry) => federationLine(hub, entry)),
    ...every.map(rulesLine),
    ...every.map((entry) => alertsLine(hub, entry)),
    grafanaLine(hub),
    ...(models.length === 0
      ? nothingServed(hub)
      : models.flatMap((model) => servedLines(sites, model, options.requests))),
    targetsLine({ cluster: hub.cluster, site: hub }, hubTold(sites, models)),
    ...members.map((entry) =>
      targetsLine(entry, [
        hubAlertmanagersToldBy(entry.cluster, ["alertmanager", "hub-alertmanager"]),
        hubAlertmanagersToldBy(hub.cluster, ["hub-alertmanager"]),
      ]),
    ),
    remoteWriteLine(hub),
    ...members.map((entry) => canaryLine(hub, entry, options)),
  ];
}
