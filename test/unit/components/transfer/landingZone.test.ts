import { grantPolicy, policyName } from "../../../../components/transfer/landingZonePolicies";
import { ModelLandingZone, landingZoneProblems } from "../../../../components/transfer/modelLandingZone";
import type { ModelLandingZoneArgs } from "../../../../components/transfer/modelLandingZone";
import { only, record, summary, valueOf } from "../../../support/mocks";
import type { Registration } from "../../../support/mocks";
import { landingZoneArgs, secret, watchOptions } from "./samples";

const declare = (change: Partial<ModelLandingZoneArgs> = {}, preview = false) =>
  record(() => new ModelLandingZone("zone", { ...landingZoneArgs(), ...change }), { preview });

const BUCKETS = { models: "models", benchmarks: "benchmarks" };
const TRAINED = { models: "trained", benchmarks: "results" };

const USERS = [
  "benchmark-1",
  "metrics-1",
  "reader-hpc-1",
  "reader-hpc-2",
  "reader-hpc2-1",
  "retention-1",
  "retention-reader-1",
  "writer-hpc-1",
  "writer-hpc-2",
  "writer-hpc2-1",
];
const POLICIES = [
  "benchmarks-benchmark",
  "models-metrics",
  "models-reader-hpc",
  "models-reader-hpc2",
  "models-retention",
  "models-retention-reader",
  "models-writer-hpc",
  "models-writer-hpc2",
];
const CHILDREN = [
  "federation:transfer:ModelLandingZone zone",
  ...POLICIES.map((policy) => `minio:index/iamPolicy:IamPolicy zone-${policy}-policy`),
  ...USERS.map((user) => `minio:index/iamUser:IamUser zone-${user}-user`),
  ...USERS.map(
    (user) => `minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment zone-${user}-policy-attachment`,
  ),
  "minio:index/s3Bucket:S3Bucket zone-benchmarks-bucket",
  "minio:index/s3Bucket:S3Bucket zone-models-bucket",
  "minio:index/s3BucketVersioning:S3BucketVersioning zone-benchmarks-versioning",
  "minio:index/s3BucketVersioning:S3BucketVersioning zone-models-versioning",
].sort();

