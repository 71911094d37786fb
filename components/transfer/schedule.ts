/** Minute, hour, day of the month, month, day of the week. */
const fields: readonly (readonly [name: string, least: number, most: number])[] = [
  ["minute", 0, 59],
  ["hour", 0, 23],
  ["day of the month", 1, 31],
  ["month", 1, 12],
  ["day of the week", 0, 6],
];

function fieldHolds(text: string, least: number, most: number): boolean {
  return text.split(",").every((item) => {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item);
    if (match === null) return false;
    const [from = least, to = most, step = 1] = match
      .slice(1)
      .map((digits: string | undefined) => (digits === undefined ? undefined : Number(digits)));
    return from >= least && to <= most && from <= to && step > 0;
  });
}

/** What is wrong with a cron schedule as Kubernetes takes it, in numbers; undefined for a good one. */
export function scheduleProblem(schedule: string): string | undefined {
  const parts = schedule.split(" ");
  if (parts.length !== fields.length)
    return `"${schedule}" has ${parts.length} fields; write five, such as */15 * * * *`;
  const at = fields.findIndex(([, least, most], index) => !fieldHolds(parts[index] ?? "", least, most));
  const [name, least, most] = fields[at] ?? [];
  return name === undefined
    ? undefined
    : `"${schedule}": the ${name} is "${parts[at] ?? ""}"; write *, numbers from ${least} to ${most}, ranges, steps or a list of those`;
}

/** Whether this is the name of a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    // "Local" would be the machine's own; Kubernetes refuses it too
    return name !== "" && new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
