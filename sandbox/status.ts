import { servedRate, wrongTargets } from "./checks";
import { clusterStatus, withCluster } from "./clusters";
import { advertisedGpus } from "./gpus";
import { hostsStatus } from "./hosts";
import { simulatedKnative } from "./knative/model";
import { sandboxModel } from "./models";
import { endpoint, queryValue, targets, type Side } from "./prometheus";
import { servicesStatus } from "./services";
import { replicasOf, servedModel } from "./serving";
import { table } from "./stages";
import { readSummary } from "./summary";
import { simulatedLlm } from "./vllm/model";

async function prometheusStatus(side: Side): Promise<string> {
  try {
    const wrong = wrongTargets(await targets(endpoint(side)));
    return wrong.length === 0 ? "all targets as expected" : `not as expected:\n${wrong.join("\n")}`;
  } catch (error) {
    return `does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What the GPUs and the served model are like, and whether the model is asked for. */
async function servingStatus(): Promise<{ readonly well: boolean; readonly lines: readonly string[] }> {
  const [gpus, served, llm, proxied] = await withCluster("cloud", (cluster, api) =>
    Promise.all([
      advertisedGpus(cluster, api),
      servedModel(api, sandboxModel),
      replicasOf(api, simulatedLlm),
      replicasOf(api, simulatedKnative),
    ]),
  );
  const rate = await queryValue(endpoint("hub"), servedRate(sandboxModel)).catch(() => undefined);
  return {
    well:
      served !== undefined && llm !== undefined && proxied !== undefined && rate !== undefined && rate > 0,
    lines: [
      `simulated GPUs of cloud: ${gpus}`,
      `served model ${sandboxModel}: ${served ?? "not served"}, ${rate?.toFixed(1) ?? "no"} requests a second`,
      `simulated vLLM ${simulatedLlm}: ${llm ?? "not there"}`,
      `simulated Knative ${simulatedKnative}: ${proxied ?? "not there"}`,
    ],
  };
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
  const serving = await servingStatus();
  for (const line of serving.lines) console.log(line);
  if (!serving.well) process.exitCode = 1;
}
