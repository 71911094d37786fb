import { canaryFiles, CANARY_PREFIX, tinySafetensors } from "../../../commands/validate/canary/model";
import { placesOf } from "../../../commands/validate/canary/remove";
import { judgeCanary, withoutCanary } from "../../../commands/validate/canary/send";
import type { CanaryEvidence } from "../../../commands/validate/canary/send";
import type { CronJob } from "../../../commands/validate/pods";
import { checkFormat } from "../../../workloads/model-sync/files/formats";

const good: CanaryEvidence = {
  name: "validate-canary-1",
  reached: [
    { stage: "dropped", seconds: 3 },
    { stage: "registered", seconds: 9 },
    { stage: "seen on the hub", seconds: 61 },
    { stage: "removed", seconds: 5 },
  ],
  version: "1",
  stages: { trained: 100, quiescent: 106, hashed: 106.5, uploaded: 106.5, verified: 107, registered: 108 },
  removed: { objects: 5, abandoned: [], left: [] },
};

test("a canary that went its whole way and is gone is well, stage by stage", () => {
  const verdict = judgeCanary(good);
  expect(verdict.status).toBe("ok");
  expect(verdict.timings).toEqual(good.reached);
  expect(verdict.evidence).toEqual([
    "validate-canary-1: dropped after 3.0 s, registered after 9.0 s, seen on the hub after 61.0 s, removed after 5.0 s",
    "registered as version 1",
    "by the member's clock: quiescent +6.0 s, hashed +0.5 s, uploaded +0.0 s, verified +0.5 s, registered +1.0 s",
    "removed again from file system, bucket (5 objects), registry and state",
  ]);
});

test("one that was held up says where and why, one that is not gone says what is left", () => {
  const stopped = { stage: "registered", cause: "no version was registered in time", action: "look" };
  expect(judgeCanary({ ...good, stopped }).problems).toEqual([
    { cause: "validate-canary-1 was not registered: no version was registered in time", action: "look" },
  ]);
  const left = { ...good, removed: { ...good.removed, left: ["folder: EACCES"] } };
  expect(judgeCanary(left).problems.map(({ cause }) => cause)).toEqual([
    "a trace of validate-canary-1 is left: folder: EACCES",
  ]);
});

const cronJob = (suspend: boolean): CronJob =>
  ({ metadata: { name: "model-sync", uid: "u" }, spec: { schedule: "* * * * *", suspend } }) as CronJob;
const all = (): boolean => true;

test("none is sent where it could not arrive", () => {
  const files = canaryFiles("s", undefined, undefined);
  expect(withoutCanary(cronJob(false), "c", files, all)).toBeUndefined();
  expect(withoutCanary(cronJob(true), "c", files, all)?.problems).toMatchObject([
    { cause: "CronJob model-sync is suspended: no model is brought" },
  ]);
  expect(withoutCanary(cronJob(false), "c", undefined, all)?.status).toBe("notApplicable");
  expect(withoutCanary(cronJob(false), "c", files, () => false)?.status).toBe("notApplicable");
});

test.each([
  [undefined, "canary.safetensors"],
  [["safetensors", "json"], "canary.safetensors"],
  [["json"], "canary.json"],
  [["text"], "canary.txt"],
] as const)("is of a format that the site takes: %j", (allowed, file) => {
  const files = canaryFiles("seed", allowed, undefined)!;
  expect(files.map(({ path }) => path)).toEqual([file]);
  expect(() =>
    checkFormat(file, files[0]!.content, allowed === undefined ? ["safetensors"] : [...allowed]),
  ).not.toThrow();
});

test("has the marker of a finished save last, a content of its own, and no format at any price", () => {
  const files = canaryFiles("seed", undefined, "DONE")!;
  expect(files.map(({ path }) => path)).toEqual(["canary.safetensors", "DONE"]);
  expect(files[1]!.content.length).toBeGreaterThan(0);
  expect(tinySafetensors("a").equals(tinySafetensors("b"))).toBe(false);
  const header = tinySafetensors("a");
  expect(8 + Number(header.readBigUInt64LE(0)) + 4).toBe(header.length);
  expect(canaryFiles("seed", ["gguf"], undefined)).toBeUndefined();
});

test("its places in the bucket are its own alone", () => {
  const name = `${CANARY_PREFIX}1`;
  expect(placesOf("hpc", name)).toEqual([
    `models/hpc/${name}/`,
    `manifests/hpc/${name}/`,
    `claims/hpc/${name}/`,
    `state/hpc/files/${name}.json`,
  ]);
});
