import { spawn } from "node:child_process";

/** How a process ended and what it printed. */
export interface Ended {
  /** Exit code; undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as they came. */
  readonly both: string;
}

/** What a process is given, and who hears what it prints while it runs. */
export interface Given {
  readonly input?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string | undefined;
  readonly signal: AbortSignal;
  /** Hears whole lines. */
  readonly line?: ((line: string, from: "stdout" | "stderr") => void) | undefined;
}

/** Which outputs of a command are told while it runs; undefined: both. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none" | undefined;

/** Whether a line of an output is told. */
export function isLogged(logging: Logging, from: "stdout" | "stderr"): boolean {
  return logging === undefined || logging === "stdoutAndStderr" || logging === from;
}

/** Runs a program to its end, whatever its exit code; an Error where it could not run or the engine stops. */
export function execute(argv: readonly string[], given: Given): Promise<Ended> {
  const [program = "", ...args] = argv;
  const { input = "", env, cwd, signal, line } = given;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: env ?? process.env, cwd, signal, stdio: "pipe" });
    const printed = { stdout: "", stderr: "" };
    let both = "";
    for (const from of ["stdout", "stderr"] as const) {
      let open = "";
      child[from].setEncoding("utf8");
      child[from].on("data", (text: string) => {
        printed[from] += text;
        both += text;
        const lines = (open + text).split("\n");
        open = lines.pop() ?? "";
        for (const one of lines) line?.(one, from);
      });
      child[from].on("end", () => {
        if (open !== "") line?.(open, from);
      });
    }
    child.once("error", (error) =>
      reject(
        signal.aborted ? new Error("cancelled") : new Error(`${program} could not run`, { cause: error }),
      ),
    );
    child.once("close", (code, ended) =>
      resolve({ ...printed, both, code: code ?? undefined, signal: ended ?? undefined }),
    );
    // A process that ends without reading its input is told of by its exit.
    child.stdin.on("error", () => undefined).end(input);
  });
}

/** The error of a command that did not end well, in the official provider's words. */
export function failure(command: string, { code, signal, both }: Ended, words: CommandWords): Error {
  const how = code === undefined ? words.signal(signal ?? "unknown") : words.status(code);
  return new Error(`${how}: running ${JSON.stringify(command)}:\n${both}`);
}

/** How an end is told; of a remote process otherwise than of a local one. */
export interface CommandWords {
  readonly status: (code: number) => string;
  readonly signal: (signal: string) => string;
}

/** An output as the resource records it: without its last line break. */
export function recorded(output: string): string {
  return output.replace(/\n$/, "");
}
