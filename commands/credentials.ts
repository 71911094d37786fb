import { randomBytes } from "node:crypto";
import type { ClusterCredentials, Generation, HubSecrets, User } from "../settings/credentials";
import { s3RolesOf } from "../settings/transferCredentials";
import { createCa, createServer, crossSign, daysLeft, uncovered } from "./certificates";
import { completeBenchmarkUser, createBenchmarkUser } from "./benchmarkCredentials";
import { completeGrafana, createGrafana } from "./grafanaCredentials";
import { createUser } from "./users";

/** A cluster whose Prometheus needs credentials. */
export interface ClusterToServe {
  readonly name: string;
  /** Names and addresses that clients reach its Prometheus by. */
  readonly hosts: readonly string[];
  /** Whether the hub scrapes it. */
  readonly member: boolean;
  /** Whether the hub has a landing zone, in whose MinIO the cluster has S3 users. */
  readonly landingZone: boolean;
  /** Names and addresses that people reach its Grafana by; absent where none is deployed. */
  readonly grafana?: readonly string[];
}

/** The changed secrets, and what was done, in sentences that name no secret. */
export interface Change {
  readonly secrets: HubSecrets;
  readonly said: readonly string[];
}

/** 40 characters: the most that every S3 client takes. */
const S3_SECRET_BYTES = 30;
/** Days before the end of a certificate from which init says so. */
const TELL_DAYS = 30;

/** The user with whom a member sends alerts; the hub's Alertmanagers know those of every member, so it carries its name. */
const createAlertUser = (member: string, generation: number): Promise<User> =>
  createUser(`alerts-${member}`, generation);

/** Benchmarks keep their results in the landing zone, and write what they measure to the hub's Prometheus. */
const receivesBenchmarks = ({ member, landingZone }: ClusterToServe): boolean => !member && landingZone;

/** S3 secret keys of a cluster: those that exist stay, those that are missing are made. */
function s3Keys(
  { member }: ClusterToServe,
  found: ClusterCredentials["s3"] = {},
): NonNullable<ClusterCredentials["s3"]> {
  return Object.fromEntries(
    s3RolesOf(member).map((role) => [
      role,
      found[role] ?? randomBytes(S3_SECRET_BYTES).toString("base64url"),
    ]),
  );
}

async function createCluster(
  cluster: ClusterToServe,
  { id, ca }: Pick<Generation, "id" | "ca">,
  now: Date,
): Promise<ClusterCredentials> {
  return {
    server: await createServer(ca, cluster.name, cluster.hosts, now),
    local: await createUser("local", id),
    ...(cluster.member
      ? {
          federation: await createUser("federation", id),
          alerts: await createAlertUser(cluster.name, id),
        }
      : {}),
    ...(cluster.landingZone ? { s3: s3Keys(cluster) } : {}),
    ...(receivesBenchmarks(cluster) ? { benchmark: await createBenchmarkUser(id) } : {}),
    ...(cluster.grafana === undefined ? {} : { grafana: await createGrafana(ca, cluster.grafana, now) }),
  };
}

/** A generation from nothing: a CA, and server certificate and users of every cluster. */
async function createGeneration(
  id: number,
  clusters: readonly ClusterToServe[],
  now: Date,
): Promise<Generation> {
  const ca = await createCa(id, now);
  const entries = await Promise.all(
    clusters.map(async (cluster) => [cluster.name, await createCluster(cluster, { id, ca }, now)] as const),
  );
  return { id, ca, clusters: Object.fromEntries(entries) };
}

/** The first secrets of a hub. */
export async function createSecrets(clusters: readonly ClusterToServe[], now: Date): Promise<Change> {
  return {
    secrets: { generations: [await createGeneration(1, clusters, now)] },
    said: [`made a CA and the credentials of ${clusters.map(({ name }) => name).join(", ")}`],
  };
}

/** One cluster's part: kept where it serves, a new server certificate where hosts are missing, made where there is none. */
async function completeCluster(
  cluster: ClusterToServe,
  generation: Generation,
  now: Date,
): Promise<{ readonly own: ClusterCredentials; readonly said: readonly string[] }> {
  const found = generation.clusters[cluster.name];
  const of = `cluster ${cluster.name} (generation ${generation.id})`;
  if (found === undefined)
    return { own: await createCluster(cluster, generation, now), said: [`made the credentials of ${of}`] };
  const missing = uncovered(found.server.certificate, cluster.hosts);
  const lacksUser = cluster.member && found.federation === undefined;
  const lacksAlerts = cluster.member && found.alerts === undefined;
  const lacksS3 =
    cluster.landingZone && s3RolesOf(cluster.member).some((role) => found.s3?.[role] === undefined);
  const { s3, grafana: oldGrafana, benchmark: oldBenchmark, ...kept } = found;
  const { benchmark, said: saidOfBenchmark } = await completeBenchmarkUser(
    receivesBenchmarks(cluster),
    oldBenchmark,
    generation.id,
  );
  const { grafana, said: saidOfGrafana } = await completeGrafana(
    cluster.grafana,
    oldGrafana,
    generation,
    now,
  );
  return {
    own: {
      ...kept,
      ...(missing.length > 0
        ? { server: await createServer(generation.ca, cluster.name, cluster.hosts, now) }
        : {}),
      ...(lacksUser ? { federation: await createUser("federation", generation.id) } : {}),
      ...(lacksAlerts ? { alerts: await createAlertUser(cluster.name, generation.id) } : {}),
      ...(cluster.landingZone ? { s3: s3Keys(cluster, s3) } : {}),
      ...(benchmark === undefined ? {} : { benchmark }),
      ...(grafana === undefined ? {} : { grafana }),
    },
    said: [
      ...(missing.length > 0
        ? [`new server certificate of ${of}: the old one lacks ${missing.join(", ")}`]
        : []),
      ...(lacksUser ? [`made the user that the hub scrapes ${of} with`] : []),
      ...(lacksAlerts ? [`made the user with whom ${of} sends alerts to the hub`] : []),
      ...(lacksS3 ? [`made the S3 users of ${of}`] : []),
      ...(s3 !== undefined && !cluster.landingZone
        ? [`removed the S3 users of ${of}: the hub has no landing zone`]
        : []),
      ...saidOfBenchmark,
      ...saidOfGrafana,
    ],
  };
}

