/**
 * `npm run benchmark:plan -- --stack NAME`: what the benchmarks of a stack would do, each Job and CronJob as its driver's
 * `--dry-run` tells it. Read from what the stack declares: nothing is asked, sent or changed.
 */
import * as path from "node:path";
import { parseArgs } from "node:util";
import { planLines } from "../workloads/benchmark/driver/plan";
import { parseSettings } from "../workloads/benchmark/driver/settings";
import { renderObjects, type RenderedObject } from "./render";

const USAGE = "npm run --silent benchmark:plan -- --stack NAME [--config-dir DIR]";

/** The driver's settings among the files of a ConfigMap. */
const FILE = "config.json";

interface PodTemplate {
  readonly spec: {
    readonly volumes?: readonly {
      readonly projected?: {
        readonly sources?: readonly { readonly configMap?: { readonly name: string } }[];
      };
    }[];
  };
}
interface Workload {
  readonly schedule?: string;
  readonly template?: PodTemplate;
  readonly jobTemplate?: { readonly spec: { readonly template: PodTemplate } };
}

/** Names of the ConfigMaps whose files a workload's pods see in one folder. */
function filesOf({ template, jobTemplate }: Workload): readonly string[] {
  const volumes = (jobTemplate?.spec.template ?? template)?.spec.volumes ?? [];
  return volumes.flatMap(({ projected }) =>
    (projected?.sources ?? []).flatMap(({ configMap }) => configMap?.name ?? []),
  );
}

/** The plan of every Job and CronJob that runs the driver. */
export function benchmarkPlans(objects: readonly RenderedObject[]): readonly string[] {
  const settings = new Map(
    objects.flatMap(({ kind, metadata, data }) => {
      const text = kind === "ConfigMap" ? (data as Readonly<Record<string, string>>)[FILE] : undefined;
      return text === undefined ? [] : [[metadata.name, text] as const];
    }),
  );
  return objects.flatMap(({ kind, metadata, spec }) => {
    if (kind !== "Job" && kind !== "CronJob") return [];
    const workload = spec as Workload;
    const text = filesOf(workload).flatMap((name) => settings.get(name) ?? [])[0];
    if (text === undefined) return [];
    const begun = workload.schedule === undefined ? "begun by up" : `at ${workload.schedule}`;
    const plan = planLines(parseSettings(JSON.parse(text)));
    return [`${kind} ${metadata.name}, ${begun}`, ...plan.map((line) => `  ${line}`)];
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { stack: { type: "string" }, "config-dir": { type: "string" } } });
  if (values.stack === undefined) throw new Error(`usage: ${USAGE}`);
  const plans = benchmarkPlans(await renderObjects(values.stack, path.resolve(values["config-dir"] ?? ".")));
  console.log(
    plans.length > 0 ? plans.join("\n") : `the stack ${values.stack} lists nothing in hub.benchmarks`,
  );
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
