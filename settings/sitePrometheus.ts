import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { optional } from "./optional";
import { NAMESPACE, type Reader } from "./reader";
import type { HubObject, MemberObject } from "./schema";
import { httpCredentials, memberCredentials } from "./sitePrometheusSchema";
import { givenSecret } from "./transferChecks";
import type { HttpCredentials, Member, PrometheusSettings, UserPassword } from "./types";

const SET = `pulumi config set --secret --path ${NAMESPACE}`;

/** The exporters that come with such a Prometheus, and that the stack neither declares nor scrapes there. */
const SITE_EXPORTERS = ["kubeStateMetrics", "nodeExporter"] as const;

/** `federation:prometheusCredentials`: with which a member's stack, and the hub, read the site's Prometheus. */
export function memberPrometheusCredentials(
  reader: Reader,
  member: MemberObject | undefined,
): HttpCredentials | undefined {
  if (member === undefined) return undefined;
  const existing = member.prometheus.kind === "existing";
  const kubernetes =
    (reader.json("member") as { readonly kubernetes?: object } | undefined)?.kubernetes ?? {};
  if (existing)
    reader.add(
      ...SITE_EXPORTERS.filter((name) => name in kubernetes).map((name) => ({
        key: `${NAMESPACE}member.kubernetes.${name}`,
        message: "must be absent: with prometheus.mode existing the site's Prometheus scrapes the site's own",
      })),
    );
  return givenSecret(
    reader,
    "prometheusCredentials",
    existing,
    (value) => reader.check("prometheusCredentials", httpCredentials, value),
    `${SET}prometheusCredentials.username NAME, then .password; or .token TOKEN`,
  );
}

/** `federation:memberPrometheusCredentials`: the same of every such member, with which the hub federates it. */
export function hubMemberCredentials(
  reader: Reader,
  hub: HubObject | undefined,
): Readonly<Record<string, HttpCredentials>> {
  if (hub === undefined) return {};
  const key = "memberPrometheusCredentials";
  const asked = hub.members.filter(({ existing }) => existing !== undefined).map(({ cluster }) => cluster);
  const given = givenSecret(
    reader,
    key,
    asked.length > 0,
    (value) => reader.check(key, memberCredentials, value),
    `${SET}${key}.${asked[0] ?? ""}.username NAME, then .password; or .token TOKEN`,
  );
  if (asked.length > 0 && hub.prometheus.existingSecrets !== undefined)
    reader.add({
      key: `${NAMESPACE}hub.members`,
      message: "with prometheus.mode existing are not possible together with hub.prometheus.existingSecrets",
    });
  if (given === undefined) return {};
  reader.add(
    ...asked
      .filter((cluster) => given[cluster] === undefined)
      .map((cluster) => ({
        key: `${NAMESPACE}${key}.${cluster}`,
        message: `is missing: ${SET}${key}.${cluster}.username NAME, then .password; or .token TOKEN`,
      })),
    ...Object.keys(given)
      .filter((cluster) => !asked.includes(cluster))
      .map((cluster) => ({
        key: `${NAMESPACE}${key}.${cluster}`,
        message: "must be absent: hub.members lists no such member with prometheus.mode existing",
      })),
  );
  return given;
}

const pemOf = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, "utf8");

/** A member's Prometheus, deployed or the site's. */
export function prometheusSettings(
  prometheus: MemberObject["prometheus"],
  credentials: HttpCredentials | undefined,
): PrometheusSettings {
  if (prometheus.kind === "deploy") return prometheus;
  const { caFile, ...rest } = prometheus;
  // checked before: a Prometheus of the site has its credentials
  const known = credentials ?? { kind: "bearer", token: "" };
  return { ...rest, ...optional("ca", pemOf(caFile)), credentials: pulumi.secret(known) };
}

/** The members as the hub reaches them. */
export function membersOf(
  members: HubObject["members"],
  credentials: Readonly<Record<string, HttpCredentials>>,
): readonly Member[] {
  return members.map(({ existing, ...member }) => ({
    ...member,
    ...(existing === undefined
      ? {}
      : {
          existing: {
            auth: credentials[member.cluster]?.kind ?? "bearer",
            ...optional("ca", pemOf(existing.caFile)),
          },
        }),
  }));
}

/** With whom the hub scrapes each member: by what the site gave, else by the user it made. */
export function federationAccess(
  made: Readonly<Record<string, UserPassword>>,
  given: Readonly<Record<string, HttpCredentials>>,
): Readonly<Record<string, UserPassword | { readonly token: string }>> {
  const plain = ({ kind: _, ...access }: HttpCredentials): UserPassword | { readonly token: string } =>
    access;
  return {
    ...made,
    ...Object.fromEntries(Object.entries(given).map(([cluster, access]) => [cluster, plain(access)])),
  };
}
