/** Digits that say enough: three significant ones, no zeros at the end. */
function digits(value: number, decimals?: number): string {
  if (decimals !== undefined) return value.toFixed(decimals);
  const size = Math.abs(value);
  if (size === 0) return "0";
  const places = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(size))));
  return String(Number(value.toFixed(places)));
}

type Write = (value: number, decimals?: number) => string;

/** Scales by powers of `base` with one suffix each. */
const scaled =
  (base: number, suffixes: readonly string[], space = " "): Write =>
  (value, decimals) => {
    const power = value === 0 ? 0 : Math.floor(Math.log(Math.abs(value)) / Math.log(base) + 1e-9);
    const index = Math.min(suffixes.length - 1, Math.max(0, power));
    const suffix = suffixes[index] ?? "";
    return `${digits(value / base ** index, decimals)}${suffix === "" ? "" : space}${suffix}`;
  };

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

const suffixed =
  (suffix: string): Write =>
  (value, decimals) =>
    `${digits(value, decimals)}${suffix}`;

const SPANS: readonly (readonly [limit: number, unit: number, name: string])[] = [
  [1e-3, 1e-6, "µs"],
  [1, 1e-3, "ms"],
  [60, 1, "s"],
  [3_600, 60, "min"],
  [86_400, 3_600, "h"],
  [Infinity, 86_400, "d"],
];

const seconds: Write = (value, decimals) => {
  if (value === 0) return "0 s";
  const [, unit, name] = SPANS.find(([limit]) => Math.abs(value) < limit) ?? [0, 86_400, "d"];
  return `${digits(value / unit, decimals)} ${name}`;
};

const moment: Write = (value) => new Date(value).toISOString().replace("T", " ").slice(0, 19);

/** Grafana's formats that the dashboards use. */
const formats: Readonly<Record<string, Write>> = {
  none: digits,
  short: scaled(1000, ["", "K", "Mil", "Bil", "Tri"]),
  percent: suffixed("%"),
  percentunit: (value, decimals) => `${digits(value * 100, decimals)}%`,
  bytes: scaled(1024, BINARY),
  binBps: scaled(
    1024,
    BINARY.map((name) => `${name}/s`),
  ),
  mbytes: (value, decimals) => scaled(1024, BINARY)(value * 1024 ** 2, decimals),
  celsius: suffixed(" °C"),
  s: seconds,
  ms: (value, decimals) => seconds(value / 1e3, decimals),
  µs: (value, decimals) => seconds(value / 1e6, decimals),
  watt: scaled(1000, ["W", "kW", "MW", "GW"]),
  joule: scaled(1000, ["J", "kJ", "MJ", "GJ", "TJ"]),
  dateTimeAsIso: moment,
};

const COUNTS = ["", "K", "M", "B", "T"] as const;

/** Formats with a text of the panel's own: `suffix:/h`. */
const own: Readonly<Record<string, (text: string) => Write>> = {
  suffix: suffixed,
  count: (text) => (value, decimals) => `${scaled(1000, COUNTS)(value, decimals)}${text}`,
};

/** A value as a panel shows it; throws for a format that is none of the dashboards'. */
export function format(value: number, id: string | undefined, decimals?: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  const [, kind = "", text = ""] = /^(\w+):(.*)$/.exec(id ?? "") ?? [];
  const write = own[kind]?.(text) ?? formats[id ?? "none"];
  if (write === undefined) throw new Error(`the format "${id ?? ""}" is not known; add it to format.ts`);
  return write(value, decimals);
}
