const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const DURATION_UNITS = [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1];

/** Milliseconds of a Prometheus duration such as `15s` or `1d12h`; undefined where it is none, or zero. */
export function durationMilliseconds(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const total = DURATION_UNITS.reduce((sum, unit, index) => sum + unit * Number(match[index + 1] ?? 0), 0);
  return total > 0 ? total : undefined;
}

const PROMETHEUS_UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

/** Bytes of a Prometheus size: whole number and unit, powers of 1024 (`1GB` is 2^30 bytes); undefined where it is none. */
export function prometheusBytes(text: string): number | undefined {
  const match = /^([1-9]\d*)([KMGTP]?B)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * 1024 ** PROMETHEUS_UNITS.indexOf(match[2] ?? "");
}

/** The largest whole Prometheus size that is not above `bytes`, in the largest unit that keeps two digits. */
export function asPrometheusSize(bytes: number): string {
  const exponent = Math.max(
    0,
    Math.min(PROMETHEUS_UNITS.length - 1, Math.floor(Math.log(bytes / 10) / Math.log(1024))),
  );
  return `${Math.floor(bytes / 1024 ** exponent)}${PROMETHEUS_UNITS[exponent] ?? "B"}`;
}

const BINARY_UNITS = ["", "Ki", "Mi", "Gi", "Ti", "Pi"];
const DECIMAL_UNITS = ["", "k", "M", "G", "T", "P"];

/** Bytes of a Kubernetes quantity such as `50Gi` or `1.5G`; undefined where it is none, or zero. */
export function kubernetesBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGTP]i|[kMGTP])?$/.exec(text);
  if (match === null) return undefined;
  const unit = match[2] ?? "";
  const factor = unit.endsWith("i")
    ? 1024 ** BINARY_UNITS.indexOf(unit)
    : 1000 ** DECIMAL_UNITS.indexOf(unit);
  const bytes = Number(match[1]) * factor;
  return bytes > 0 ? bytes : undefined;
}

/** Thousandths of a core of a Kubernetes CPU quantity such as `250m` or `1.5`; undefined where it is none, or zero. */
export function cpuMillicores(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m)?$/.exec(text);
  if (match === null) return undefined;
  const millicores = Number(match[1]) * (match[2] === "m" ? 1 : 1000);
  return millicores > 0 ? millicores : undefined;
}
