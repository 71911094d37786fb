import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTree, stringAt, type Tree } from "../properties";
import type { ProviderSettings } from "./settings";

/** The name under which mc knows the server. */
export const alias = "server";
/** The file, in mc's working directory, that holds the document given with a call. */
export const documentFile = "document.json";

/** What a call hands to mc beside its arguments, which anyone on the machine can read. */
export interface Handed {
  /** Lines for its standard input: secrets go this way. */
  readonly input?: string;
  /** Content of `documentFile`. */
  readonly document?: string;
  /** Seconds the call may take; default 120. */
  readonly seconds?: number;
}

/** mc could not do what it was told. */
export class McError extends Error {
  constructor(
    command: readonly string[],
    said: string,
    /** The server's code, such as `NoSuchBucket`; empty when it did not give one. */
    readonly code: string,
  ) {
    super(`mc ${command.join(" ")}: ${said}`);
    this.name = "McError";
  }
}

/**
 * MinIO's client: each call is a process with a configuration folder of its own, which is gone afterwards; the
 * credentials are in the process's environment alone.
 */
export class Mc {
  constructor(
    readonly settings: ProviderSettings,
    private readonly signal: AbortSignal,
  ) {}

  /** Runs one command and returns the JSON object it answers with; McError when it fails. */
  async run(args: readonly string[], handed: Handed = {}): Promise<Tree> {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-minio-"));
    try {
      this.prepare(folder, handed);
      return await this.execute(args, folder, handed);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private prepare(folder: string, { document }: Handed): void {
    const { caFile } = this.settings;
    if (document !== undefined) writeFileSync(join(folder, documentFile), document, { mode: 0o600 });
    if (caFile === undefined) return;
    const authorities = join(folder, "certs", "CAs");
    mkdirSync(authorities, { recursive: true });
    try {
      copyFileSync(caFile, join(authorities, "ca.crt"));
    } catch (error) {
      throw new Error(`minio: minioCacertFile "${caFile}" can not be read`, { cause: error });
    }
  }

  private execute(args: readonly string[], folder: string, handed: Handed): Promise<Tree> {
    const { insecure } = this.settings;
    const { input = "", seconds = 120 } = handed;
    const flags = ["--json", ...(insecure ? ["--insecure"] : [])];
    const options = {
      cwd: folder,
      env: this.environment(folder),
      timeout: seconds * 1_000,
      signal: this.signal,
      maxBuffer: 64 << 20,
    };
    return new Promise((resolve, reject) => {
      const child = execFile("mc", [...flags, ...args], options, (error, stdout, stderr) => {
        const answers = parseAnswers(stdout);
        const refusal = answers.find((answer) => answer.status === "error");
        if (refusal !== undefined) reject(refused(args, refusal));
        else if (error === null) resolve(answers[0] ?? {});
        else reject(new McError(args, this.explain(error, seconds, stderr || stdout), ""));
      });
      // A process that ends without reading its input is told of by its exit.
      child.stdin?.on("error", () => undefined).end(input);
    });
  }

  private environment(folder: string): NodeJS.ProcessEnv {
    const { url, user, password, sessionToken } = this.settings;
    const [scheme = "", server = ""] = url.split("://");
    const credentials = [user, password, ...(sessionToken === undefined ? [] : [sessionToken])].join(":");
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("MC_"));
    return {
      ...Object.fromEntries(inherited),
      MC_CONFIG_DIR: folder,
      [`MC_HOST_${alias}`]: `${scheme}://${credentials}@${server}`,
    };
  }

  private explain(error: Error, seconds: number, said: string): string {
    if (this.signal.aborted) return "cancelled";
    if ("code" in error && error.code === "ENOENT")
      return "not found on the PATH; the offline stand-in for the minio provider works through MinIO's client";
    if ("killed" in error && error.killed === true)
      return `no answer from ${this.settings.url} within ${seconds} s`;
    return said.trim() || error.message;
  }
}

/** The JSON objects in mc's output, which writes some on one line and some on several. */
export function parseAnswers(output: string): Tree[] {
  const answers: Tree[] = [];
  let open = "";
  for (const line of output.split("\n")) {
    if (open === "" && !line.startsWith("{")) continue;
    open += line;
    try {
      const parsed: unknown = JSON.parse(open);
      if (isTree(parsed)) answers.push(parsed);
      open = "";
    } catch {
      // Not whole yet.
    }
  }
  return answers;
}

function refused(args: readonly string[], answer: Tree): McError {
  const parts = [stringAt(answer, "error", "message"), stringAt(answer, "error", "cause", "message")];
  const said = parts
    .map((part) => part.replace("%s", args.at(-1) ?? "").trim())
    .filter((part) => part !== "")
    .map((part) => part.replace(/\.$/, ""));
  return new McError(args, said.join(": "), stringAt(answer, "error", "cause", "error", "Code"));
}
