import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { until } from "../../sandbox/checks";
import { paths } from "../../sandbox/paths";
import { command, endpoints, evidence } from "../support/live";

describe("the dashboards", () => {
  it("have series for every selector of every panel but those that are good when they are empty", async () => {
    const out = fs.mkdtempSync(path.join(os.tmpdir(), "federation-dashboards-"));
    const config = path.join(paths.http, "hub.yml");
    await until(
      "a preview without an empty selector",
      420,
      () => {
        const { status, output } = command(
          "commands/dashboardsPreview.ts",
          ...["--prometheus", endpoints().hub.url, "--http-config", config, "--out", out],
        );
        const [, empty = ""] = /\nEmpty:\n(.*?)\n\n/s.exec(output) ?? [];
        return Promise.resolve(status === 0 ? [] : [empty === "" ? output.slice(-2000) : empty]);
      },
      () => Promise.resolve(evidence("cloud")),
    );
    const page = path.join(out, "index.html");
    // the engine that nobody has is told apart by its name wherever it is told
    expect(fs.readFileSync(page, "utf8")).toContain("simulated-llm");
    fs.rmSync(out, { recursive: true });
  });
});
