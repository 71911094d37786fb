import { readFileSync, readdirSync } from "node:fs";
import * as path from "node:path";
import { judgeBytes, partsOfSource, sampleOf } from "../../../commands/validate/lines/bytes";
import type { BytesEvidence, VersionEvidence } from "../../../commands/validate/lines/bytes";
import { judgeFederation } from "../../../commands/validate/lines/federation";
import type { FederationEvidence } from "../../../commands/validate/lines/federation";
import { judgeGpus } from "../../../commands/validate/lines/gpus";
import type { GpusEvidence } from "../../../commands/validate/lines/gpus";
import { judgeLandingZone, samePolicy } from "../../../commands/validate/lines/landingZone";
import type { LandingZoneEvidence } from "../../../commands/validate/lines/landingZone";
import { judgeAnswers, judgeCluster } from "../../../commands/validate/lines/reach";
import { judgeRemoteWrite } from "../../../commands/validate/lines/remoteWrite";
import { judgeRules } from "../../../commands/validate/lines/rules";
import type { RulesEvidence } from "../../../commands/validate/lines/rules";
import { judgeServed } from "../../../commands/validate/lines/served";
import type { ServedEvidence, ServedPod } from "../../../commands/validate/lines/served";
import { judgeSource } from "../../../commands/validate/lines/source";
import type { SourceEvidence } from "../../../commands/validate/lines/source";
import { judgeTargets } from "../../../commands/validate/lines/targets";
import type { Target } from "../../../commands/validate/lines/targets";
import type { Verdict } from "../../../commands/validate/verdict";
import { repository } from "../../../sandbox/paths";

/** The causes of a verdict, and that its status agrees with them. */
function causes({ status, problems }: Verdict): readonly string[] {
  expect(status).toBe(problems.length === 0 ? "ok" : "failed");
  for (const { action } of problems) expect(action).not.toBe("");
  return problems.map(({ cause }) => cause);
}

const only = (verdict: Verdict, cause: string): void => expect(causes(verdict)).toEqual([cause]);

describe("a cluster", () => {
  const good = {
    expectedUid: "u-1",
    foundUid: "u-1",
    version: "v1.34.1",
    nodes: [{ name: "n-0", ready: true }],
  };
  test("is well when it is the recorded one and its nodes are ready", () => {
    const verdict = judgeCluster(good, "cloud");
    expect(causes(verdict)).toEqual([]);
    expect(verdict.evidence).toEqual(["Kubernetes v1.34.1, 1 node, UID u-1, as recorded"]);
  });
  test("is another one, or has a node that is not ready", () => {
    only(
      judgeCluster({ ...good, foundUid: "u-2" }, "cloud"),
      "the kubeconfig leads to another cluster: UID u-2, recorded is u-1",
    );
    only(judgeCluster({ ...good, nodes: [{ name: "n-0", ready: false }] }, "cloud"), "not ready: node n-0");
  });
});

test("a server that refuses one of its users is told by that user's name", () => {
  const users = [
    { name: "cloud", seen: "2 registered models" },
    { name: "hpc", error: "401" },
  ];
  const verdict = judgeAnswers({ users }, "MLflow", "set it");
  only(verdict, "MLflow does not answer hpc: 401");
  expect(verdict.evidence).toEqual(["2 registered models as cloud"]);
});

describe("the models' file system", () => {
  const sync = {
    source: { guard: { kind: "fsType", fsType: "beegfs" }, runAs: { user: 65534, group: 65534 } },
  } as unknown as Parameters<typeof judgeSource>[1];
  const good: SourceEvidence = {
    root: "/mnt/beegfs/models",
    fsType: "beegfs",
    owner: { uid: 1000, gid: 50, mode: "2775" },
    models: 3,
    filesRead: 12,
    bytesRead: 4096,
    unreadable: [],
  };
  test("is well when it is mounted and its files open", () => {
    const verdict = judgeSource(good, sync);
    expect(causes(verdict)).toEqual([]);
    expect(verdict.evidence).toEqual([
      "/mnt/beegfs/models lies on beegfs, 3 models",
      "12 files opened, 4096 bytes read as 65534:65534",
      "the folder is 1000:50's, mode 2775",
    ]);
  });
  test.each<[string, Partial<SourceEvidence>, string]>([
    [
      "not mounted",
      { fsType: "overlay" },
      "/mnt/beegfs/models lies on overlay, not on beegfs: the file system is not mounted",
    ],
    ["absent", { error: "ENOENT" }, "/mnt/beegfs/models: ENOENT"],
    ["forbidden", { error: "EACCES" }, "/mnt/beegfs/models: user 65534:65534 may not read it (EACCES)"],
    [
      "with files of others",
      { unreadable: [{ path: "m/w", error: "EACCES" }] },
      "user 65534:65534 can not read m/w (EACCES)",
    ],
  ])("is red when it is %s", (_, change, cause) => only(judgeSource({ ...good, ...change }, sync), cause));
  test("is red when the sentinel is not there", () => {
    const guarded = {
      source: { ...sync.source, guard: { kind: "sentinel", file: ".mounted" } },
    } as typeof sync;
    expect(causes(judgeSource({ ...good, sentinel: true }, guarded))).toEqual([]);
    only(
      judgeSource({ ...good, sentinel: false }, guarded),
      "/mnt/beegfs/models: .mounted is not there, so the file system is not mounted",
    );
  });
});

