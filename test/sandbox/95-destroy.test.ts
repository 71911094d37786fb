import { until } from "../../sandbox/checks";
import { onController } from "../../sandbox/hosts/remote";
import { landingZoneLeftovers } from "../support/landingZone";
import { kubectl, pulumiRun, type Stack } from "../support/live";

/** Everything left in a cluster that this project made: by label, and by its namespaces. */
function leftovers(stack: Stack): string[] {
  const kinds =
    "namespaces,clusterroles,clusterrolebindings,persistentvolumeclaims,networkpolicies,configmaps,secrets,services,statefulsets,deployments,daemonsets,cronjobs,jobs,horizontalpodautoscalers,poddisruptionbudgets";
  const labelled = kubectl(stack, [
    "get",
    kinds,
    "-A",
    "-l",
    "app.kubernetes.io/part-of=federation",
    "-o",
    "name",
  ]);
  const namespaces = kubectl(stack, ["get", "namespaces", "-o", "name"])
    .split("\n")
    .filter((name) => name.includes("federation"));
  const volumes = kubectl(stack, ["get", "persistentvolumes", "-o", "name"]);
  return [...labelled.split("\n"), ...namespaces, ...volumes.split("\n")].filter((line) => line !== "");
}

describe("destroy", () => {
  it.each(["hpc", "cloud"] as const)("leaves nothing of %s", async (stack) => {
    const run = pulumiRun(["destroy", "--yes", "--skip-preview", "--stack", stack]);
    expect(run.status === 0 ? "" : run.output).toBe("");
    // the provisioner reclaims volumes after their claims
    await until("nothing left", 60, () => Promise.resolve(leftovers(stack)));
    const { output } = pulumiRun(["stack", "export", "--stack", stack]);
    const state = JSON.parse(output) as { deployment: { resources?: unknown[] } };
    expect(state.deployment.resources ?? []).toEqual([]);
  });

  it("leaves nothing of the exporters on the machine of Slurm's controller", async () => {
    const left = [
      "systemctl list-units --all --no-legend --plain 'federation-*'",
      "find /etc/systemd /run/systemd/system /opt -name 'federation*'",
    ];
    expect(await onController("sh", "-c", left.join("; "))).toBe("");
  });

  it("leaves no bucket, user or policy of the landing zone in MinIO", () => {
    expect(landingZoneLeftovers()).toEqual([]);
  });
});
