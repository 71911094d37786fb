import { z } from "zod";
import * as fields from "./fields";
import { object } from "./fields";
import type { HttpCredentials } from "./types";

/** A member's Prometheus that the site has already, run by the Prometheus Operator (kube-prometheus-stack). */
export const sitePrometheus = object({
  mode: z.literal("existing"),
  url: fields.httpsUrl,
  /** Relative to the project's folder; absent: the system's roots. */
  caFile: fields.certificatesFile.exactOptional(),
  /** The operator's object `Prometheus`. */
  object: object({ namespace: fields.namespaceName, name: fields.kubernetesName }),
  /** What its selectors of rules and scrape jobs ask for; absent: they ask for none. */
  labels: fields.labels.exactOptional(),
  evaluationInterval: fields.duration.default("30s"),
  /** Whether every run of the program asks it first. */
  check: z.boolean({ error: "must be true or false" }).default(true),
});

/** How the hub reaches the Prometheus that a member's site has; absent where the member's stack deploys one. */
export const memberSite = object({
  mode: z.literal("existing", { error: "must be existing, or absent where the member's stack deploys it" }),
  caFile: fields.certificatesFile.exactOptional(),
});

const CREDENTIALS = "must be {username, password} or {token}";
const text = z.string({ error: CREDENTIALS }).min(1, { error: CREDENTIALS });

/** With which a Prometheus of a site is read. */
export const httpCredentials = z
  .union([z.strictObject({ username: text, password: text }), z.strictObject({ token: text })], {
    error: CREDENTIALS,
  })
  .transform((value): HttpCredentials =>
    "token" in value ? { kind: "bearer", ...value } : { kind: "basic", ...value },
  );

/** The same by member. */
export const memberCredentials = z.record(fields.clusterName, httpCredentials, {
  error: "must be {username, password} or {token} by member",
});