describe("the landing zone", () => {
  it("has exactly these children, in a preview too", async () => {
    expect(summary(await declare())).toEqual(CHILDREN);
    expect(summary(await declare({}, true))).toEqual(CHILDREN);
  });

  it("has buckets alone where there are no users", async () => {
    expect(summary(await declare({ users: [] }))).toEqual(
      CHILDREN.filter((child) => !child.includes("/iam")),
    );
  });

  it("makes private buckets that keep versions, and says their names", async () => {
    let zone: ModelLandingZone | undefined;
    const registrations = await record(() => (zone = new ModelLandingZone("zone", landingZoneArgs())));
    for (const bucket of ["models", "benchmarks"]) {
      expect(only(registrations, `zone-${bucket}-bucket`)).toMatchObject({
        inputs: { bucket, acl: "private", forceDestroy: false },
      });
      expect(only(registrations, `zone-${bucket}-bucket`).id).toBeUndefined();
      expect(only(registrations, `zone-${bucket}-versioning`).inputs).toEqual({
        bucket,
        versioningConfiguration: { status: "Enabled" },
      });
    }
    expect(await valueOf(zone!.modelsBucket)).toBe("models");
    expect(await valueOf(zone!.benchmarksBucket)).toBe("benchmarks");
  });

  it("gives each user its secret and the policy of its grant, whatever its generation", async () => {
    const registrations = await declare();
    for (const name of USERS) {
      expect(only(registrations, `zone-${name}-user`).inputs).toEqual({
        name,
        secret: secret(`secret of ${name}`),
      });
      expect(only(registrations, `zone-${name}-policy-attachment`).inputs).toEqual({
        userName: name,
        policyName: `${name === "benchmark-1" ? "benchmarks" : "models"}-${name.replace(/-\d$/, "")}`,
      });
    }
  });

  it("declares the policies of the grants, with retention over every member", async () => {
    const registrations = await declare();
    const declared = (policy: string): unknown => {
      const { inputs } = only(registrations, `zone-${policy}-policy`);
      expect(inputs.name).toBe(policy);
      return JSON.parse(inputs.policy as string);
    };
    expect(declared("models-writer-hpc")).toEqual(
      grantPolicy(BUCKETS, { kind: "writer", member: "hpc" }, []),
    );
    expect(declared("models-reader-hpc2")).toEqual(
      grantPolicy(BUCKETS, { kind: "reader", member: "hpc2" }, []),
    );
    expect(declared("models-retention")).toEqual(
      grantPolicy(BUCKETS, { kind: "retention" }, ["hpc", "hpc2"]),
    );
    expect(declared("models-retention-reader")).toEqual(
      grantPolicy(BUCKETS, { kind: "retentionReader" }, []),
    );
  });

  it("takes existing buckets over, changes nothing of them but versioning, and leaves them behind", async () => {
    const { options, transformations } = watchOptions();
    const registrations = await record(
      () =>
        new ModelLandingZone(
          "zone",
          { ...landingZoneArgs(), adoptBuckets: ["models"], protect: false },
          { transformations },
        ),
    );
    expect(only(registrations, "zone-models-bucket")).toMatchObject({
      id: "models",
      inputs: { bucket: "models", forceDestroy: false },
    });
    expect(options.get("zone-models-bucket")).toMatchObject({
      import: "models",
      ignoreChanges: ["acl", "forceDestroy", "objectLocking", "quota"],
      protect: false,
      retainOnDelete: true,
    });
    expect(options.get("zone-models-versioning")).toMatchObject({ protect: false, retainOnDelete: true });
    // the other one is this stack's own, and goes with what is in it
    expect(only(registrations, "zone-benchmarks-bucket").id).toBeUndefined();
    expect(only(registrations, "zone-benchmarks-bucket").inputs.forceDestroy).toBe(true);
    expect(options.get("zone-benchmarks-bucket")).toMatchObject({ protect: false, retainOnDelete: false });
    expect(options.get("zone-benchmarks-bucket")?.import).toBeUndefined();
  });

  it("protects buckets and their versioning where it is told to", async () => {
    const { options, transformations } = watchOptions();
    await record(() => new ModelLandingZone("zone", landingZoneArgs(), { transformations }));
    for (const child of ["models-bucket", "models-versioning", "benchmarks-bucket", "benchmarks-versioning"])
      expect(options.get(`zone-${child}`)).toMatchObject({ protect: true, retainOnDelete: true });
  });

  it.each<[problem: string, change: Partial<ModelLandingZoneArgs>]>([
    [
      'buckets.models: "Models" is no bucket\'s name; write 3 to 63 of a-z, 0-9 and inner hyphens',
      { buckets: { models: "Models", benchmarks: "benchmarks" } },
    ],
    ['buckets: both are "one"; name two', { buckets: { models: "one", benchmarks: "one" } }],
    ['adoptBuckets: "attic" is neither models nor benchmarks; remove it', { adoptBuckets: ["attic"] }],
    [
      'users: "a b" is no access key; write 3 to 128 letters, digits, dots, underscores, hyphens',
      { users: [{ name: "a b", secretKey: "s", grant: { kind: "retention" } }] },
    ],
    [
      'users: "writer" is for "a/*", which is no member\'s name',
      { users: [{ name: "writer", secretKey: "s", grant: { kind: "writer", member: "a/*" } }] },
    ],
    [
      'users: "writer-hpc-1" is there twice; every user needs a name of its own',
      { users: [...landingZoneArgs().users, landingZoneArgs().users[0]!] },
    ],
  ])("refuses before anything is declared: %s", async (problem, change) => {
    const args = { ...landingZoneArgs(), ...change };
    expect(landingZoneProblems(args)).toEqual([problem]);
    const into: Registration[] = [];
    const run = record(() => new ModelLandingZone("zone", args), { into });
    await expect(run).rejects.toThrow(`zone: ${problem}`);
    expect(into.filter(({ type }) => type.startsWith("minio:"))).toEqual([]);
  });
});