describe("the landing zone", () => {
  const good: LandingZoneEvidence = {
    versioning: { models: "Enabled", benchmarks: "Enabled" },
    user: "model-sync-run-hpc-1",
    policies: ["models-writer-hpc"],
    declaredPolicy: "models-writer-hpc",
    asDeclared: true,
    tried: { read: "allowed", write: "allowed", delete: "denied", readOther: "denied" },
  };
  const nothing = { read: "denied", write: "denied", delete: "denied", readOther: "denied" } as const;
  test("is well when buckets, policy and rights are as declared", () =>
    expect(causes(judgeLandingZone(good))).toEqual([]));
  test.each<[string, Partial<LandingZoneEvidence>, string]>([
    [
      "without versions",
      { versioning: { models: "", benchmarks: "Enabled" } },
      "bucket models keeps no versions (never enabled)",
    ],
    [
      "whose policy was detached",
      { policies: [], tried: nothing },
      "user model-sync-run-hpc-1 has no policy, declared is models-writer-hpc alone",
    ],
    [
      "whose user has more",
      { policies: ["models-writer-hpc", "readwrite"] },
      "user model-sync-run-hpc-1 has policy models-writer-hpc, readwrite, declared is models-writer-hpc alone",
    ],
    [
      "with another policy of that name",
      { asDeclared: false, tried: nothing },
      "policy models-writer-hpc is not as declared",
    ],
    [
      "that lets delete",
      { tried: { ...good.tried, delete: "allowed" } },
      "user model-sync-run-hpc-1 may delete",
    ],
    [
      "that refuses writes",
      { tried: { ...good.tried, write: "denied" } },
      "user model-sync-run-hpc-1 may not write below its prefix",
    ],
    [
      "that refuses the key",
      { tried: { ...good.tried, read: { error: "InvalidAccessKeyId" } } },
      "user model-sync-run-hpc-1 can not list its prefix: InvalidAccessKeyId",
    ],
  ])("is red, once, %s", (_, change, cause) => only(judgeLandingZone({ ...good, ...change }), cause));
  test("compares policies as sets", () => {
    const one = { Statement: [{ Sid: "A", Action: ["x", "y"], Resource: ["r"] }] };
    expect(samePolicy(one, { Statement: [{ Action: ["y", "x"], Resource: ["r"] }] })).toBe(true);
    expect(samePolicy(one, { Statement: [{ Action: ["x"], Resource: ["r"] }] })).toBe(false);
  });
});

