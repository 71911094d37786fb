/**
 * `npm run bench:preview`: `pulumi preview --stack cloud` on the running sandbox against a generated program that
 * registers as many resources of the same types with minimal specs, on the same cluster, deployed there as ours is.
 * Both run with the same CLI, runtime options, provider options and plugins, and both without the policy pack, which
 * refuses minimal specs. A preview that shows changes is an error.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { paths, repository, sandboxFolder } from "../sandbox/paths";
import { pulumi as pulumiCli } from "../sandbox/pulumi";
import { compare, finish, interleaved, machine, resultOf } from "./harness";
import { countByType, minimalProgram, type ExportedResource } from "./minimalProgram";

/** Our median may be this many times the peer's. */
const goal = 1.5;
const defaultRounds = 9;
const stack = "cloud";
const folder = path.join(sandboxFolder, "bench-preview");

/** In place of the sandbox's own. */
type Environment = NodeJS.ProcessEnv;

const ours: Environment = { PULUMI_OPTION_POLICY_PACK: undefined };
const peer: Environment = {
  ...ours,
  PULUMI_OPTION_CWD: folder,
  PULUMI_BACKEND_URL: `file://${path.join(folder, "backend")}`,
  BENCH_KUBECONFIG: path.join(paths.kubeconfigs, stack),
};

const pulumi = (env: Environment, ...args: readonly string[]): string =>
  pulumiCli([...args, "--stack", stack], env);

/** Seconds of one preview. */
function preview(env: Environment): number {
  const start = performance.now();
  pulumi(env, "preview", "--expect-no-changes");
  return (performance.now() - start) / 1000;
}

function exported(env: Environment): readonly ExportedResource[] {
  const state = JSON.parse(pulumi(env, "stack", "export")) as {
    readonly deployment: { readonly resources?: readonly ExportedResource[] };
  };
  return state.deployment.resources ?? [];
}

/** Destroys the peer and its folder. */
function clean(): void {
  if (fs.existsSync(path.join(folder, `Pulumi.${stack}.yaml`)))
    pulumi(peer, "destroy", "--yes", "--skip-preview");
  fs.rmSync(folder, { recursive: true, force: true });
}

/** Cleans what a run that was killed left; its cluster may be gone since. */
function cleanLeftovers(): void {
  try {
    clean();
  } catch (error) {
    console.error(`what an earlier run left could not be destroyed: ${String(error)}`);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the peer's project and deploys it. */
function deployPeer(program: string): void {
  const { runtime, config } = yaml.parse(
    fs.readFileSync(path.join(repository, "Pulumi.yaml"), "utf8"),
  ) as Record<string, unknown>;
  fs.mkdirSync(path.join(folder, "backend"), { recursive: true });
  fs.writeFileSync(
    path.join(folder, "Pulumi.yaml"),
    yaml.stringify({ name: "bench-preview", runtime, config }),
  );
  fs.writeFileSync(
    path.join(folder, "package.json"),
    JSON.stringify({ name: "bench-preview", private: true, main: "index.ts" }),
  );
  fs.writeFileSync(path.join(folder, "index.ts"), program);
  pulumiCli(["stack", "init", stack], peer);
  pulumi(peer, "up", "--yes", "--skip-preview");
}

async function main(rounds: number): Promise<void> {
  if (!Number.isInteger(rounds) || rounds < 7)
    throw new Error(`rounds: ${rounds}, must be a whole number from 7 up`);
  if (!fs.existsSync(paths.summary)) throw new Error("the sandbox is not up: run `npm run sandbox`");
  cleanLeftovers();
  try {
    const resources = exported(ours);
    deployPeer(minimalProgram(resources));
    const counts = countByType(resources);
    const same = JSON.stringify(countByType(exported(peer))) === JSON.stringify(counts);
    if (!same)
      throw new Error(
        `the peer does not hold the same resources: ${JSON.stringify(countByType(exported(peer)))}`,
      );
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    console.log(
      `${total} resources of ${Object.keys(counts).length} types each, ${rounds} rounds, no policy pack on either side`,
    );
    const contenders = { federation: () => preview(ours), minimal: () => preview(peer) };
    await interleaved(contenders, 1); // caches of compiled code and of the disk
    const samples = await interleaved(contenders, rounds);
    const row = compare(`preview of ${stack}, nothing to change`, "s", samples, "federation", goal);
    finish(resultOf("preview", machine(), [row]));
  } finally {
    clean();
  }
}

main(Number(process.argv[2] ?? defaultRounds)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
