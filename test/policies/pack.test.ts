import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
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

describe("the stacks of this repository", () => {
  it.each(["cloud", "hpc"])(
    "break no policy: %s",
    async (stack) => {
      const { status, stdout, stderr } = spawnSync(
        join(repository, "node_modules/.bin/tsx"),
        ["commands/render.ts", "--stack", stack],
        { cwd: repository, encoding: "utf8", maxBuffer: 64 << 20 },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const objects = parseAllDocuments(stdout).map((document) => document.toJS() as RenderedObject);
      const types = objects.map(({ apiVersion, kind }) => typeOf(apiVersion, kind));
      expect(types).toEqual(
        expect.arrayContaining([
          "core/v1:ConfigMap",
          "apps/v1:StatefulSet",
          "apps/v1:DaemonSet",
          "apps/v1:Deployment",
        ]),
      );
      const findings = await Promise.all(
        policies.flatMap((policy) =>
          objects.map((object, index) => analyze(policy, types[index]!, { ...object } as Props)),
        ),
      );
      expect(findings.flat()).toEqual([]);
    },
    60_000,
  );
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
