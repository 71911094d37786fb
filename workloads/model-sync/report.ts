import type { PlannedModel } from "./commands/plan";
import type { RunReport } from "./commands/run";
import type { Print } from "./commands/print";
import type { Events, Step } from "./worker";
import { steps } from "./worker";

/** Rows in columns, each as wide as its widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((cell, at) => Math.max(cell.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

/** Bytes as people read them, in powers of 1024. */
export function humanBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [value, at] = [bytes, 0];
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  return `${at === 0 ? value : value.toFixed(1)} ${units[at] ?? ""}`;
}

/** The end of a run: one row a model, one line of sums. */
export function runLines({ results, summary, abortedUploads }: RunReport): string[] {
  const rows = results.map(({ model, outcome, reason, files, bytes, version, change }) => [
    model,
    outcome,
    reason ?? "",
    String(files),
    humanBytes(bytes),
    humanBytes(change.counters?.bytesSent ?? 0),
    version ? `${version.name} v${version.version}` : "",
  ]);
  const details = results
    .filter(({ detail }) => detail !== undefined)
    .map(({ model, detail }) => `${model}: ${detail ?? ""}`);
  const counts = Object.entries(summary.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  return [
    ...table(["model", "outcome", "reason", "files", "size", "sent", "registered"], rows),
    ...details,
    `${results.length} models: ${counts.join(", ") || "none"}${abortedUploads > 0 ? `; ${abortedUploads} orphaned uploads given up` : ""}`,
  ];
}

const titles: Readonly<Record<Step, string>> = {
  list: "1 list models",
  identify: "2 identify new and changed",
  transfer: "3 transfer",
  publish: "4 publish",
  validate: "5 validate checksums",
  register: "6 register",
  "update-state": "7 update state",
};

/** `3 transfer`: the pipeline's steps by their numbers. */
function stepTitle(step: Step): string {
  return titles[step];
}

/** `1 model`, `2 models`. */
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** What the steps after the look would do, one line a step. */
function planSteps(planned: readonly PlannedModel[]): string[] {
  const of = (...actions: readonly PlannedModel["action"][]): readonly PlannedModel[] =>
    planned.filter(({ action }) => actions.includes(action));
  const sum = (key: "sendFiles" | "sendBytes" | "copyFiles" | "copyBytes"): number =>
    planned.reduce((total, model) => total + model[key], 0);
  const models = (some: readonly PlannedModel[]): string => counted(some.length, "model");
  const fresh = of("send", "settle");
  const sent = `${counted(sum("sendFiles"), "file")} to send, ${humanBytes(sum("sendBytes"))}`;
  const copied = `${counted(sum("copyFiles"), "file")} to copy on the server, ${humanBytes(sum("copyBytes"))}`;
  const told: readonly (readonly [Step, string])[] = [
    ["transfer", `${models(fresh)}: ${sent}; ${copied}`],
    ["publish", models(fresh)],
    ["validate", `${models(fresh)}; ${counted(of("read-again").length, "published one")} to read again`],
    ["register", models([...fresh, ...of("register")])],
    ["update-state", models(planned)],
  ];
  return told.map(([step, what]) => `${stepTitle(step)}: ${what}`);
}

/** What a run would do: one row a model, one line a step. */
export function planLines(planned: readonly PlannedModel[]): string[] {
  const rows = planned.map(({ model, action, sendFiles, sendBytes, copyFiles, copyBytes, detail }) => [
    model,
    action,
    `${sendFiles} files, ${humanBytes(sendBytes)}`,
    `${copyFiles} files, ${humanBytes(copyBytes)}`,
    detail,
  ]);
  return [
    ...table(["model", "action", "send", "copy on the server", "detail"], rows),
    ...planSteps(planned),
    "nothing was changed",
  ];
}

/** Milliseconds between two progress lines of a model in a log. */
const logProgressMs = 30_000;

/** One JSON object a line, for a pod's log; a long transfer says how far it is from time to time. */
export function jsonEvents(print: Print, now: () => number = Date.now): Events {
  const flying = new Map<string, { done: number; total: number; since: number; told: number }>();
  const log = (level: string, event: string, more: object): void =>
    print(JSON.stringify({ time: new Date(now()).toISOString(), level, event, ...more }));
  return {
    step: (step, told) => log("info", "step", { step: steps.indexOf(step) + 1, name: step, what: told }),
    transfer: (model, bytes, files) => {
      flying.set(model, { done: 0, total: bytes, since: now(), told: now() });
      log("info", "transfer", { model, bytes, files });
    },
    progress: (model, bytes) => {
      const at = flying.get(model);
      if (!at) return;
      at.done += bytes;
      if (now() - at.told < logProgressMs) return;
      at.told = now();
      const bytesPerSecond = Math.round((at.done * 1000) / (now() - at.since));
      const etaSeconds = Math.ceil((at.total - at.done) / bytesPerSecond);
      log("info", "progress", { model, bytes: at.done, total: at.total, bytesPerSecond, etaSeconds });
    },
    retry: (told) => log("warning", "retry", { detail: told }),
    warn: (told) => log("warning", "warning", { detail: told }),
  };
}

/** What a bar needs to know. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** Milliseconds since the transfer began. */
  readonly elapsedMs: number;
}

/** `model [=====>    ]  52.0%  1.2 GiB/s  ETA 12 s` */
export function bar(name: string, { done, total, elapsedMs }: Progress, width = 24): string {
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(part * width);
  const rate = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
  const eta = rate > 0 ? `${Math.ceil((total - done) / rate)} s` : "-";
  const drawn = `${"=".repeat(filled)}${" ".repeat(width - filled)}`;
  return `${name} [${drawn}] ${(part * 100).toFixed(1).padStart(5)}%  ${humanBytes(rate)}/s  ETA ${eta}`;
}

const redrawMs = 100;

/** Steps as lines and one bar a transfer, redrawn in place; for a terminal. Bytes in place count, sent or copied. */
export function terminalEvents(
  out: { readonly write: (text: string) => unknown },
  now: () => number = Date.now,
): Events {
  const flying = new Map<string, { done: number; total: number; since: number }>();
  let drawn = 0;
  let drawnAt = 0;
  const clear = (): string => (drawn > 0 ? `\x1b[${drawn}A\x1b[J` : "");
  const draw = (force: boolean): void => {
    if (!force && now() - drawnAt < redrawMs) return;
    const bars = [...flying].map(([name, { done, total, since }]) =>
      bar(name, { done, total, elapsedMs: now() - since }),
    );
    out.write(clear() + bars.map((line) => `${line}\n`).join(""));
    [drawn, drawnAt] = [bars.length, now()];
  };
  const say = (line: string): void => {
    out.write(`${clear()}${line}\n`);
    drawn = 0;
    draw(true);
  };
  return {
    step: (step, told) => say(`${stepTitle(step)}: ${told}`),
    transfer: (model, bytes) => {
      flying.set(model, { done: 0, total: bytes, since: now() });
      draw(true);
    },
    progress: (model, bytes) => {
      const at = flying.get(model);
      if (!at) return;
      at.done += bytes;
      const finished = at.done >= at.total;
      draw(finished);
      if (!finished) return;
      flying.delete(model);
      drawn = 0;
    },
    retry: (told) => say(`  again: ${told}`),
    warn: (told) => say(`  warning: ${told}`),
  };
}
