import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { verify } from "../../workloads/model-sync/publish/verify";
import { versionsOf } from "../../workloads/model-sync/registry/converge";
import type { SettingsInput } from "../../workloads/model-sync/settings";
import type { Manifest } from "../../workloads/model-sync/types";
import type { SeenRequest } from "./support/faultProxy";
import { bucketName, mlflowAt, sha256 } from "./support/registry";
import type { Server } from "./support/servers";
import { rot, startMlflow } from "./support/servers";
import type { Site } from "./support/site";
import { silent } from "./support/site";
import { TransferStore } from "./support/transferStore";

jest.setTimeout(120_000);

const mebibyte = 1024 * 1024;

let mlflow: Server;
let store: TransferStore;

beforeAll(async () => {
  [store, mlflow] = await Promise.all([TransferStore.start(), startMlflow()]);
});
afterEach(() => store.proxy.reset());
afterAll(() => store.dispose(mlflow));

/** A member with a model of one small and one large file, whose runs read everything back and register. */
function site(): Site {
  const here = store.site({
    mlflow: { url: mlflow.url, allowUnauthenticated: true },
    verify: { readBack: "all" },
  });
  here.write("m", "small.txt", "small".repeat(100));
  here.write("m", "large.bin", randomBytes(6 * mebibyte));
  return here;
}

const through = (here: Site): Partial<SettingsInput> => ({
  s3: { ...here.settings().s3, endpoint: store.proxy.url },
});
const registered = async (here: Site): Promise<number> =>
  (await versionsOf(mlflowAt(mlflow.url), `${here.member}-m`)).length;

/** Of every version, oldest first: their keys are hashes. */
async function manifests(of: Site): Promise<Manifest[]> {
  const at = ({ provenance }: Manifest): number => Date.parse(provenance.quiescent);
  return (await store.manifests(of, "m")).sort((a, b) => at(a) - at(b));
}

/** The bucket holds, under the newest manifest, what lies on disk. */
async function expectWhole(here: Site): Promise<void> {
  const manifest = (await manifests(here)).at(-1)!;
  for (const { path, sha256: hash } of manifest.files) {
    expect(hash).toBe(sha256(readFileSync(here.path("m", path))));
    expect(sha256((await store.bucket.get(manifest.prefix + path))!.body)).toBe(hash);
  }
  expect(await store.uploadsOf(here)).toEqual([]);
}

const isPart = ({ method, path }: SeenRequest): boolean => method === "PUT" && path.includes("partNumber=2");
const isSmall = ({ method, path }: SeenRequest): boolean => method === "PUT" && path.includes("small.txt");

describe("a bit flipped in transit", () => {
  it("is cured by sending again", async () => {
    const here = site();
    const flipped = new Set<string>();
    store.proxy.fault = (request) => {
      const kind = isSmall(request) ? "small" : isPart(request) ? "part" : undefined;
      if (kind === undefined || flipped.has(kind)) return undefined;
      flipped.add(kind);
      return { kind: "flip-request" };
    };
    const ran = await here.syncOne(through(here));
    expect(ran).toMatchObject({ outcome: "registered", version: { version: "1" } });
    expect([...flipped].sort()).toEqual(["part", "small"]);
    expect(ran.retries).toHaveLength(2);
    await expectWhole(here);
  });

  it.each([
    ["small file", isSmall],
    ["part", isPart],
  ])("is a failure by name when every try of a %s is hit, and nothing is published", async (_, hit) => {
    const here = site();
    store.proxy.fault = (request) => (hit(request) ? { kind: "flip-request" } : undefined);
    const { report } = await here.sync(through(here));
    expect(report.results).toMatchObject([{ outcome: "failed", reason: "checksum-mismatch" }]);
    expect(report.summary.ok).toBe(false);
    expect([await manifests(here), await registered(here)]).toEqual([[], 0]);
    expect(await here.syncOne()).toMatchObject({ outcome: "registered", version: { version: "1" } });
    await expectWhole(here);
  });

  it("on the way back is no fault of what is stored: it is read once more", async () => {
    const here = site();
    const hit: string[] = [];
    store.proxy.fault = ({ method, path }) => {
      if (method !== "GET" || !/\/(large\.bin|small\.txt)$/.test(path) || hit.includes(path))
        return undefined;
      hit.push(path);
      return { kind: "flip-reply" };
    };
    expect(await here.syncOne(through(here))).toMatchObject({ outcome: "registered" });
    expect(hit).toHaveLength(2);
    await expectWhole(here);
  });
});

describe("a bit flipped at rest", () => {
  it("before it is read back keeps the version from being published, and is quarantined by name", async () => {
    const here = site();
    let rotten = "";
    const rotting = {
      ...silent,
      step: (step: string) => {
        if (step !== "validate" || rotten !== "") return;
        rotten = store.proxy.seen.find((line) => line.includes("large.bin"))!.replace(/^\w+ \/models\//, "");
        rot(store.minio, bucketName, rotten);
      },
    };
    const { report } = await here.sync(through(here), {}, rotting);
    expect(report.results).toMatchObject([{ outcome: "quarantined", reason: "checksum-mismatch" }]);
    expect(report.results[0]?.detail).toContain(rotten);
    expect([await manifests(here), await registered(here)]).toEqual([[], 0]);
    expect(await here.syncOne()).toMatchObject({ outcome: "quarantined", reason: "checksum-mismatch" });
    here.write("m", "large.bin", randomBytes(6 * mebibyte), here.clock);
    expect(await here.syncOne()).toMatchObject({ outcome: "registered", version: { version: "1" } });
    await expectWhole(here);
  });

  it("in an earlier version is not copied into the next one: the file is sent again", async () => {
    const here = site();
    await here.syncOne();
    const [first] = await manifests(here);
    rot(store.minio, bucketName, `${first!.prefix}large.bin`);
    here.write("m", "small.txt", "changed", here.clock);
    const second = await here.syncOne();
    expect(second).toMatchObject({
      outcome: "registered",
      version: { version: "2" },
      change: { counters: { filesSent: 2, filesCopied: 0, bytesSent: 6 * mebibyte + 7 } },
    });
    await expectWhole(here);
    const worker = here.worker();
    const { faults } = await verify(worker, "all");
    worker.s3.close();
    expect(faults.map(({ key, fault }) => [key, fault])).toEqual([[`${first!.prefix}large.bin`, "damaged"]]);
  });

  it("in a manifest is found by its digest, by a run and by verify", async () => {
    const here = site();
    await here.syncOne();
    const [manifest] = await manifests(here);
    const key = `manifests/${here.member}/m/${manifest!.snapshot}.json`;
    const text = (await store.bucket.get(key))!.body.toString();
    await store.bucket.put(key, Buffer.from(text.replace('"size":500', '"size":501')));
    expect(await here.syncOne()).toMatchObject({ outcome: "quarantined", reason: "checksum-mismatch" });
    const worker = here.worker();
    const { faults } = await verify(worker, "none");
    worker.s3.close();
    expect(faults.map(({ key: found, fault }) => [found, fault])).toEqual([[key, "manifest"]]);
    expect(await registered(here)).toBe(1);
  });
});
