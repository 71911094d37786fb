import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { exportMetrics } from "./commands/export";
import { gc } from "./commands/gc";
import { plan } from "./commands/plan";
import { promoteCommand } from "./commands/promote";
import { rollbackCommand } from "./commands/rollback";
import { run } from "./commands/run";
import { statusLines } from "./commands/status";
import { verifyCommand } from "./commands/verify";
import { connect, connectBucket } from "./connect";
import type { ReadBackPolicy } from "./publish/readBack";
import { jsonEvents, planLines, runLines, terminalEvents } from "./report";
import { readHubSettings } from "./retention/settings";
import { parseSettings, readSettings } from "./settings";
import { SettingsError } from "./settingsError";
import { readState } from "./state/store";
import { SyncError } from "./types";
import type { Worker } from "./worker";

/** What the process says when it ends. */
export const exitCodes = {
  /** All came to a good end; models that are still being written count as such. */
  ok: 0,
  /** Some model was refused, quarantined, stuck or failed, or `verify` found a fault: the table names each. */
  someFailed: 1,
  /** Settings or arguments are wrong: nothing was touched. */
  settings: 2,
  /** The root's file system is not mounted. */
  rootNotMounted: 3,
  /** The store or the registry refused the credentials, is full, or did not answer: nothing could be done. */
  unavailable: 4,
} as const;

const usage = `model-sync <command> --config FILE

  run [--dry-run] [--retry-quarantined]   bring every new or changed model to the store and the registry
  plan                                    show what run would do
  verify [--read-back all|none|FRACTION]  find what changed or vanished after it was published
  status                                  show what the last runs said
  export [--listen HOST:PORT]             serve Prometheus metrics
  gc [--apply]                            hub: show, or remove, what nothing reaches any more
  promote NAME [VERSION]                  hub: make a version the champion
  rollback NAME                           hub: give champion back to the version before

  --json   JSON lines in place of tables and bars (the default when the output is no terminal)
exit codes: 0 ok, 1 some models failed, 2 settings, 3 root not mounted, 4 store or registry unavailable`;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function parseReadBack(text: string | undefined): ReadBackPolicy | undefined {
  if (text === undefined || text === "all" || text === "none") return text;
  const sample = Number(text);
  if (sample > 0 && sample <= 1) return { sample };
  throw new SettingsError(`--read-back: all, none or a fraction up to 1, not ${text}`);
}

function parseListen(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) throw new SettingsError(`--listen: HOST:PORT, not ${text}`);
  return { host: host ?? "0.0.0.0", port: Number(port) };
}

function parseCommandLine(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: "string" },
        "dry-run": { type: "boolean", default: false },
        "retry-quarantined": { type: "boolean", default: false },
        "read-back": { type: "string" },
        listen: { type: "string", default: "0.0.0.0:9108" },
        apply: { type: "boolean", default: false },
        json: { type: "boolean", default: !process.stdout.isTTY },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

async function withWorker<T>(
  config: string,
  json: boolean,
  action: (worker: Worker) => Promise<T>,
): Promise<T> {
  const events = json ? jsonEvents(print) : terminalEvents(process.stdout);
  const worker = connect(readSettings(config), events);
  try {
    return await action(worker);
  } finally {
    worker.s3.close();
  }
}

async function runCommand(worker: Worker, json: boolean, retryQuarantined: boolean): Promise<number> {
  const report = await run(worker, { retryQuarantined });
  if (json) {
    for (const { change: _change, ...result } of report.results)
      print(JSON.stringify({ event: "model", ...result }));
    print(JSON.stringify({ event: "finished", ...report.summary, abortedUploads: report.abortedUploads }));
  } else runLines(report).forEach(print);
  return report.summary.ok ? exitCodes.ok : exitCodes.someFailed;
}

async function planCommand(worker: Worker, json: boolean, retryQuarantined: boolean): Promise<number> {
  const planned = await plan(worker, { retryQuarantined });
  if (json) for (const model of planned) print(JSON.stringify({ event: "planned", ...model }));
  else planLines(planned).forEach(print);
  return exitCodes.ok;
}

/** Serves the member's metrics, or the hub's when the settings are a hub's; returns when the process is told to end. */
async function exportCommand(config: string, listen: string): Promise<number> {
  const raw = JSON.parse(readFileSync(config, "utf8")) as { readonly member?: unknown };
  const member = raw.member === undefined ? undefined : parseSettings(raw).member;
  const settings = member === undefined ? readHubSettings(config) : readSettings(config);
  const exporter = await exportMetrics(
    { bucket: connectBucket(settings, 2), member, ...parseListen(listen) },
    print,
  );
  await new Promise<void>((end) => process.once("SIGTERM", end).once("SIGINT", end));
  await exporter.close();
  return exitCodes.ok;
}

/** Runs one command line; the number is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(args);
  const [command, name, version] = positionals;
  if (values.help) {
    print(usage);
    return exitCodes.ok;
  }
  const { config, json } = values;
  if (config === undefined || command === undefined) throw new SettingsError(usage);
  const needName = (): string => {
    if (name === undefined) throw new SettingsError(`${command} needs the name of a registered model`);
    return name;
  };
  switch (command) {
    case "run":
    case "plan":
      return withWorker(config, json, (worker) =>
        (command === "plan" || values["dry-run"] ? planCommand : runCommand)(
          worker,
          json,
          values["retry-quarantined"],
        ),
      );
    case "verify": {
      const readBack = parseReadBack(values["read-back"]);
      return withWorker(config, json, (worker) =>
        verifyCommand(worker, { json, ...(readBack && { readBack }) }, print),
      );
    }
    case "status":
      return withWorker(config, true, async (worker) => {
        const state = await readState(worker.s3, worker.settings.member);
        (json ? [JSON.stringify(state)] : statusLines(state)).forEach(print);
        return exitCodes.ok;
      });
    case "export":
      return exportCommand(config, values.listen);
    case "gc":
      return gc(readHubSettings(config), { apply: values.apply, json, environment: process.env }, print);
    case "promote":
      return promoteCommand(
        readHubSettings(config),
        { name: needName(), ...(version !== undefined && { version }) },
        print,
      );
    case "rollback":
      return rollbackCommand(readHubSettings(config), needName(), print);
    default:
      throw new SettingsError(`no command ${command}\n\n${usage}`);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof SettingsError) return exitCodes.settings;
  if (error instanceof SyncError && error.reason === "root-not-mounted") return exitCodes.rootNotMounted;
  if (error instanceof SyncError) return exitCodes.unavailable;
  return exitCodes.someFailed;
}

function tell(error: unknown): void {
  const reason =
    error instanceof SyncError ? error.reason : error instanceof SettingsError ? "settings" : "unforeseen";
  const told = error instanceof Error ? error.message : String(error);
  const event = { time: new Date().toISOString(), level: "error", event: "failed", reason, detail: told };
  process.stderr.write(process.stderr.isTTY ? `${reason}: ${told}\n` : `${JSON.stringify(event)}\n`);
}

if (require.main === module) {
  // Reading a network file system waits: more threads than the default four, before the first of them starts.
  process.env.UV_THREADPOOL_SIZE ??= "16";
  // The first process of a container has no default action for signals. Ending at any point is safe.
  if (process.argv[2] !== "export")
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(143));
  main(process.argv.slice(2))
    .catch((error: unknown) => {
      tell(error);
      return exitCodeOf(error);
    })
    .then(
      (code) => process.exit(code),
      () => process.exit(exitCodes.someFailed),
    );
}
