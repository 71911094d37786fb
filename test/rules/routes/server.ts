import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlertmanagerConfig } from "../../../rules/alertmanager";
import { SECRETS, renderAlertmanagerConfig } from "../../../rules/alertmanager";

const missing = (tool: string): string =>
  `${tool} is not on PATH: these tests need it (\`npm run sandbox\` builds it)`;

/** A configuration file in a folder of its own, with every secret it names; `use` gets its path. */
export function withConfig<T>(config: AlertmanagerConfig, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "alertmanager-"));
  try {
    return use(written(folder, config));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Secrets lie in the folder in place of where a pod has them. */
function written(folder: string, config: AlertmanagerConfig): string {
  const secrets = join(folder, "secrets");
  mkdirSync(secrets);
  const text = renderAlertmanagerConfig(config).replaceAll(SECRETS, secrets);
  for (const [path] of text.matchAll(new RegExp(`${secrets}/[-.a-z0-9]+`, "g"))) {
    writeFileSync(path, "http://127.0.0.1:1/");
  }
  const file = join(folder, "alertmanager.yml");
  writeFileSync(file, text);
  return file;
}

/** Runs amtool; what it printed, or an error with all of it. */
export function amtool(...args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync("amtool", args, { encoding: "utf8" });
  if (error) throw new Error(missing("amtool"), { cause: error });
  if (status !== 0)
    throw new Error(`amtool ${args.join(" ")} exited with ${String(status)}:\n${stdout}${stderr}`);
  return stdout;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** An alert as Alertmanager tells of it. */
export interface KnownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] };
  readonly fingerprint: string;
}

/** A group of alerts, as one receiver is told of it. */
export interface KnownGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly receiver: { readonly name: string };
  readonly alerts: readonly KnownAlert[];
}

/** A real Alertmanager on loopback. */
export class RunningAlertmanager {
  private constructor(
    private readonly url: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
    private readonly log: () => string,
  ) {}

  public static async start(config: AlertmanagerConfig): Promise<RunningAlertmanager> {
    const folder = mkdtempSync(join(tmpdir(), "alertmanager-"));
    const port = await freePort();
    let log = "";
    const child = spawn(
      "alertmanager",
      [
        `--config.file=${written(folder, config)}`,
        `--storage.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    child.stdout.on("data", (part: Buffer) => (log += part.toString()));
    child.stderr.on("data", (part: Buffer) => (log += part.toString()));
    const running = new RunningAlertmanager(`http://127.0.0.1:${port}`, folder, child, () => log);
    let failed: Error | undefined;
    child.on("error", (error) => (failed = new Error(missing("alertmanager"), { cause: error })));
    await running.until("it is ready", async () => {
      if (failed !== undefined) throw failed;
      return (await fetch(`${running.url}/-/ready`)).ok;
    });
    return running;
  }

  /** Waits for a condition; the error tells what Alertmanager said. */
  private async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + 30_000;
    for (;;) {
      if (this.child.exitCode !== null) throw new Error(`alertmanager ended:\n${this.log()}`);
      try {
        if (await holds()) return;
      } catch (error) {
        if (error instanceof Error && error.message.includes("PATH")) throw error;
      }
      if (Date.now() > end) throw new Error(`not within 30 s: ${what}; alertmanager said:\n${this.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Sends alerts that fire from now on, and waits until all of them are known and grouped. */
  public async send(alerts: readonly Readonly<Record<string, string>>[]): Promise<void> {
    const reply = await fetch(`${this.url}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alerts.map((labels) => ({ labels, endsAt: new Date(Date.now() + 600_000) }))),
    });
    if (!reply.ok) throw new Error(`alertmanager refused alerts: ${await reply.text()}`);
    await this.until("all alerts are grouped", async () => {
      const grouped = new Set(
        (await this.groups()).flatMap((group) => group.alerts.map((one) => one.fingerprint)),
      );
      return grouped.size === alerts.length;
    });
  }

  /** Ends what fires. */
  public async resolve(labels: Readonly<Record<string, string>>): Promise<void> {
    const ended = new Date(Date.now() - 1_000);
    await fetch(`${this.url}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([{ labels, startsAt: new Date(ended.getTime() - 60_000), endsAt: ended }]),
    });
    await this.until("the alert is gone", async () =>
      (await this.alerts()).every((alert) => alert.labels.alertname !== labels.alertname),
    );
  }

  public async alerts(): Promise<readonly KnownAlert[]> {
    return (await (await fetch(`${this.url}/api/v2/alerts`)).json()) as KnownAlert[];
  }

  public async groups(): Promise<readonly KnownGroup[]> {
    return (await (await fetch(`${this.url}/api/v2/alerts/groups`)).json()) as KnownGroup[];
  }

  /** Alerts that are muted, each with what mutes it. */
  public async muted(): Promise<Readonly<Record<string, readonly string[]>>> {
    const alerts = await this.alerts();
    const name = ({ labels }: KnownAlert): string =>
      `${labels.cluster ?? ""}/${labels.alertname ?? ""}/${labels.severity ?? ""}`;
    const named = new Map(alerts.map((alert) => [alert.fingerprint, name(alert)]));
    return Object.fromEntries(
      alerts
        .filter(({ status }) => status.inhibitedBy.length > 0)
        .map((alert) => [name(alert), alert.status.inhibitedBy.map((by) => named.get(by) ?? by).sort()])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    ) as Readonly<Record<string, readonly string[]>>;
  }

  public async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    if (this.child.exitCode === null) await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
