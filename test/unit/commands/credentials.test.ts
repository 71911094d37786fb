import { X509Certificate } from "node:crypto";
import { compare } from "bcryptjs";
import { SERVER_DAYS } from "../../../commands/certificates";
import {
  completeSecrets,
  createSecrets,
  endingSoon,
  finishRotation,
  rotate,
} from "../../../commands/credentials";
import { type HubSecrets, hubSecretsSchema } from "../../../settings/credentials";

const NOW = new Date("2026-03-01T12:00:00Z");
const DAY = 86_400_000;
const HUB = { name: "cloud", hosts: ["192.168.200.10", "localhost"], member: false, landingZone: false };
const HPC = { name: "hpc", hosts: ["192.168.100.10", "localhost"], member: true, landingZone: false };
const HPC2 = { name: "hpc2", hosts: ["192.168.101.10", "localhost"], member: true, landingZone: false };

let first: HubSecrets;
beforeAll(async () => {
  first = (await createSecrets([HUB, HPC], NOW)).secrets;
});

test("makes a CA, certificates for exactly the given hosts, and users with hashes of their passwords", async () => {
  expect(hubSecretsSchema.parse(first)).toEqual(first);
  const [{ id, ca, clusters }] = first.generations;
  expect(id).toBe(1);
  const authority = new X509Certificate(ca.certificate);
  expect([authority.ca, authority.subject]).toEqual([true, "CN=Federation CA 1\nO=federation"]);
  expect(Object.keys(clusters)).toEqual(["cloud", "hpc"]);
  const server = new X509Certificate(clusters.hpc!.server.certificate);
  expect(server.subjectAltName).toBe("IP Address:192.168.100.10, DNS:localhost");
  expect(server.ca).toBe(false);
  expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(server.verify(authority.publicKey)).toBe(true);
  expect(server.checkIssued(authority)).toBe(true);
  expect(server.validToDate.getTime() - NOW.getTime()).toBe(SERVER_DAYS * DAY);
  expect(server.validFromDate.getTime()).toBeLessThan(NOW.getTime());
  expect(clusters.cloud!.federation).toBeUndefined();
  for (const user of [clusters.cloud!.local, clusters.hpc!.local, clusters.hpc!.federation!]) {
    expect(Buffer.from(user.password, "base64url")).toHaveLength(36);
    expect(await compare(user.password, user.hash)).toBe(true);
  }
});

test("keeps everything on a second run", async () => {
  expect(await completeSecrets(first, [HUB, HPC], NOW)).toEqual({ secrets: first, said: [] });
});

test("makes only the credentials of a member that is new", async () => {
  const { secrets, said } = await completeSecrets(first, [HUB, HPC, HPC2], NOW);
  expect(said).toEqual(["made the credentials of cluster hpc2 (generation 1)"]);
  const { cloud, hpc, hpc2 } = secrets.generations[0].clusters;
  expect({ cloud, hpc }).toEqual(first.generations[0].clusters);
  expect(hpc2!.federation!.username).toBe("federation-1");
  expect(secrets.generations[0].ca).toEqual(first.generations[0].ca);
});

test("removes a member that is no longer listed, and says so", async () => {
  const { secrets, said } = await completeSecrets(first, [HUB], NOW);
  expect(said).toEqual(["removed the credentials of cluster hpc (generation 1): not listed"]);
  expect(Object.keys(secrets.generations[0].clusters)).toEqual(["cloud"]);
});

test("makes a new certificate, and no new users, where an address has changed", async () => {
  const moved = { ...HPC, hosts: ["192.168.100.99", "localhost"] };
  const { secrets, said } = await completeSecrets(first, [HUB, moved], NOW);
  expect(said).toEqual([
    "new server certificate of cluster hpc (generation 1): the old one lacks 192.168.100.99",
  ]);
  const { server, ...users } = secrets.generations[0].clusters.hpc!;
  const { server: old, ...oldUsers } = first.generations[0].clusters.hpc!;
  expect(users).toEqual(oldUsers);
  expect(server.key).not.toBe(old.key);
  expect(new X509Certificate(server.certificate).subjectAltName).toBe(
    "IP Address:192.168.100.99, DNS:localhost",
  );
});

