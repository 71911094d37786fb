import * as pulumi from "@pulumi/pulumi";
import { FederationNamespace } from "../components/kubernetes/federationNamespace";
import type { VerifiedCluster } from "../components/kubernetes/verifiedCluster";
import { benchmarkFlows } from "../components/performance/flows";
import { InferenceBenchmark } from "../components/performance/inferenceBenchmark";
import type { HubSettings, LandingZone } from "../settings";
import { durationMilliseconds } from "../settings/quantities";
import type { Monitoring } from "./monitoring";
import { knobsByTarget } from "./serving";
import type { DeclaredLandingZone } from "./transfer";

/** What benchmarks need of the rest of the program. */
export interface BenchmarkSurroundings {
  readonly monitoring: Monitoring;
  readonly landingZone: DeclaredLandingZone | undefined;
  /** What scales and places served models: a run measures what an `up` has set. */
  readonly serving: readonly pulumi.Resource[];
}

/** Settings of the registry as a benchmark works with it. */
function registryOf({ mlflow, mlflowCredentials }: LandingZone) {
  return { url: mlflow.url, ca: mlflow.ca, credentials: mlflowCredentials };
}

/** Measures the served models that the hub lists; where the reports of each are. Undefined where it lists none. */
export function declareBenchmarks(
  settings: HubSettings,
  { monitoring, landingZone: made, serving }: BenchmarkSurroundings,
  { provider }: VerifiedCluster,
): Readonly<Record<string, pulumi.Output<string>>> | undefined {
  const { benchmarks, benchmarkCredentials: credentials, landingZone: zone, images, stack } = settings;
  if (benchmarks === undefined) return undefined;
  if (credentials === undefined || zone === undefined || made === undefined)
    throw new pulumi.RunError(
      `federation:hub.benchmarks: needs hub.landingZone and the users that npm run init -- --stack ${stack} makes`,
    );
  const knobs = knobsByTarget(settings);
  const place = new FederationNamespace(
    "benchmarks",
    {
      name: benchmarks.namespace,
      podSecurity: "restricted",
      flows: benchmarkFlows({
        targets: benchmarks.targets,
        apiServer: settings.kubernetes.apiServer,
        monitoringNamespace: settings.namespace,
        storeUrl: zone.minio.url,
        registryUrl: zone.mlflow.url,
      }),
      protect: false,
    },
    { provider },
  );
  return Object.fromEntries(
    benchmarks.targets.map((target) => {
      const { reports } = new InferenceBenchmark(
        `benchmark-${target.name}`,
        {
          namespace: place.namespaceName,
          images,
          scripts: benchmarks.scripts,
          cluster: settings.cluster,
          target,
          pricePerGpuHour: settings.pricePerGpuHour,
          currency: settings.currency,
          knobs: knobs[target.name] ?? {},
          prometheus: {
            url: monitoring.prometheusUrl,
            scrapeSeconds: (durationMilliseconds(settings.prometheus.scrapeInterval) ?? 0) / 1000,
            credentials: credentials.prometheus,
          },
          store: {
            url: zone.minio.url,
            region: zone.minio.region,
            ca: zone.minio.ca,
            bucket: made.outputs.benchmarksBucket,
            credentials: credentials.store,
          },
          registry: registryOf(zone),
        },
        // what a run writes to must be there before it and let it in, and what it measures be as it is set
        { provider, dependsOn: [made.component, place, ...serving] },
      );
      return [target.name, reports];
    }),
  );
}
