import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import type { AnalyzerInfo } from "@pulumi/pulumi/proto/analyzer_pb";
import { EnforcementLevel } from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { parseAllDocuments } from "yaml";
import type { RenderedObject } from "../../commands/render";
import { policies } from "../../policies/policies";
import { analyze } from "./engine";
import type { Props } from "./fixtures";

const repository = join(__dirname, "../..");
const names = [
  "disallow-plain-secrets",
  "require-cluster-label",
  "require-pinned-images",
  "require-pod-security",
  "require-requests-and-limits",
];

describe("the pack", () => {
  it("has these policies, each with a verb in its name, and all mandatory", () => {
    expect(policies.map(({ name }) => name)).toEqual(names);
    expect(names.filter((name) => !/^(disallow|require|enforce)(-[a-z]+)+$/.test(name))).toEqual([]);
    expect(policies.map(({ enforcementLevel }) => enforcementLevel)).toEqual(names.map(() => "mandatory"));
  });

  it("is served by Pulumi's own runner", async () => {
    const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
    const child = spawn(process.execPath, [runner, "127.0.0.1:1", "."], {
      cwd: join(repository, "policies"),
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [port] = (await once(createInterface(child.stdout), "line")) as [string];
      expect(port).toMatch(/^\d+$/);
      const info = await analyzerInfo(port);
      expect(info.getName()).toBe("federation");
      expect(info.getVersion()).toBe("0.1.0");
      expect(
        info.getPoliciesList().map((policy) => [policy.getName(), policy.getEnforcementlevel()]),
      ).toEqual(names.map((name) => [name, EnforcementLevel.MANDATORY]));
    } finally {
      const exit = once(child, "exit");
      child.kill();
      await exit;
    }
  }, 60_000);
});

/** The objects of a stack, by the command that prints them, with what else that said. */
function rendered(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    join(repository, "node_modules/.bin/tsx"),
    ["commands/render.ts", ...args],
    { cwd: repository, encoding: "utf8", maxBuffer: 64 << 20 },
  );
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as RenderedObject);
  return { status, stderr, objects, types: objects.map(({ apiVersion, kind }) => typeOf(apiVersion, kind)) };
}

/** What every policy finds in any of the objects. */
async function findingsIn({ objects, types }: Pick<ReturnType<typeof rendered>, "objects" | "types">) {
  const findings = await Promise.all(
    policies.flatMap((policy) =>
      objects.map((object, index) => analyze(policy, types[index]!, { ...object } as Props)),
    ),
  );
  return findings.flat();
}

describe("the stacks of this repository", () => {
  it.each(["cloud", "hpc"])(
    "break no policy: %s",
    async (stack) => {
      const { status, stderr, ...made } = rendered("--stack", stack);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(made.types).toEqual(
        expect.arrayContaining([
          "core/v1:ConfigMap",
          "apps/v1:StatefulSet",
          "apps/v1:DaemonSet",
          "apps/v1:Deployment",
        ]),
      );
      expect(await findingsIn(made)).toEqual([]);
    },
    60_000,
  );
});

describe("a member whose site has a Prometheus", () => {
  const folder = mkdtempSync(join(tmpdir(), "federation-policies-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("breaks no policy; a render gives the site's Prometheus rules and jobs, asks nobody and has no server", async () => {
    const file = parseAllDocuments(readFileSync(join(repository, "Pulumi.hpc.yaml"), "utf8"))[0]!;
    file.setIn(["config", "federation:member", "prometheus"], {
      mode: "existing",
      url: "https://127.0.0.1:1",
      object: { namespace: "monitoring", name: "kube-prometheus-stack-prometheus" },
      labels: { release: "kube-prometheus-stack" },
    });
    file.deleteIn(["config", "federation:member", "kubernetes", "nodeExporter"]);
    writeFileSync(join(folder, "Pulumi.hpc.yaml"), String(file));
    const { status, stderr, ...made } = rendered("--stack", "hpc", "--config-dir", folder);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(
        /^warning: [^\n]*the site's Prometheus is not asked whether it fits[^\n]*\n$/,
      ) as string,
    });
    const operated = made.objects
      .filter(({ apiVersion }) => apiVersion.startsWith("monitoring.coreos.com/"))
      .map(({ kind, metadata: { namespace, name } }) => `${kind} ${namespace ?? ""}/${name}`);
    expect(operated).toEqual([
      "PrometheusRule monitoring/federation-alerts-cluster",
      "PrometheusRule monitoring/federation-rules-cluster",
      ...[
        ...["alertmanager", "beegfs", "dcgm", "hub-alertmanager", "model-transfer", "node"],
        ...["slurm-jobs", "slurm-nodes", "slurm-partitions", "slurm-scheduler"],
      ].map((job) => `ScrapeConfig monitoring/federation-${job}`),
    ]);
    const servers = made.objects.filter(({ kind }) =>
      /^(StatefulSet|DaemonSet|PersistentVolumeClaim)$/.test(kind),
    );
    expect(servers.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      "StatefulSet alertmanager",
    ]);
    expect(await findingsIn(made)).toEqual([]);
  }, 60_000);

  it("breaks a policy with a rule that loses the cluster", async () => {
    const object = {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: { name: "federation-rules-cluster" },
      spec: { groups: [{ name: "g", rules: [{ record: "fed_cluster:a:b", expr: "sum(up)" }] }] },
    };
    const found = await findingsIn({ objects: [object], types: ["monitoring.coreos.com/v1:PrometheusRule"] });
    expect(found.map(({ level, message }) => [level, message])).toEqual([
      [
        "mandatory",
        'PrometheusRule "subject", spec.groups, group "g", fed_cluster:a:b: the label cluster is lost: sum() has no "by (cluster, ...)"',
      ],
      [
        "mandatory",
        'PrometheusRule "subject", spec.groups, group "g", fed_cluster:a:b: up must be restricted to {cluster="<its own>"}: fed_cluster: series have one writer',
      ],
    ]);
  });
});

function typeOf(apiVersion: string, kind: string): string {
  return `${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
}

/** What the engine asks of a pack first. */
async function analyzerInfo(port: string): Promise<AnalyzerInfo> {
  const client = new AnalyzerClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  try {
    return await new Promise<AnalyzerInfo>((resolve, reject) => {
      client.getAnalyzerInfo(new Empty(), (error, info) => (error ? reject(error) : resolve(info)));
    });
  } finally {
    client.close();
  }
}