describe("the credentials of Grafana", () => {
  const withGrafana = (...hosts: readonly string[]) => ({ ...HUB, grafana: hosts });

  test("are made with the others, or beside those that are there", async () => {
    const { secrets } = await createSecrets([withGrafana("grafana.site"), HPC], NOW);
    expect(hubSecretsSchema.parse(secrets)).toEqual(secrets);
    const { grafana } = secrets.generations[0].clusters.cloud!;
    expect(new X509Certificate(grafana!.server.certificate).subjectAltName).toBe("DNS:grafana.site");
    expect(Buffer.from(grafana!.password, "base64url")).toHaveLength(36);
    expect(secrets.generations[0].clusters.hpc!.grafana).toBeUndefined();

    const added = await completeSecrets(first, [withGrafana("grafana.site"), HPC], NOW);
    expect(added.said).toEqual(["made the credentials of Grafana (generation 1)"]);
    const { grafana: made, ...cloud } = added.secrets.generations[0].clusters.cloud!;
    expect([cloud, made!.password.length]).toEqual([first.generations[0].clusters.cloud, 48]);
  });

  test("stay as they are, get a new certificate for a new name, and go with their Grafana", async () => {
    const { secrets } = await createSecrets([withGrafana("grafana.site"), HPC], NOW);
    expect(await completeSecrets(secrets, [withGrafana("grafana.site"), HPC], NOW)).toEqual({
      secrets,
      said: [],
    });
    const renamed = await completeSecrets(secrets, [withGrafana("boards.site"), HPC], NOW);
    expect(renamed.said).toEqual([
      "new server certificate of Grafana (generation 1): the old one lacks boards.site",
    ]);
    const [before, after] = [secrets, renamed.secrets].map(
      ({ generations }) => generations[0].clusters.cloud!.grafana!,
    );
    expect(after!.password).toBe(before!.password);
    expect(new X509Certificate(after!.server.certificate).subjectAltName).toBe("DNS:boards.site");
    const removed = await completeSecrets(secrets, [HUB, HPC], NOW);
    expect(removed.said).toEqual(["removed the credentials of Grafana (generation 1): the hub deploys none"]);
    expect(removed.secrets.generations[0].clusters.cloud).not.toHaveProperty("grafana");
  });

  test("are told when they end", async () => {
    const { secrets } = await createSecrets([withGrafana("grafana.site")], NOW);
    expect(endingSoon(secrets, new Date(NOW.getTime() + (SERVER_DAYS - 1) * DAY))).toEqual([
      "the server certificate of cluster cloud (generation 1) ends in 1 days: rotate (--rotate)",
      "the server certificate of Grafana (generation 1) ends in 1 days: rotate (--rotate)",
    ]);
  });
});

describe("the user of benchmarks", () => {
  const hubWithZone = { ...HUB, landingZone: true };

  test("is made for a hub with a landing zone alone, or beside what is there, with its S3 user", async () => {
    const { secrets } = await createSecrets([hubWithZone, { ...HPC, landingZone: true }], NOW);
    expect(hubSecretsSchema.parse(secrets)).toEqual(secrets);
    const { cloud, hpc } = secrets.generations[0].clusters;
    expect(cloud!.benchmark!.username).toBe("benchmark-1");
    expect(await compare(cloud!.benchmark!.password, cloud!.benchmark!.hash)).toBe(true);
    expect(cloud!.s3!.benchmark).toHaveLength(40);
    expect([hpc!.benchmark, hpc!.s3!.benchmark]).toEqual([undefined, undefined]);

    const { benchmark: _, s3, ...others } = cloud!;
    const { benchmark: __, ...earlierS3 } = s3!;
    const earlier = { ...others, s3: earlierS3 };
    const generation = { ...secrets.generations[0], clusters: { cloud: earlier, hpc: hpc! } };
    const listed = [hubWithZone, { ...HPC, landingZone: true }];
    const completed = await completeSecrets({ generations: [generation] }, listed, NOW);
    expect(completed.said).toEqual([
      "made the S3 users of cluster cloud (generation 1)",
      "made the user of benchmarks (generation 1)",
    ]);
    const { benchmark: made, s3: madeS3, ...kept } = completed.secrets.generations[0].clusters.cloud!;
    expect([kept, made!.username, madeS3]).toEqual([
      others,
      "benchmark-1",
      { ...earlierS3, benchmark: expect.any(String) as string },
    ]);
    expect(await completeSecrets(completed.secrets, listed, NOW)).toEqual({
      secrets: completed.secrets,
      said: [],
    });
  });

  test("has another name and password in the next generation, and goes with the landing zone", async () => {
    const { secrets } = await createSecrets([hubWithZone], NOW);
    const rotated = (await rotate(secrets, [hubWithZone], NOW)).secrets;
    const [old, newest] = rotated.generations.map(({ clusters }) => clusters.cloud!.benchmark!);
    expect([old!.username, newest!.username]).toEqual(["benchmark-1", "benchmark-2"]);
    expect(newest!.password).not.toBe(old!.password);

    const removed = await completeSecrets(secrets, [HUB], NOW);
    expect(removed.said).toEqual([
      "removed the S3 users of cluster cloud (generation 1): the hub has no landing zone",
      "removed the user of benchmarks (generation 1): the hub has no landing zone for their results",
    ]);
    expect(removed.secrets.generations[0].clusters.cloud).not.toHaveProperty("benchmark");
  });
});