/** A generation that fits the list of clusters: what exists is kept, what is missing made, what is not listed removed. */
async function completeGeneration(
  generation: Generation,
  clusters: readonly ClusterToServe[],
  now: Date,
): Promise<{ readonly generation: Generation; readonly said: readonly string[] }> {
  const completed = await Promise.all(
    clusters.map(async (cluster) => ({
      name: cluster.name,
      ...(await completeCluster(cluster, generation, now)),
    })),
  );
  const removed = Object.keys(generation.clusters).filter(
    (name) => !clusters.some((cluster) => cluster.name === name),
  );
  return {
    generation: {
      ...generation,
      clusters: Object.fromEntries(completed.map(({ name, own }) => [name, own])),
    },
    said: [
      ...completed.flatMap(({ said }) => said),
      ...removed.map(
        (name) => `removed the credentials of cluster ${name} (generation ${generation.id}): not listed`,
      ),
    ],
  };
}

/** The same for every generation in force. */
export async function completeSecrets(
  { generations: [first, ...newer] }: HubSecrets,
  clusters: readonly ClusterToServe[],
  now: Date,
): Promise<Change> {
  const head = await completeGeneration(first, clusters, now);
  const tail = await Promise.all(newer.map((generation) => completeGeneration(generation, clusters, now)));
  return {
    secrets: { generations: [head.generation, ...tail.map(({ generation }) => generation)] },
    said: [head, ...tail].flatMap(({ said }) => said),
  };
}

/** Adds a new generation beside the one in force; throws while a rotation is under way. */
export async function rotate(
  secrets: HubSecrets,
  clusters: readonly ClusterToServe[],
  now: Date,
): Promise<Change> {
  const [old, newer] = secrets.generations;
  if (newer !== undefined)
    throw new Error(
      `a rotation from generation ${old.id} to ${newer.id} is under way: end it with --rotate-finish before the next one`,
    );
  const completed = await completeGeneration(old, clusters, now);
  const created = await createGeneration(old.id + 1, clusters, now);
  const crossSigned = await crossSign(created.ca, old.ca, now);
  return {
    secrets: { generations: [completed.generation, { ...created, ca: { ...created.ca, crossSigned } }] },
    said: [...completed.said, `made generation ${created.id} beside generation ${old.id}`],
  };
}

/** Drops the old generation; throws where no rotation is under way. */
export function finishRotation(secrets: HubSecrets): Change {
  const [old, newer] = secrets.generations;
  if (newer === undefined)
    throw new Error(
      `no rotation is under way (only generation ${old.id} is in force): begin one with --rotate`,
    );
  const { certificate, key } = newer.ca;
  return {
    secrets: { generations: [{ ...newer, ca: { certificate, key } }] },
    said: [`dropped generation ${old.id}; generation ${newer.id} is in force`],
  };
}

/** Certificates that end within {@link TELL_DAYS} days, in sentences. */
export function endingSoon(secrets: HubSecrets, now: Date): readonly string[] {
  return secrets.generations.flatMap(({ id, ca, clusters }) =>
    [
      { what: `the CA of generation ${id}`, certificate: ca.certificate },
      ...Object.entries(clusters).flatMap(([name, { server, grafana }]) => [
        {
          what: `the server certificate of cluster ${name} (generation ${id})`,
          certificate: server.certificate,
        },
        ...(grafana === undefined
          ? []
          : [
              {
                what: `the server certificate of Grafana (generation ${id})`,
                certificate: grafana.server.certificate,
              },
            ]),
      ]),
    ]
      .map(({ what, certificate }) => ({ what, days: daysLeft(certificate, now) }))
      .filter(({ days }) => days < TELL_DAYS)
      .map(({ what, days }) =>
        days < 0
          ? `${what} has ended: rotate now (--rotate)`
          : `${what} ends in ${days} days: rotate (--rotate)`,
      ),
  );
}
