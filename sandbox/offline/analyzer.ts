import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";

/**
 * Starts a policy pack with the runner of the pack's own SDK. The engine gives its address, then the pack's folder
 * (relative to the working directory), then the pack's runtime options; all are handed on. The runner prints the
 * port it serves on, so its output is this process's own.
 */
export function main(args: readonly string[]): void {
  const pack = resolve(args.find((arg, index) => index > 0 && !arg.startsWith("-")) ?? ".");
  const child = spawn(process.execPath, [runnerOf(pack), ...args], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  child.once("close", (code) => process.exit(code ?? 1));
}

function runnerOf(pack: string): string {
  try {
    return createRequire(join(pack, "package.json")).resolve("@pulumi/pulumi/cmd/run-policy-pack");
  } catch {
    process.stderr.write(`the policy pack's dependencies are not installed: run npm install in ${pack}\n`);
    return process.exit(1);
  }
}

main(process.argv.slice(2));