describe("the policy of", () => {
  const statements = (...args: Parameters<typeof grantPolicy>) => grantPolicy(...args).Statement;
  const arn = (key: string): string => `arn:aws:s3:::trained/${key}`;

  it("a writer allows what a run asks, under its own prefixes, and no removal", () => {
    const policy = grantPolicy(TRAINED, { kind: "writer", member: "hpc" }, []);
    expect(policy.Version).toBe("2012-10-17");
    expect(policy.Statement).toEqual([
      {
        Sid: "OwnObjects",
        Effect: "Allow",
        Action: ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
        Resource: ["models", "manifests", "state", "claims"].map((folder) => arn(`${folder}/hpc/*`)),
      },
      {
        Sid: "OwnListings",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: ["arn:aws:s3:::trained"],
        Condition: { StringLike: { "s3:prefix": ["models/hpc/*", "manifests/hpc/*"] } },
      },
      {
        Sid: "UnfinishedUploads",
        Effect: "Allow",
        Action: ["s3:ListBucketMultipartUploads"],
        Resource: ["arn:aws:s3:::trained"],
      },
    ]);
  });

  it("a reader allows one object", () => {
    expect(statements(TRAINED, { kind: "reader", member: "hpc" }, ["hpc", "hpc2"])).toEqual([
      {
        Sid: "State",
        Effect: "Allow",
        Action: ["s3:GetObject"],
        Resource: [arn("state/hpc/state.json")],
      },
    ]);
  });

  it("retention allows removal under the members' prefixes, and its report", () => {
    const under = (...folders: string[]) =>
      folders.flatMap((folder) => [`${folder}/hpc/*`, `${folder}/hpc2/*`]);
    const all = under("models", "manifests", "state", "claims");
    expect(statements(TRAINED, { kind: "retention" }, ["hpc", "hpc2"])).toEqual([
      {
        Sid: "Report",
        Effect: "Allow",
        Action: ["s3:PutObject"],
        Resource: [arn("retention/report.json")],
      },
      {
        Sid: "Manifests",
        Effect: "Allow",
        Action: ["s3:GetObject"],
        Resource: under("manifests").map(arn),
      },
      {
        Sid: "Versions",
        Effect: "Allow",
        Action: ["s3:ListBucketVersions"],
        Resource: ["arn:aws:s3:::trained"],
        Condition: { StringLike: { "s3:prefix": all } },
      },
      {
        Sid: "Removal",
        Effect: "Allow",
        Action: ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        Resource: all.map(arn),
      },
      {
        Sid: "UnfinishedUploads",
        Effect: "Allow",
        Action: ["s3:ListBucketMultipartUploads"],
        Resource: ["arn:aws:s3:::trained"],
      },
      {
        Sid: "AbandonedParts",
        Effect: "Allow",
        Action: ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        Resource: under("models").map(arn),
      },
    ]);
  });

  it("retention without members allows the report alone", () => {
    expect(statements(TRAINED, { kind: "retention" }, []).map(({ Sid }) => Sid)).toEqual(["Report"]);
  });

  it("retention's reader allows the report", () => {
    expect(statements(TRAINED, { kind: "retentionReader" }, ["hpc"])).toEqual([
      {
        Sid: "Report",
        Effect: "Allow",
        Action: ["s3:GetObject"],
        Resource: [arn("retention/report.json")],
      },
    ]);
  });

  it("the reader of metrics allows nothing of what the store holds", () => {
    expect(statements(TRAINED, { kind: "metrics" }, ["hpc"])).toEqual([
      { Sid: "Metrics", Effect: "Allow", Action: ["admin:Prometheus"] },
    ]);
  });

  it("benchmarks allows their own bucket and no removal", () => {
    expect(statements(TRAINED, { kind: "benchmark" }, ["hpc"])).toEqual([
      {
        Sid: "Results",
        Effect: "Allow",
        Action: ["s3:GetObject", "s3:PutObject"],
        Resource: ["arn:aws:s3:::results/*"],
      },
      {
        Sid: "Listings",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: ["arn:aws:s3:::results"],
      },
    ]);
  });

  it("each grant has a name of its own", () => {
    const names = [
      policyName(TRAINED, { kind: "writer", member: "reader-a" }),
      policyName(TRAINED, { kind: "reader", member: "writer-a" }),
      policyName(TRAINED, { kind: "reader", member: "a" }),
      policyName(TRAINED, { kind: "retention" }),
      policyName(TRAINED, { kind: "retentionReader" }),
      policyName(TRAINED, { kind: "metrics" }),
      policyName(TRAINED, { kind: "benchmark" }),
    ];
    expect(names).toEqual([
      "trained-writer-reader-a",
      "trained-reader-writer-a",
      "trained-reader-a",
      "trained-retention",
      "trained-retention-reader",
      "trained-metrics",
      "results-benchmark",
    ]);
  });
});