describe("registry and bytes", () => {
  const version: VersionEvidence = {
    version: "hpc-m 2",
    source: "s3://models/models/hpc/m/0f",
    digest: "d",
    manifest: { digest: "d", source: "s3://models/models/hpc/m/0f", bytes: 2 ** 20 },
    differing: [],
    missing: [],
    unknown: [],
    hashed: [{ path: "config.json", size: 512, good: true }],
  };
  const of = (change: Partial<VersionEvidence>): BytesEvidence => ({
    models: 1,
    versions: 4,
    checked: [{ ...version, ...change }],
  });
  test("agree, and say how much was read", () => {
    const verdict = judgeBytes(of({}));
    expect(causes(verdict)).toEqual([]);
    expect(verdict.evidence).toEqual([
      "1 model, 4 versions, of which 1 looked at: manifest, sizes, ETags",
      "1 file read back, 0.0 MiB of 1.0 MiB: SHA-256 as published",
    ]);
  });
  const { manifest: _, ...unpublished } = version;
  test("do not when the manifest is gone", () =>
    only(
      judgeBytes({ models: 1, versions: 1, checked: [unpublished] }),
      "hpc-m 2 is registered and has no manifest in the bucket (s3://models/models/hpc/m/0f)",
    ));
  test.each<[Partial<VersionEvidence>, string]>([
    [{ digest: "e" }, "hpc-m 2: the registry says digest e, the bucket d"],
    [{ missing: ["a"] }, "hpc-m 2: missing in the bucket: a"],
    [{ differing: ["a", "b"] }, "hpc-m 2: another size or ETag than published: a, b"],
    [{ unknown: ["a"] }, "hpc-m 2: in its prefix, and in no manifest: a"],
    [
      { hashed: [{ path: "a", size: 1, good: false }] },
      "hpc-m 2: bytes that are not those published, by their SHA-256: a",
    ],
    [{ manifest: { error: "not JSON" } }, "hpc-m 2: not JSON"],
  ])("do not with %j", (change, cause) => only(judgeBytes(of(change)), cause));
  test("a source names model and snapshot of its own member alone", () => {
    expect(partsOfSource("s3://models/models/hpc/m/0f/", "hpc")).toEqual({ model: "m", snapshot: "0f" });
    expect(partsOfSource("s3://models/models/other/m/0f", "hpc")).toBeUndefined();
    expect(partsOfSource("file:///m", "hpc")).toBeUndefined();
  });
  test("what is read is the smallest files that fit, one at least", () => {
    const files = [{ size: 50 }, { size: 0 }, { size: 10 }, { size: 20 }];
    expect(sampleOf(files, 30)).toEqual({ files: [{ size: 10 }, { size: 20 }], bytes: 0 });
    expect(sampleOf(files, 5)).toEqual({ files: [{ size: 10 }], bytes: 0 });
    expect(sampleOf(files, 100)).toEqual({ files: [{ size: 10 }, { size: 20 }, { size: 50 }], bytes: 20 });
  });
});

const target = (pool: string, more: Partial<Target> = {}): Target => ({
  scrapePool: pool,
  scrapeUrl: `https://${pool}/metrics`,
  labels: { job: pool, cluster: "cloud" },
  health: "up",
  lastError: "",
  ...more,
});

describe("the hub's view of a member", () => {
  const link = (job: string, more: Partial<Target> = {}): Target =>
    target(job, { labels: { job, member: "hpc" }, ...more });
  const good: FederationEvidence = {
    member: "hpc",
    targets: [link("federate-health"), link("federate-detail")],
    series: 400,
    names: 90,
    dropped: 0,
    ageSeconds: 12,
    heartbeat: 1000,
    memberHeartbeats: [985, 1000, 1015],
    staleSeconds: 60,
  };
  test("is well with both jobs up and the member's own heartbeat", () =>
    expect(causes(judgeFederation(good))).toEqual([]));
  test("says where nobody counts what is dropped, which the line of the hub's rules explains", () => {
    const { dropped: _, ...uncounted } = good;
    expect(judgeFederation(good).evidence[1]).toBe(
      '400 series of 90 recordings with cluster="hpc", 0 samples dropped',
    );
    expect(judgeFederation(uncounted).evidence[1]).toBe(
      '400 series of 90 recordings with cluster="hpc", not told how many samples are dropped',
    );
  });
  const { ageSeconds: _age, heartbeat: _heartbeat, ...silent } = good;
  test("is red without a heartbeat", () =>
    only(judgeFederation(silent), "no heartbeat of hpc has reached the hub within an hour"));
  test.each<[Partial<FederationEvidence>, string]>([
    [{ targets: [link("federate-health")] }, "the hub's Prometheus has no target federate-detail of hpc"],
    [
      {
        targets: [
          link("federate-health", { health: "down", lastError: "401 Unauthorized" }),
          link("federate-detail"),
        ],
        ageSeconds: 90,
      },
      "federate-health: 401 Unauthorized (https://federate-health/metrics)",
    ],
    [{ ageSeconds: 61 }, "the last heartbeat of hpc is 61 s old, over 60 s"],
    [
      { heartbeat: 999 },
      "the hub's heartbeat 999 labelled hpc was never recorded by hpc's Prometheus: another one sends under its name",
    ],
    [{ dropped: 3 }, "3 samples of each scrape carry another cluster than hpc, or none, and are dropped"],
  ])("is red with %j", (change, cause) => only(judgeFederation({ ...good, ...change }), cause));
});

