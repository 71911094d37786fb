import * as https from "node:https";
import type { Endpoint } from "../../sandbox/prometheus";
import type { AccessKey, UserPassword } from "../../settings";
import { mc } from "../support/landingZone";
import { endpoints, pulumiRun } from "../support/live";

const at = endpoints();

/** The newest credentials that `init` made for benchmarks. */
function made(): { readonly user: UserPassword; readonly store: AccessKey } {
  const { status, output } = pulumiRun(["config", "get", "federation:hubSecrets", "--stack", "cloud"]);
  if (status !== 0) throw new Error(output);
  const { generations } = JSON.parse(output.trim()) as {
    generations: {
      id: number;
      clusters: { cloud: { benchmark?: UserPassword; s3?: { benchmark?: string } } };
    }[];
  };
  const { id, clusters } = generations.at(-1)!;
  const { benchmark, s3 } = clusters.cloud;
  if (benchmark === undefined || s3?.benchmark === undefined)
    throw new Error("the hub's secrets hold no users of benchmarks: npm run init -- --stack cloud");
  return { user: benchmark, store: { accessKey: `benchmark-${id}`, secretKey: s3.benchmark } };
}

/** Status of a remote write of no series: the empty message, as snappy writes it. */
async function write({ url, ca }: Endpoint, { username, password }: UserPassword): Promise<number> {
  return await new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
    };
    const request = https.request(
      new URL("/api/v1/write", url),
      { method: "POST", ca, auth: `${username}:${password}`, agent: false, timeout: 10_000, headers },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on("timeout", () => request.destroy(new Error(`${url} did not answer within 10 s`)));
    request.on("error", reject);
    request.end(Buffer.from([0]));
  });
}

describe("benchmarks", () => {
  it("may write series to the hub's Prometheus with their own password, and to no member's", async () => {
    const { user } = made();
    expect(await write(at.hub, user)).toBe(204);
    expect(await write(at.hub, { ...user, password: "wrong" })).toBe(401);
    expect(await write(at.hpc, user)).toBe(401);
    const { username, password } = at.hpc;
    expect(await write(at.hpc, { username, password })).toBe(404);
  });

  it("may keep and read results in their bucket, delete none, and reach no other", () => {
    const as = made().store;
    const key = "access-test/result.json";
    mc("pipe", `member/benchmarks/${key}`, { as, input: "{}" });
    expect(mc("cat", `member/benchmarks/${key}`, { as })).toBe("{}");
    expect(mc("rm", `member/benchmarks/${key}`, { as, fails: true })).toMatch(/Access Denied/);
    expect(mc("ls", "member/models/", { as, fails: true })).toMatch(/Access Denied/);
    mc("rm", "--versions", "--force", `sandbox/benchmarks/${key}`);
  });
});