test("rotates beside the old generation, bridges the CAs, and finishes with the new one alone", async () => {
  const { secrets, said } = await rotate(first, [HUB, HPC], NOW);
  expect(said).toEqual(["made generation 2 beside generation 1"]);
  expect(hubSecretsSchema.parse(secrets)).toEqual(secrets);
  const [old, newer] = secrets.generations;
  expect(old).toEqual(first.generations[0]);
  const bridge = new X509Certificate(newer!.ca.crossSigned!);
  expect(bridge.verify(new X509Certificate(old.ca.certificate).publicKey)).toBe(true);
  expect(bridge.publicKey.equals(new X509Certificate(newer!.ca.certificate).publicKey)).toBe(true);

  const finished = finishRotation(secrets);
  expect(finished.said).toEqual(["dropped generation 1; generation 2 is in force"]);
  const { crossSigned: _, ...ca } = newer!.ca;
  expect(finished.secrets).toEqual({ generations: [{ ...newer, ca }] });
});

test("a member listed during a rotation gets credentials of both generations", async () => {
  const rotating = (await rotate(first, [HUB, HPC], NOW)).secrets;
  const { secrets, said } = await completeSecrets(rotating, [HUB, HPC, HPC2], NOW);
  expect(said).toEqual([
    "made the credentials of cluster hpc2 (generation 1)",
    "made the credentials of cluster hpc2 (generation 2)",
  ]);
  expect(secrets.generations.map(({ clusters }) => clusters.hpc2!.local.username)).toEqual([
    "local-1",
    "local-2",
  ]);
  expect(secrets.generations[1]!.ca).toEqual(rotating.generations[1]!.ca);
});

test("refuses a rotation within a rotation, and the end of none", async () => {
  const rotating = (await rotate(first, [HUB, HPC], NOW)).secrets;
  await expect(rotate(rotating, [HUB, HPC], NOW)).rejects.toThrow(
    "a rotation from generation 1 to 2 is under way: end it with --rotate-finish before the next one",
  );
  expect(() => finishRotation(first)).toThrow(
    "no rotation is under way (only generation 1 is in force): begin one with --rotate",
  );
});

test("tells certificates that end within 30 days, and those that have ended", () => {
  const days = (count: number) => new Date(NOW.getTime() + count * DAY);
  expect(endingSoon(first, days(SERVER_DAYS - 31))).toEqual([]);
  expect(endingSoon(first, days(SERVER_DAYS - 29))).toEqual([
    "the server certificate of cluster cloud (generation 1) ends in 29 days: rotate (--rotate)",
    "the server certificate of cluster hpc (generation 1) ends in 29 days: rotate (--rotate)",
  ]);
  expect(endingSoon(first, days(SERVER_DAYS + 1))).toEqual([
    "the server certificate of cluster cloud (generation 1) has ended: rotate now (--rotate)",
    "the server certificate of cluster hpc (generation 1) has ended: rotate now (--rotate)",
  ]);
});
