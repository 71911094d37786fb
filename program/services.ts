import * as pulumi from "@pulumi/pulumi";
import { serviceFiles } from "../components/monitoring/serviceJobs";
import type { ServiceTargets } from "../components/monitoring/serviceJobs";
import type { HubSettings, Settings } from "../settings";

/** The servers of the landing zone whose metrics are read; undefined where the stack has none. */
export function serviceTargets(settings: Settings): ServiceTargets | undefined {
  if (settings.role !== "hub" || settings.landingZone === undefined) return undefined;
  const { minio, mlflow, metricsToken, mlflowCredentials } = settings.landingZone;
  return {
    minio: {
      servers: minio.metrics.servers ?? [minio.url],
      ownCa: minio.ca !== undefined,
      token: metricsToken !== undefined,
    },
    ...(mlflow.metrics
      ? {
          mlflow: {
            url: mlflow.url,
            ownCa: mlflow.ca !== undefined,
            user: mlflowCredentials !== undefined,
          },
        }
      : {}),
  };
}

/** The files that those are scraped with, among the credentials of the hub's Prometheus. */
export function serviceCredentials({
  landingZone,
}: HubSettings): pulumi.Output<Readonly<Record<string, string>>> {
  if (landingZone === undefined) return pulumi.output<Record<string, string>>({});
  const { minio, mlflow, metricsToken, mlflowCredentials } = landingZone;
  return pulumi.all([pulumi.output(metricsToken), pulumi.output(mlflowCredentials)]).apply(([token, user]) =>
    serviceFiles({
      minio: { ca: minio.ca, token },
      ...(mlflow.metrics ? { mlflow: { ca: mlflow.ca, user } } : {}),
    }),
  );
}
