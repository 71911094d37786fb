/** Minute, hour, day of the month, month and day of the week: what `*` stands for. */
const RANGES: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
];

const MINUTES_A_DAY = 1440;
/** Four years: every day of a month falls on every kind of week, and a leap day is among them. */
const DAYS = 1461;
const FIRST_DAY = Date.UTC(2024, 0, 1);

/** The values that a field of a schedule matches. */
function matches(field: string, [least, most]: readonly [number, number]): ReadonlySet<number> {
  const values = field.split(",").flatMap((item) => {
    const [range = "", step] = item.split("/");
    const [from, to] = range === "*" ? [least, most] : range.split("-").map(Number);
    const first = from ?? least;
    // `5/15` begins at 5, and goes on to the end; `5` is 5 alone
    const last = to ?? (step === undefined ? first : most);
    const each = Number(step ?? 1);
    return Array.from({ length: Math.floor((last - first) / each) + 1 }, (_, index) => first + index * each);
  });
  return new Set(values);
}

/** Whether a schedule runs on a day. As in Kubernetes either day may match where both are restricted. */
function dayMatcher(schedule: string): (date: Date) => boolean {
  const fields = schedule.split(" ");
  const [, , days, months, weekdays] = fields.map((field, index) => matches(field, RANGES[index] ?? [0, 0]));
  const isAny = (field: string | undefined): boolean => field?.startsWith("*") === true;
  const both = isAny(fields[2]) || isAny(fields[4]);
  return (date) => {
    const day = days?.has(date.getUTCDate()) === true;
    const weekday = weekdays?.has(date.getUTCDay()) === true;
    return months?.has(date.getUTCMonth() + 1) === true && (both ? day && weekday : day || weekday);
  };
}

/** Minutes between starts of a cron schedule of five fields; none where it starts less than twice in four years. */
function gapMinutes(schedule: string): readonly number[] {
  const [minuteField = "*", hourField = "*"] = schedule.split(" ");
  const minutes = [...matches(minuteField, [0, 59])];
  const times = [...matches(hourField, [0, 23])]
    .flatMap((hour) => minutes.map((minute) => hour * 60 + minute))
    .sort((a, b) => a - b);
  const runsOn = dayMatcher(schedule);
  const days = Array.from({ length: DAYS }, (_, index) => index).filter((index) =>
    runsOn(new Date(FIRST_DAY + index * 86_400_000)),
  );
  const [first = 0] = times;
  const last = times.at(-1) ?? 0;
  const gaps = (values: readonly number[]): number[] =>
    values.slice(1).map((value, index) => value - (values[index] ?? value));
  const overnight = gaps(days).map((apart) => apart * MINUTES_A_DAY - last + first);
  return overnight.length === 0 ? [] : [...gaps(times), ...overnight];
}

/**
 * The longest time between two starts of a cron schedule of five fields, in seconds; Infinity where it never starts, or
 * starts less than twice in four years. Time zones that change their clock make one gap a year an hour longer.
 */
export function longestGapSeconds(schedule: string): number {
  const gaps = gapMinutes(schedule);
  return gaps.length === 0 ? Infinity : Math.max(...gaps) * 60;
}

/** The shortest one, as above; time zones that change their clock make one gap a year an hour shorter. */
export function shortestGapSeconds(schedule: string): number {
  return Math.min(...gapMinutes(schedule), Infinity) * 60;
}
