import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../settings";

export type Bandwidth = Settings["bandwidth"];

const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
type Day = (typeof days)[number];

/** Day of the week and minutes since midnight in a time zone. */
function localTime(now: Date, timeZone: string): { readonly day: Day; readonly minutes: number } {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const at = new Map(parts.formatToParts(now).map((part) => [part.type, part.value]));
  const day = days.find((name) => name === at.get("weekday")?.toLowerCase()) ?? "sun";
  return { day, minutes: Number(at.get("hour")) * 60 + Number(at.get("minute")) };
}

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** The cap that holds now in bytes per second, or undefined for none. A window that spans midnight belongs to the day it begins on. */
export function capAt(bandwidth: Bandwidth, now: Date): number | undefined {
  if (bandwidth.timetable.length === 0) return bandwidth.bytesPerSecond;
  const { day, minutes } = localTime(now, bandwidth.timeZone);
  const yesterday = days[(days.indexOf(day) + 6) % 7] ?? day;
  const window = bandwidth.timetable.find(({ from, to, days: on }) => {
    const [begin, end] = [minutesOf(from), minutesOf(to)];
    const runs = (name: Day): boolean => on?.includes(name) ?? true;
    if (begin < end) return runs(day) && minutes >= begin && minutes < end;
    return (runs(day) && minutes >= begin) || (runs(yesterday) && minutes < end);
  });
  return window ? window.bytesPerSecond : bandwidth.bytesPerSecond;
}

export interface PaceDeps {
  /** Milliseconds, never going back. */
  readonly now?: () => number;
  readonly date?: () => Date;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** Longest time that unused bandwidth is saved up, milliseconds. */
const burstMs = 100;
const lookupMs = 1000;

/** Returns a gate that lets bytes pass at the cap that holds at the time, all senders together. Undefined when no cap can ever hold. */
export function pacer(
  bandwidth: Bandwidth,
  deps: PaceDeps = {},
): ((bytes: number) => Promise<void>) | undefined {
  if (bandwidth.bytesPerSecond === undefined && bandwidth.timetable.length === 0) return undefined;
  const { now = () => performance.now(), date = () => new Date(), wait = sleep } = deps;
  let cap = capAt(bandwidth, date());
  let looked = now();
  /** Time at which everything let through so far has been sent at the cap. */
  let paidUntil = now();
  return async (bytes) => {
    const at = now();
    if (at - looked >= lookupMs) {
      cap = capAt(bandwidth, date());
      looked = at;
    }
    if (cap === undefined) return;
    paidUntil = Math.max(paidUntil, at - burstMs) + (bytes * 1000) / cap;
    if (paidUntil > at) await wait(paidUntil - at);
  };
}
