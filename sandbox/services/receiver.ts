import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join, resolve } from "node:path";
import { foldersOf } from "../clusters/folders";
import { bundle } from "../system/bundle";
import { inNamespace, run } from "../system/commands";
import { isDaemonAlive, startDaemon } from "../system/daemons";
import { receiver, services } from "./topology";

const NAME = "receiver";
const { state, daemon } = foldersOf("services");
const kept = join(state, "notifications.jsonl");

export const isReceiverAlive = (): boolean => isDaemonAlive(daemon(NAME).pidFile);

/** Starts the webhook that alerts are told to, at an address that belongs to neither cluster's network. */
export async function startReceiver(): Promise<void> {
  if (isReceiverAlive()) return;
  const { namespace } = services;
  await run(inNamespace(namespace, ["ip", "address", "replace", `${receiver.address}/16`, "dev", "eth0"]));
  const script = join(state, "receiverDaemon.js");
  writeFileSync(script, await bundle(resolve(__dirname, "receiverDaemon.ts")));
  const argv = inNamespace(namespace, [
    process.execPath,
    "--max-old-space-size=64",
    script,
    receiver.address,
    String(receiver.port),
    kept,
  ]);
  await startDaemon({ name: NAME, argv, ...daemon(NAME) });
}

/** Whether it answers. */
export async function receiverAnswers(): Promise<boolean> {
  return new Promise((done, reject) => {
    const request = get(receiver.url, { agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy(new Error(`${receiver.url}: no answer within 5 s`)));
    request.on("error", reject);
  });
}

/** One alert of a notification, as Alertmanager posts it. */
export interface NotifiedAlert {
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
}

/** What a receiver was told at once. */
export interface Notification {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The cluster whose Alertmanager told it. */
  readonly from: string;
  readonly receiver: string;
  readonly groupKey: string;
  readonly alerts: readonly NotifiedAlert[];
}

interface Line {
  readonly time: number;
  readonly path: string;
  readonly body: Pick<Notification, "alerts" | "groupKey" | "receiver">;
}

/** Everything the receiver was told since a time (milliseconds since the epoch), oldest first. */
export function notifications(since = 0): readonly Notification[] {
  if (!existsSync(kept)) return [];
  return readFileSync(kept, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line)
    .filter(({ time }) => time >= since)
    .map(({ time, path, body: { alerts, groupKey, receiver: told } }) => ({
      time,
      from: path.slice(1),
      receiver: told,
      groupKey,
      alerts,
    }));
}
