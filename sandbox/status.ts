import { wrongTargets } from "./checks";
import { clusterStatus } from "./clusters";
import { hostsStatus } from "./hosts";
import { endpoint, targets, type Side } from "./prometheus";
import { servicesStatus } from "./services";
import { table } from "./stages";
import { readSummary } from "./summary";

async function prometheusStatus(side: Side): Promise<string> {
  try {
    const wrong = wrongTargets(await targets(endpoint(side)));
    return wrong.length === 0 ? "all targets as expected" : `not as expected:\n${wrong.join("\n")}`;
  } catch (error) {
    return `does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** `npm run sandbox:status`: what runs, and whether it is well; exit code 1 when it is not. */
export async function status(): Promise<void> {
  const clusters = await clusterStatus();
  const parts = [
    ...clusters.map((cluster) => ({ ...cluster, name: `cluster ${cluster.name}` })),
    ...(await hostsStatus()),
    ...(await servicesStatus()),
  ];
  console.log(
    table(parts.map(({ name, running, detail }) => [name, running ? "running" : "not running", detail])),
  );
  if (readSummary() === undefined || !parts.every(({ running }) => running)) {
    console.log("the sandbox is not up: run `npm run sandbox`");
    process.exitCode = 1;
    return;
  }
  for (const side of ["hub", "hpc"] as const) {
    const said = await prometheusStatus(side);
    console.log(`Prometheus ${side}: ${said}`);
    if (!said.startsWith("all")) process.exitCode = 1;
  }
}
