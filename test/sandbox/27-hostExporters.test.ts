import { targetLine, until } from "../../sandbox/checks";
import { onController } from "../../sandbox/hosts/remote";
import { controller } from "../../sandbox/hosts/slurm";
import { query, targets } from "../../sandbox/prometheus";
import { endpoints, pulumiRun, pulumiUp } from "../support/live";

const unit = "federation-node-exporter.service";

/** States of the unit on the machine: whether it runs, and whether it starts at boot. */
const state = async (): Promise<string> =>
  onController("sh", "-c", `systemctl is-active ${unit}; systemctl is-enabled ${unit}`);

describe("the node exporter that the member's stack installs on the machine of Slurm's controller", () => {
  const at = endpoints();

  /** The member's Prometheus hears it. */
  const heard = (): Promise<void> =>
    until("its target up", 90, async () => {
      const found = (await targets(at.hpc)).filter(
        ({ labels }) => labels.job === "node" && labels.host === controller.name,
      );
      return found.length === 1 && found[0]?.health === "up" ? [] : ["not up", ...found.map(targetLine)];
    });

  it("runs there, as a unit of systemd, and is scraped like those of other hosts", async () => {
    expect(await state()).toBe("active\nenabled\n");
    await heard();
    const names = await query(at.hpc, `node_uname_info{host="${controller.name}"}`);
    expect(names.map(({ metric }) => [metric.cluster, metric.nodename])).toEqual([["hpc", controller.name]]);
  });

  it("is missed by a preview when it was stopped by hand, and started by an up", async () => {
    await onController("systemctl", "stop", unit);
    const preview = pulumiRun(["preview", "--diff", "--stack", "hpc"]);
    expect(preview.output).toContain(`${unit} is inactive`);
    expect(preview.output.match(/^ *[~+-]+ .*\((create|delete|replace|update)\)$/gm)).toEqual([
      expect.stringMatching(/^ *~ command:remote:Command: \(update\)$/) as unknown,
    ]);
    expect(await state()).toBe("inactive\nenabled\n");
    pulumiUp("hpc");
    expect(await state()).toBe("active\nenabled\n");
    pulumiUp("hpc", "--expect-no-changes");
    await heard();
  });
});
