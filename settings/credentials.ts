import { createPrivateKey, X509Certificate } from "node:crypto";
import { z } from "zod";
import { clusterName, object } from "./fields";
import type { TrustedUser, UserPassword, WebCredentials } from "./types";

/*
 * Credentials come in generations: one in force, or two while they rotate. Four `up`s lead from the old one to the new
 * one, and what each side shows, trusts and accepts in between is decided here:
 *
 *   both generations exist   every CA bundle holds both CAs, every Prometheus accepts the users of both
 *   the hub                  serves its old certificate and still scrapes with the old passwords
 *   a member                 serves its new certificate, followed by the new CA as signed by the old one, so that a hub
 *                            verifies it whether it trusts the old CA alone (its Secret not yet synced), both, or the
 *                            new one alone (rotation finished there first)
 *
 * Passwords have no such bridge: a side may drop or use a password only once the other side's Secret is synced. So each
 * `up` waits until the one before has reached its pods (npm run init says so).
 */

const hidden = "must be what npm run init wrote: run it again";

function readable(read: () => boolean): boolean {
  try {
    return read();
  } catch {
    return false;
  }
}

const certificate = z
  .string({ error: hidden })
  .refine((pem) => readable(() => new X509Certificate(pem).subject !== ""), {
    error: `${hidden} (not a PEM certificate)`,
  });

const pairShape = { certificate, key: z.string({ error: hidden }) };

function isPair(pair: { readonly certificate: string; readonly key: string }): boolean {
  return readable(() => new X509Certificate(pair.certificate).checkPrivateKey(createPrivateKey(pair.key)));
}

const notAPair = { error: `${hidden} (the key is not the certificate's)` };

const user = object({
  username: z.string({ error: hidden }).regex(/^[a-z]+(-[a-z0-9]+)*-\d+$/, { error: hidden }),
  password: z.string({ error: hidden }).min(32, { error: `${hidden} (password too short)` }),
  hash: z
    .string({ error: hidden })
    .regex(/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/, { error: `${hidden} (no bcrypt hash)` }),
});

const secretKey = z
  .string({ error: hidden })
  .min(32, { error: `${hidden} (secret key too short)` })
  .exactOptional();

const cluster = object({
  server: object(pairShape).refine(isPair, notAPair),
  local: user,
  federation: user.exactOptional(),
  /** Of a member: the user with whom its Prometheus sends alerts to the hub. */
  alerts: user.exactOptional(),
  /** Of a hub with a landing zone: the user with whom benchmarks write the load they make to its Prometheus. */
  benchmark: user.exactOptional(),
  /** Secret keys of the S3 users of a landing zone: a member's two, the hub's own four. */
  s3: object({
    writer: secretKey,
    reader: secretKey,
    retention: secretKey,
    retentionReader: secretKey,
    metrics: secretKey,
    benchmark: secretKey,
  }).exactOptional(),
  /** Of a hub that deploys a Grafana: its server certificate, and its administrator's password. */
  grafana: object({
    server: object(pairShape).refine(isPair, notAPair),
    password: z.string({ error: hidden }).min(32, { error: `${hidden} (password too short)` }),
  }).exactOptional(),
});

const generation = object({
  id: z.int({ error: hidden }).min(1, { error: hidden }),
  ca: object({ ...pairShape, crossSigned: certificate.exactOptional() }).refine(isPair, notAPair),
  clusters: z.record(clusterName, cluster, { error: hidden }),
});

export const hubSecretsSchema = object({
  generations: z
    .tuple([generation], generation, { error: hidden })
    .refine(
      ([first, second, third]) => third === undefined && (second === undefined || second.id > first.id),
      {
        error: `${hidden} (one generation, or the old and then the new)`,
      },
    ),
});

/** A user of a Prometheus's web endpoint: password for clients, bcrypt hash for the server. */
export type User = z.output<typeof user>;
/** One cluster's own: server certificate, the local user and, of a member, the user the hub scrapes it with. */
export type ClusterCredentials = z.output<typeof cluster>;
/** A CA and all that it vouches for; `crossSigned` is its certificate as signed by the generation before, while both are in force. */
export type Generation = z.output<typeof generation>;
/** `federation:hubSecrets`: the generation in force, or the old and the new one. */
export type HubSecrets = z.output<typeof hubSecretsSchema>;

