import { spawnSync } from "node:child_process";
import type { RawConfig } from "../settings/reader";

/** A stack's configuration as the CLI tells it. */
export interface StackConfig {
  /** Whole keys to text, JSON where the value is an object; secrets decrypted. */
  readonly values: RawConfig;
  /** Whole keys of encrypted values. */
  readonly secretKeys: ReadonlySet<string>;
}

/** The two things that init asks of the `pulumi` CLI. */
export interface PulumiCli {
  readonly readConfig: (stack: string) => StackConfig;
  /** Writes one key of the stack file; the value goes through standard input, never through arguments. */
  readonly setConfig: (stack: string, key: string, value: string, secret: boolean) => void;
}

interface ConfigEntry {
  readonly value?: string;
  readonly secret: boolean;
}

/** What other commands ask of it, and change nothing. */
export interface StackReader extends Pick<PulumiCli, "readConfig"> {
  /** Names of the project's stacks. */
  readonly stacks: () => readonly string[];
  /** A stack's outputs, secrets decrypted; none where it was never brought up. */
  readonly readOutputs: (stack: string) => Readonly<Record<string, unknown>>;
}

/** The CLI on PATH; `PULUMI_OPTION_CWD` and the rest of the environment lead it to the project and its backend. */
export function pulumiCli(
  environment: NodeJS.ProcessEnv = process.env,
  cwd = process.cwd(),
): PulumiCli & StackReader {
  const run = (args: readonly string[], input = ""): string => {
    const result = spawnSync("pulumi", [...args, "--non-interactive", "--color", "never"], {
      cwd,
      env: { ...environment, PULUMI_SKIP_UPDATE_CHECK: "true" },
      input,
      encoding: "utf8",
    });
    if (result.error !== undefined) throw new Error(`pulumi could not be started: ${result.error.message}`);
    if (result.status !== 0) throw new Error(advice(result.stderr.trim()));
    return result.stdout;
  };
  return {
    readConfig: (stack) => {
      const json = run(["config", "--show-secrets", "--json", "--stack", stack]);
      const entries = Object.entries(JSON.parse(json) as Readonly<Record<string, ConfigEntry>>);
      return {
        values: Object.fromEntries(entries.map(([key, entry]) => [key, entry.value ?? ""])),
        secretKeys: new Set(entries.filter(([, entry]) => entry.secret).map(([key]) => key)),
      };
    },
    stacks: () => (JSON.parse(run(["stack", "ls", "--json"])) as { name: string }[]).map(({ name }) => name),
    readOutputs: (stack) =>
      JSON.parse(run(["stack", "output", "--json", "--show-secrets", "--stack", stack])) as Readonly<
        Record<string, unknown>
      >,
    setConfig: (stack, key, value, secret) => {
      run(["config", "set", key, "--stack", stack, secret ? "--secret" : "--plaintext"], value);
    },
  };
}

function advice(stderr: string): string {
  const missing = /no stack named '([^']+)' found/.exec(stderr);
  return missing === null ? stderr : `${stderr}\nCreate it first: pulumi stack init ${missing[1] ?? ""}`;
}