describe("scrape jobs", () => {
  const pools = ["kubelet", "minio", "annotated-pods"];
  const active = [target("kubelet"), target("minio")];
  const none = (): boolean => false;
  test("are well when each has targets that are up and carry the cluster's label", () => {
    const verdict = judgeTargets({ active, pools }, "cloud", none);
    expect(causes(verdict)).toEqual([]);
    expect(verdict.evidence).toEqual([
      '2 targets of 3 jobs up, all with cluster="cloud" or a member\'s name',
    ]);
  });
  test.each<[string, readonly Target[], string]>([
    [
      "down",
      [target("kubelet"), target("minio", { health: "down", lastError: "EOF" })],
      "minio https://minio/metrics is down: EOF",
    ],
    ["absent", [target("kubelet")], "job minio has no target"],
    [
      "without the label",
      [target("kubelet"), target("minio", { labels: {} })],
      'without cluster="cloud": https://minio/metrics',
    ],
  ])("are red when one is %s", (_, found, cause) =>
    only(judgeTargets({ active: found, pools }, "cloud", none), cause),
  );
  test("leave out what a red line tells", () => {
    const found = [target("kubelet"), target("minio", { health: "down" })];
    const verdict = judgeTargets({ active: found, pools }, "cloud", (pool) => pool === "minio");
    expect(causes(verdict)).toEqual([]);
    expect(verdict.evidence[1]).toBe("1 target told of by other lines");
  });
});

describe("rules", () => {
  const rule = { name: "r", type: "recording", health: "ok" } as const;
  const group = {
    name: "g",
    file: "/etc/x/rules-a.yml",
    interval: 15,
    lastEvaluation: "2026-03-01T10:00:00Z",
  };
  const good: RulesEvidence = {
    groups: [{ ...group, rules: [rule, { ...rule, type: "alerting" }] }],
    reloaded: true,
    lastReload: "2026-03-01T09:00:00Z",
    now: Date.parse("2026-03-01T10:00:10Z"),
  };
  test("are well when evaluated in time and in force", () => {
    const verdict = judgeRules(good);
    expect(causes(verdict)).toEqual([]);
    expect(verdict.evidence[0]).toBe("1 recording and 1 alerting rules in 1 group, all evaluated");
  });
  test.each<[Partial<RulesEvidence>, string]>([
    [{ reloaded: false }, "Prometheus refused its last configuration, and goes on with the one before"],
    [{ groups: [] }, "Prometheus has no rules"],
    [
      { groups: [{ ...group, rules: [{ ...rule, health: "err", lastError: "duplicate series" }] }] },
      "r (rules-a.yml, group g): duplicate series",
    ],
    [
      { groups: [{ ...group, rules: [{ ...rule, health: "unknown" }] }] },
      "1 rule not evaluated yet, the first is r",
    ],
    [
      { now: Date.parse("2026-03-01T10:01:16Z") },
      "rules-a.yml, group g was last evaluated 2026-03-01T10:00:00Z",
    ],
  ])("are red with %j", (change, cause) => only(judgeRules({ ...good, ...change }), cause));
});

const pod: ServedPod = {
  namespace: "models",
  name: "m-1",
  ready: true,
  readySince: "2026-03-01T09:00:00Z",
  source: "hpc",
  version: "2",
  uri: "s3://models/models/hpc/m/0f",
  port: 8080,
  gpus: 1,
};

