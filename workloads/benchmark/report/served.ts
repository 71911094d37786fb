import type { Judgement } from "../analysis/judge";
import { meanOf } from "../analysis/percentiles";
import { digits, duration, percent } from "../format";
import type { GpuSamples, Load, Result } from "../result";
import { cells } from "./blocks";
import type { Block, Cell, Section } from "./blocks";

type Windows = readonly (readonly [name: string, load: Load])[];
/** A row of a table of windows; a figure that was not told is undefined. */
type Row = readonly [name: string, text: (load: Load) => string | undefined];

const mebibytes = (bytes: number): string => `${digits(bytes / 1024 ** 2)} MiB`;

/** The server's own mean beside the client's of the same window. */
function means({ server, latencies }: Load): string | undefined {
  const told = server?.latency;
  const client = meanOf(latencies);
  if (told === undefined || told.count === 0 || client === undefined) return undefined;
  return `${duration(told.sumSeconds / told.count)} by ${told.metric}, ${duration(client)} at the client`;
}

function tokens({ tokens: counted, requests, seconds }: Load): string | undefined {
  if (counted === undefined || requests === 0) return undefined;
  const [prompt, output] = [counted.prompt / requests, counted.output / requests];
  return `${digits(prompt)} in, ${digits(output)} out, ${digits(counted.output / seconds)} out a second`;
}

/** What the server told of a window, in rows; what it did not tell is no row. */
const serverRows: readonly Row[] = [
  ["Latency", means],
  ["Tokens of a request, as the server counts", tokens],
  [
    "Requests waiting",
    ({ server: { waiting } = {} }) => (waiting === undefined ? undefined : digits(waiting)),
  ],
  [
    "Requests in work",
    ({ server: { running, runningLimit } = {} }) =>
      running === undefined
        ? undefined
        : `${digits(running)}${runningLimit === undefined ? "" : ` of ${digits(runningLimit)}`}`,
  ],
  [
    "KV cache in use",
    ({ server: { kvCacheUsed } = {} }) => (kvCacheUsed === undefined ? undefined : percent(kvCacheUsed)),
  ],
  [
    "Prompt tokens from the prefix cache",
    ({ server: { prefixCacheHitRatio: hits } = {} }) => (hits === undefined ? undefined : percent(hits)),
  ],
  [
    "Preemptions",
    ({ server: { preemptions } = {} }) => (preemptions === undefined ? undefined : digits(preemptions)),
  ],
  [
    "CPU of the pods",
    ({ server: { cpuCores, cpuLimitCores } = {} }) =>
      cpuCores === undefined
        ? undefined
        : `${digits(cpuCores)}${cpuLimitCores === undefined ? "" : ` of ${digits(cpuLimitCores)}`} cores`,
  ],
  [
    "CPU throttled",
    ({ server: { cpuThrottled } = {} }) => (cpuThrottled === undefined ? undefined : percent(cpuThrottled)),
  ],
  [
    "Memory of the pods",
    ({ server: { memoryBytes } = {} }) => (memoryBytes === undefined ? undefined : mebibytes(memoryBytes)),
  ],
];

function serverFigures(windows: Windows): readonly Block[] {
  const rows = serverRows.flatMap(([name, text]) => {
    const texts = windows.map(([, load]) => text(load));
    return texts.every((one) => one === undefined)
      ? []
      : [cells(name, ...texts.map((one) => one ?? "not measured"))];
  });
  return rows.length === 0
    ? []
    : [{ kind: "table", head: ["Mean of the window", ...windows.map(([name]) => name)], rows }];
}

/** A table of what each window's load has several of; none where no window has any. */
function listed(head: readonly string[], rows: readonly (readonly Cell[])[]): readonly Block[] {
  return rows.length === 0 ? [] : [{ kind: "table", head: ["Window", ...head], rows }];
}

/** Usage of each pod, where the cluster was asked for it. */
const podUsage = (windows: Windows): readonly Block[] =>
  listed(
    ["Pod, by metrics.k8s.io", "CPU", "Memory"],
    windows.flatMap(([window, { pods = [] }]) =>
      pods.map(({ name, cpuCores, memoryBytes }) =>
        cells(window, name, `${digits(cpuCores)} cores`, mebibytes(memoryBytes)),
      ),
    ),
  );

const mean = (values: readonly number[]): string =>
  values.length === 0 ? "none" : percent(values.reduce((sum, value) => sum + value, 0) / values.length);

function gpuCells(window: string, gpu: GpuSamples, seconds: number): readonly Cell[] {
  const { id, node, type, simulated, utilisation, engineActive, memoryUsedBytes, energyJoules } = gpu;
  const told = <T>(value: T | undefined, text: (value: T) => string): string =>
    value === undefined ? "not measured" : text(value);
  return cells(
    window,
    node === undefined ? id : `${id} on ${node}`,
    simulated ? `${type} (simulated)` : type,
    `${mean(utilisation)} (${utilisation.length} scrapes)`,
    told(engineActive, mean),
    told(memoryUsedBytes, mebibytes),
    told(energyJoules, (joules) => `${digits(joules / seconds)} W`),
  );
}

/** Each GPU of the model's pods, where it has any. */
const gpuUsage = (windows: Windows): readonly Block[] =>
  listed(
    ["GPU, by DCGM", "Type", "Busy", "Engine active", "Memory", "Power"],
    windows.flatMap(([window, { gpus = [], seconds }]) => gpus.map((gpu) => gpuCells(window, gpu, seconds))),
  );

/** What served, at the warm rate and at the knee: the server's own figures, its pods and its GPUs. */
export function served({ knee }: Judgement, { evidence: { warm } }: Result): readonly Section[] {
  const windows: Windows = [
    ...(warm === undefined ? [] : [["Warm", warm.load] as const]),
    ...(knee?.load === undefined ? [] : [["Knee", knee.load] as const]),
  ];
  const blocks = [...serverFigures(windows), ...podUsage(windows), ...gpuUsage(windows)];
  return blocks.length === 0 ? [] : [{ id: "server", title: "What served", blocks }];
}
