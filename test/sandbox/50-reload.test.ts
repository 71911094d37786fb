import * as fs from "node:fs";
import * as path from "node:path";
import { until } from "../../sandbox/checks";
import { paths, repository } from "../../sandbox/paths";
import { get } from "../../sandbox/prometheus";
import {
  command,
  endpoints,
  fingerprints,
  getObject,
  prometheusPod,
  pulumiRun,
  pulumiUp,
} from "../support/live";

const committed = path.join(repository, "Pulumi.hpc.yaml");

/** Edits the committed stack file as a person would, merges, runs `work`, and puts everything back. */
async function withCommitted(
  edit: (text: string) => string,
  work: () => Promise<void> | void,
): Promise<void> {
  const before = fs.readFileSync(committed, "utf8");
  const after = edit(before);
  expect(after).not.toBe(before);
  fs.writeFileSync(committed, after);
  try {
    expect(command("sandbox/cli.ts", "config").status).toBe(0);
    await work();
  } finally {
    fs.writeFileSync(committed, before);
    command("sandbox/cli.ts", "config");
  }
}

const runningConfig = async (): Promise<string> => {
  const { body } = await get(endpoints().hpc, "/api/v1/status/config");
  return (JSON.parse(body) as { data: { yaml: string } }).data.yaml;
};

describe("a change of configuration", () => {
  it("previews as just that, and goes live without a restart", async () => {
    const pod = getObject("hpc", "pod", prometheusPod).metadata.uid;
    expect(await runningConfig()).toContain("scrape_interval: 30s");
    await withCommitted(
      (text) => text.replace(/scrapeInterval: \S+/, "scrapeInterval: 13s"),
      async () => {
        const preview = pulumiRun(["preview", "--stack", "hpc", "--diff"]);
        expect(preview.status === 0 ? "" : preview.output).toBe("");
        expect(preview.output.match(/^\s*~ kubernetes:\S+/gm)?.map((line) => line.trim())).toEqual([
          "~ kubernetes:core/v1:ConfigMap:",
        ]);
        expect(preview.output).toMatch(/~ 1 to update/);
        expect(preview.output).not.toMatch(/to (create|delete|replace)/);
        pulumiUp("hpc");
        await until("the new interval live", 120, async () =>
          (await runningConfig()).includes("scrape_interval: 13s") ? [] : ["still the old one"],
        );
        expect(getObject("hpc", "pod", prometheusPod).metadata.uid).toBe(pod);
      },
    );
    pulumiUp("hpc");
    await until("the old interval back", 120, async () =>
      (await runningConfig()).includes("scrape_interval: 30s") ? [] : ["not yet"],
    );
  });

  it("says when it overwrites an edit by hand in the generated project", () => {
    const generated = path.join(paths.project, "Pulumi.hpc.yaml");
    fs.writeFileSync(
      generated,
      fs.readFileSync(generated, "utf8").replace("scrapeInterval: 30s", "scrapeInterval: 11s"),
    );
    const { status, output } = command("sandbox/cli.ts", "config");
    expect(status).toBe(0);
    expect(output).toContain(
      "overwriting what was edited by hand in .sandbox/project/Pulumi.hpc.yaml: federation:member",
    );
  });

  it("refuses a broken rule expression before anything is touched", () => {
    const file = path.join(repository, "rules/recording/monitoring.ts");
    const before = fs.readFileSync(file, "utf8");
    const objects = fingerprints("hpc");
    const broken = before.replace("min by (cluster)", "min by (job)");
    expect(broken).not.toBe(before);
    fs.writeFileSync(file, broken);
    try {
      const run = pulumiRun(["up", "--yes", "--skip-preview", "--stack", "hpc"]);
      expect(run.status).not.toBe(0);
      expect(run.output).toMatch(/fed_cluster:prometheus_config_reload:\w+/);
      expect(run.output).toMatch(/cluster/);
      expect(run.output).not.toMatch(/^\s*[+~-]\s+kubernetes:/m);
    } finally {
      fs.writeFileSync(file, before);
    }
    expect(fingerprints("hpc")).toEqual(objects);
  });
});