describe("a served model", () => {
  const good: ServedEvidence = {
    model: "m",
    pods: [pod],
    registered: {
      name: "hpc-m",
      aliases: { candidate: "2" },
      sources: { "2": "s3://models/models/hpc/m/0f/" },
    },
    answer: {
      path: "/v1/models/m:predict",
      status: 200,
      good: true,
      said: '{"predictions":[1]}',
      milliseconds: 12.4,
    },
  };
  test("is well when it answers and is the version that the alias names", () => {
    const verdict = judgeServed(good);
    expect(causes(verdict)).toEqual([]);
    expect(verdict.evidence).toEqual([
      "1 of 1 pod ready, version 2 of hpc-m (candidate)",
      '/v1/models/m:predict answered 200 in 12 ms: {"predictions":[1]}',
    ]);
  });
  test("is the champion where there is one", () => {
    const registered = { ...good.registered!, aliases: { candidate: "3", champion: "2" } };
    expect(causes(judgeServed({ ...good, registered }))).toEqual([]);
  });
  const { registered: _, ...unregistered } = good;
  test("is red when the registry does not know it", () =>
    only(judgeServed(unregistered), "the registry has no model that the pods of m name (model-cluster=hpc)"));
  test.each<[Partial<ServedEvidence>, string]>([
    [{ pods: [] }, "no pod of m is ready (0 pods with label model-name=m)"],
    [{ pods: [{ ...pod, version: "99" }] }, "m-1 serves version 99, and hpc-m has no such version"],
    [
      { pods: [{ ...pod, uri: "s3://models/other" }] },
      "m-1 loaded s3://models/other, version 2 of hpc-m lies at s3://models/models/hpc/m/0f/",
    ],
    [
      { registered: { ...good.registered!, aliases: { champion: "3" } } },
      "version 2 of hpc-m is served, champion is version 3",
    ],
    [
      { answer: { ...good.answer!, status: 500, good: false, said: "oops" } },
      "/v1/models/m:predict answered 500: oops",
    ],
  ])("is red with %j", (change, cause) => only(judgeServed({ ...good, ...change }), cause));
});

describe("GPU metrics", () => {
  const good: GpusEvidence = {
    model: "m",
    pods: [pod],
    held: [{ pod: "m-1", gpu: "GPU-1", type: "rtx-a6000", mebibytes: 61 }],
    targets: [target("dcgm-exporter")],
    now: Date.parse("2026-03-01T10:00:00Z"),
    scrapeSeconds: 30,
  };
  test("are joined when every pod has the GPUs that it asks for", () => {
    const verdict = judgeGpus(good);
    expect(causes(verdict)).toEqual([]);
    expect(verdict.evidence).toEqual(["1 GPU held by 1 pod: m-1 has GPU-1 (rtx-a6000, 61 MiB in use)"]);
  });
  test("do not apply to pods without GPUs", () =>
    expect(judgeGpus({ ...good, pods: [], held: [] }).status).toBe("notApplicable"));
  test("leave out a pod that is too new beside others", () => {
    const young = { ...pod, name: "m-2", readySince: "2026-03-01T09:59:30Z" };
    expect(causes(judgeGpus({ ...good, pods: [pod, young] }))).toEqual([]);
    only(
      judgeGpus({ ...good, pods: [young], held: [] }),
      "every pod of m is too new for its GPU to have been scraped",
    );
  });
  test.each<[Partial<GpusEvidence>, string]>([
    [{ held: [], targets: [] }, "DCGM's series lack m-1 (0 of 1 GPU): job dcgm-exporter has no target"],
    [
      { held: [], targets: [target("dcgm-exporter", { health: "down", lastError: "refused" })] },
      "DCGM's series lack m-1 (0 of 1 GPU): https://dcgm-exporter/metrics is down: refused",
    ],
    [{ held: [] }, "DCGM's series lack m-1 (0 of 1 GPU): 1 DCGM exporter up, without the names of pods"],
    [{ held: [{ ...good.held[0]!, type: "" }] }, "GPU GPU-1 has no gpu_type"],
  ])("are red with %j", (change, cause) => only(judgeGpus({ ...good, ...change }), cause));
});

describe("remote write", () => {
  const good = { user: "benchmark-1", answer: { status: 204, body: "" }, runs: ["run-1"] };
  test("is well when an empty request is accepted", () => {
    const verdict = judgeRemoteWrite(good);
    expect(causes(verdict)).toEqual([]);
    expect(verdict.evidence[1]).toBe("series of 1 run within 7d: run-1");
  });
  test("is red when it is not", () =>
    only(
      judgeRemoteWrite({
        ...good,
        answer: { status: 404, body: "remote write receiver needs to be enabled\n" },
      }),
      "the hub's Prometheus answers 404 to a write request of benchmark-1: remote write receiver needs to be enabled",
    ));
});

test("every heading of the runbook that an advice names is there", () => {
  const folder = path.join(repository, "commands", "validate");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  const named = files.flatMap((file) => [
    ...readFileSync(path.join(folder, file), "utf8").matchAll(/docs\/runbook\.md, (\w+)/g),
  ]);
  const headings = readFileSync(path.join(repository, "docs", "runbook.md"), "utf8");
  expect(named.length).toBeGreaterThan(10);
  expect(
    named.map(([, heading]) => heading).filter((heading) => !headings.includes(`\n## ${heading}\n`)),
  ).toEqual([]);
});
