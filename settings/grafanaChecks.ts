import { z } from "zod";
import type { HubSecrets } from "./credentials";
import { object } from "./fields";
import type { Problem } from "./problems";
import { NAMESPACE, type Reader } from "./reader";
import type { HubObject } from "./schema";
import { givenSecret } from "./transferChecks";

const KEY = `${NAMESPACE}hub.grafana`;

/** `federation:grafanaCredentials`: with which the stack writes to a Grafana that the site has. */
export const grafanaTokenSchema = object({
  token: z.string({ error: "must be a token" }).min(1, { error: "must be a token" }),
});
export type GrafanaToken = z.output<typeof grafanaTokenSchema>;

/** What a Grafana asks of the rest of the hub's object. */
function problems({ grafana, prometheus }: HubObject): readonly Problem[] {
  if (grafana === undefined) return [];
  const port = grafana.mode === "deploy" ? grafana.expose?.port : undefined;
  const taken =
    grafana.mode === "deploy" &&
    grafana.expose?.kind === "nodePort" &&
    prometheus.expose?.kind === "nodePort" &&
    grafana.expose.port === prometheus.expose.port;
  return [
    ...(prometheus.existingSecrets === undefined
      ? []
      : [
          {
            key: KEY,
            message:
              "needs the passwords and certificates that npm run init makes: not possible together with hub.prometheus.existingSecrets",
          },
        ]),
    ...(grafana.mode === "existing" && prometheus.expose === undefined
      ? [
          {
            key: KEY,
            message:
              "with mode existing needs hub.prometheus.expose: a Grafana outside the namespace reaches Prometheus only there",
          },
        ]
      : []),
    ...(taken
      ? [
          {
            key: `${KEY}.expose.nodePort`,
            value: String(port),
            message: "must be another port: it is hub.prometheus.expose.nodePort",
          },
        ]
      : []),
  ];
}

/** Checks the hub's Grafana; its token where it needs one. Problems are told to the reader. */
export function hubGrafanaToken(reader: Reader, hub: HubObject | undefined): GrafanaToken | undefined {
  if (hub === undefined) return undefined;
  reader.add(...problems(hub));
  return givenSecret(
    reader,
    "grafanaCredentials",
    hub.grafana?.mode === "existing",
    (value) => reader.check("grafanaCredentials", grafanaTokenSchema, value),
    `pulumi config set --secret --path ${NAMESPACE}grafanaCredentials.token TOKEN, of a service account that may ` +
      "write folders, data sources and dashboards",
  );
}

/** Told where a generation lacks what a Grafana of the stack's own needs. */
export function missingGrafana(
  { generations }: HubSecrets,
  { grafana }: HubObject,
  cluster: string,
  stack: string,
): readonly Problem[] {
  const lacks = generations.some(({ clusters }) => clusters[cluster]?.grafana === undefined);
  return grafana?.mode === "deploy" && lacks
    ? [
        {
          key: `${NAMESPACE}hubSecrets`,
          message: `has no password and certificate of Grafana: npm run init -- --stack ${stack} makes them`,
        },
      ]
    : [];
}
