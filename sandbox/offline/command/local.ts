import { stringAt, type Tree } from "../properties";
import { execute, failure, isLogged, recorded, type Logging } from "./processes";

const served = ["command", "stdin", "interpreter", "dir", "environment", "logging", "addPreviousOutputInEnv"];

const words = {
  status: (code: number) => `exit status ${code}`,
  signal: (signal: string) => `signal: ${signal}`,
};

/** The function `local.run`: a command on this machine, run at every preview and every update. */
export async function runLocal(args: Tree, signal: AbortSignal, say: (line: string) => void): Promise<Tree> {
  const given = Object.fromEntries(
    Object.entries(args).filter(([, value]) => value !== undefined && value !== null),
  );
  const strange = Object.keys(given).find((key) => !served.includes(key));
  if (strange !== undefined)
    throw new Error(`${strange} is not served by the offline stand-in, which knows ${served.join(", ")}`);
  const command = stringAt(given, "command");
  if (command === "") throw new Error("command is missing");
  const interpreter = Array.isArray(given.interpreter) ? given.interpreter.map(String) : ["/bin/sh", "-c"];
  const logging = given.logging as Logging;
  const ended = await execute([...interpreter, command], {
    input: stringAt(given, "stdin"),
    env: { ...process.env, ...(given.environment as Record<string, string> | undefined) },
    cwd: given.dir === undefined ? undefined : stringAt(given, "dir"),
    signal,
    line: (line, from) => {
      if (isLogged(logging, from)) say(line);
    },
  });
  if (ended.code !== 0) throw failure(command, ended, words);
  return { ...given, stdout: recorded(ended.stdout), stderr: recorded(ended.stderr) };
}
