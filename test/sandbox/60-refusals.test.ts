import * as fs from "node:fs";
import * as path from "node:path";
import { paths } from "../../sandbox/paths";
import { fingerprints, getObject, pulumiRun, withStackFile } from "../support/live";

const up = (stack: "cloud" | "hpc"): { status: number | null; output: string } =>
  pulumiRun(["up", "--yes", "--skip-preview", "--stack", stack]);

describe("what is refused before anything is touched", () => {
  it("lists five mistakes in one error", async () => {
    const before = fingerprints("hpc");
    await withStackFile(
      "hpc",
      (config) => {
        const member = config["federation:member"] as {
          prometheus: { retention: { time: string }; expose: { nodePort: number }; scrapeIntervall?: string };
          hosts: { address: string; roles: string[] }[];
        };
        member.prometheus.retention.time = "two weeks";
        member.prometheus.expose.nodePort = 80;
        member.prometheus.scrapeIntervall = "10s";
        member.hosts[0]!.address = "192.168.100.999";
        member.hosts[1]!.roles = ["nodes"];
      },
      () => {
        const run = up("hpc");
        expect(run.status).not.toBe(0);
        for (const key of [
          "federation:member.prometheus.retention.time",
          "federation:member.prometheus.expose.nodePort",
          "federation:member.prometheus.scrapeIntervall",
          "federation:member.hosts[0].address",
          "federation:member.hosts[1].roles[0]",
        ])
          expect(run.output).toContain(key);
        for (const value of ["two weeks", "80", "192.168.100.999", "nodes"])
          expect(run.output).toContain(value);
        expect(run.output).toMatch(/5 problems/);
        expect(run.output).toContain("hpc");
      },
    );
    expect(fingerprints("hpc")).toEqual(before);
  });

  it("refuses a hub's key in a member's file by name", async () => {
    await withStackFile(
      "hpc",
      (config) => {
        config["federation:hub"] = { members: [] };
      },
      () => {
        const run = up("hpc");
        expect(run.status).not.toBe(0);
        expect(run.output).toMatch(/federation:hub\b.*hub/);
      },
    );
  });

  it("refuses the other cluster's kubeconfig", async () => {
    const objects = { cloud: fingerprints("cloud"), hpc: fingerprints("hpc") };
    await withStackFile(
      "hpc",
      () => undefined,
      () => {
        const wrong = fs.readFileSync(path.join(paths.kubeconfigs, "cloud"), "utf8");
        const set = pulumiRun(
          ["config", "set", "--secret", "federation:kubeconfig", "--stack", "hpc"],
          {},
          wrong,
        );
        expect(set.status === 0 ? "" : set.output).toBe("");
        for (const verb of ["preview", "up"]) {
          const run = pulumiRun([
            verb,
            ...(verb === "up" ? ["--yes", "--skip-preview"] : []),
            "--stack",
            "hpc",
          ]);
          expect(run.status).not.toBe(0);
          expect(run.output).toContain(objectUid("hpc"));
          expect(run.output).toContain(objectUid("cloud"));
          expect(run.output).toMatch(/npm run init -- --stack hpc/);
        }
      },
    );
    expect({ cloud: fingerprints("cloud"), hpc: fingerprints("hpc") }).toEqual(objects);
  });
});

/** A cluster's identity: the UID of its namespace kube-system. */
function objectUid(stack: "cloud" | "hpc"): string {
  return getObject(stack, "namespace", "kube-system").metadata.uid;
}
