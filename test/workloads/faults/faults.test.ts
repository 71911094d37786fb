import type { S3Client } from "../../../workloads/s3/client";
import { faultProxy } from "../support/faultProxy";
import { makeBucket, mlflowAt, rootBucket } from "../support/registry";
import type { Server } from "../support/servers";
import { dispose, startMinio, startMlflow } from "../support/servers";
import { memberStem } from "../support/site";
import { addUser } from "../support/users";
import type { Case, FaultName, Stand } from "./cases";
import { caseName, casesOf, faultNames } from "./cases";
import type { Outcome, PointsByStage } from "./enumeration";
import { enumerate, reference } from "./enumeration";
import { pointName, servers } from "./points";
import { countTable, progress, say } from "./table";

/** Sites that are on their way at a time. */
const parallel = 6;
/** Milliseconds after which it hangs, however busy the machine is; on two idle cores it takes minutes. */
const hanging = 3600_000;

let minio: Server;
let mlflow: Server;
let bucket: S3Client;
const stands: Stand[] = [];
let inProcess: PointsByStage;
let bundled: PointsByStage;
let cases: readonly Case[] = [];
let outcomes: readonly Outcome[] = [];

beforeAll(async () => {
  [minio, mlflow] = await Promise.all([startMinio(), startMlflow()]);
  await makeBucket(minio.url);
  bucket = rootBucket(minio.url);
  const user = addUser(minio.url, { kind: "writer", member: `${memberStem}*` });
  for (let n = 0; n < parallel; n++) {
    const [store, registry] = await Promise.all([faultProxy(minio.url), faultProxy(mlflow.url)]);
    stands.push({
      proxies: { store, registry },
      servers: { store: minio.url, registry: mlflow.url },
      user,
      truth: { bucket, registry: mlflowAt(mlflow.url) },
    });
  }
  [inProcess, bundled] = [await reference(stands[0]!, "function"), await reference(stands[0]!, "process")];
  cases = casesOf(inProcess);
  say(`${Object.values(inProcess).flat().length} requests, ${cases.length} cases, ${parallel} at a time`);
  outcomes = await enumerate(stands, cases, progress(cases.length));
  countTable(outcomes).forEach(say);
}, hanging);

afterAll(async () => {
  for (const { proxies } of stands) await Promise.all(servers.map((server) => proxies[server].close()));
  bucket.close();
  await dispose(minio, mlflow);
});

const operations = (): string[] =>
  [...new Set(Object.values(inProcess).flatMap((points) => points.map(({ operation }) => operation)))].sort();

it("holds every kind of request that a run sends", () => {
  expect(operations()).toEqual([
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "GET experiments/get-by-name",
    "GET model-versions/search",
    "GET registered-models/get",
    "GET registered-models/search",
    "GetObject",
    "HeadObject",
    "ListMultipartUploads",
    "ListObjectsV2",
    "ListParts",
    "POST experiments/create",
    "POST model-versions/create",
    "POST registered-models/alias",
    "POST registered-models/create",
    "POST runs/create",
    "POST runs/log-batch",
    "POST runs/search",
    "POST runs/update",
    "PutObject",
    "UploadPart",
  ]);
});

it("counts the same requests in the bundle's process and in this one", () => {
  const names = (points: PointsByStage): string[][] => Object.values(points).map((of) => of.map(pointName));
  expect(names(bundled)).toEqual(names(inProcess));
});

it("was carried out in full: each case once, and each hit its request", () => {
  const done = outcomes.map(({ one }) => caseName(one)).sort();
  expect(done).toEqual(cases.map(caseName).sort());
  expect(new Set(done).size).toBe(done.length);
});

it.each(faultNames)("ends in whole versions, each once, with nothing left over: %s", (fault: FaultName) => {
  const of = outcomes.filter(({ one }) => one.fault === fault);
  expect(of.length).toBeGreaterThan(0);
  expect(of.flatMap(({ wrong }) => wrong ?? [])).toEqual([]);
});