/** A cluster's part of one generation. */
export interface Part {
  readonly generation: Generation;
  readonly own: ClusterCredentials;
}

/** A cluster's part of each generation, oldest first; throws where one has none. */
export function partsOf(secrets: HubSecrets, cluster: string): readonly [Part, ...Part[]] {
  const part = (generation: Generation): Part => {
    const own = generation.clusters[cluster];
    if (own === undefined)
      throw new Error(`generation ${generation.id} holds no credentials of cluster ${cluster}`);
    return { generation, own };
  };
  const [first, ...newer] = secrets.generations;
  return [part(first), ...newer.map(part)];
}

function joined(pems: readonly (string | undefined)[]): string {
  return pems
    .filter((pem) => pem !== undefined)
    .map((pem) => `${pem.trimEnd()}\n`)
    .join("");
}

function webCredentials(parts: readonly [Part, ...Part[]], serving: Part): WebCredentials {
  const users = parts.flatMap(({ own: { local, federation, benchmark } }) =>
    [local, federation, benchmark].filter((user) => user !== undefined),
  );
  const { username, password } = parts[0].own.local;
  const bridge = serving === parts[0] ? undefined : serving.generation.ca.crossSigned;
  return {
    caCertificates: joined(parts.map(({ generation }) => generation.ca.certificate)),
    serverCertificate: joined([serving.own.server.certificate, bridge]),
    serverKey: serving.own.server.key,
    users: Object.fromEntries(users.map((one) => [one.username, one.hash])),
    local: { username, password },
  };
}

/** What the hub's own Prometheus serves, trusts and accepts; `cluster` is the hub's name. */
export function hubWebCredentials(secrets: HubSecrets, cluster: string): WebCredentials {
  const parts = partsOf(secrets, cluster);
  return webCredentials(parts, parts[0]);
}

/** What a member's Prometheus serves, trusts and accepts. */
export function memberWebCredentials(secrets: HubSecrets, cluster: string): WebCredentials {
  const parts = partsOf(secrets, cluster);
  return webCredentials(parts, parts[parts.length - 1] ?? parts[0]);
}

/** Per member, the user that the hub scrapes it with. */
export function federationUsers(
  secrets: HubSecrets,
  members: readonly string[],
): Readonly<Record<string, UserPassword>> {
  return Object.fromEntries(
    members.map((member) => {
      const federation = partsOf(secrets, member)[0].own.federation;
      if (federation === undefined)
        throw new Error(`cluster ${member} has no user that the hub could scrape it with`);
      return [member, { username: federation.username, password: federation.password }];
    }),
  );
}

/**
 * With whom benchmarks write to the hub's Prometheus, and what verifies it. While credentials rotate the hub's own
 * clients use the old user, which it knows before and after its Secret is synced.
 */
export function benchmarkUser(secrets: HubSecrets, cluster: string): TrustedUser {
  const [{ generation, own }] = partsOf(secrets, cluster);
  if (own.benchmark === undefined)
    throw new Error(`generation ${generation.id} holds no user with whom benchmarks could write`);
  const { username, password } = own.benchmark;
  return { username, password, ca: hubWebCredentials(secrets, cluster).caCertificates };
}

function alertUsers(secrets: HubSecrets, member: string): readonly [User, ...User[]] {
  const users = partsOf(secrets, member).map(({ generation, own }) => {
    if (own.alerts === undefined)
      throw new Error(`generation ${generation.id} holds no user with whom ${member} could send alerts`);
    return own.alerts;
  });
  return users as [User, ...User[]];
}

/** Whom the hub's Alertmanagers let in beside its own users: every member's Prometheus, of each generation. */
export function alertClients(
  secrets: HubSecrets,
  members: readonly string[],
): Readonly<Record<string, string>> {
  const users = members.flatMap((member) => alertUsers(secrets, member));
  return Object.fromEntries(users.map(({ username, hash }) => [username, hash]));
}

/** With whom a member sends alerts: the newest, since the hub lets it in before it publishes it. */
export function alertUser(secrets: HubSecrets, member: string): UserPassword {
  const users = alertUsers(secrets, member);
  const { username, password } = users[users.length - 1] ?? users[0];
  return { username, password };
}
