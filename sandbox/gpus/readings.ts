import { createHash } from "node:crypto";
import { dcgm } from "../../metrics/catalogue/dcgm";
import type { GpuModel } from "./inventory";

/** The container that holds a GPU. */
export interface Holder {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** One simulated GPU at one moment. */
export interface GpuState {
  readonly index: number;
  readonly model: GpuModel;
  readonly holder?: Holder;
  /** What the holder does of what it was sized for, 0 to 1. */
  readonly load: number;
  /** Memory that the holder uses. */
  readonly usedMiB: number;
  /** Energy since the exporter started. */
  readonly joules: number;
}

type Reading = keyof typeof dcgm;

/** Memory that a driver would keep. */
const RESERVED_MIB = 512;
/** A card without load, and what full load adds. */
const CELSIUS = { idle: 35, most: 45 };
/** Kernels run for longer than multiprocessors are busy: what is called utilisation flatters. */
const NOMINAL = 1.25;

export function wattsOf({ model: { watts }, load }: Pick<GpuState, "model" | "load">): number {
  return watts.idle + (watts.most - watts.idle) * load;
}

/** Every reading of the contract, in its unit. Nothing here is random: the same load reads the same. */
export function readings(state: GpuState): Readonly<Record<Reading, number>> {
  const { model, load, usedMiB, joules } = state;
  const used = Math.min(Math.ceil(usedMiB), model.memoryMiB - RESERVED_MIB);
  return {
    smActive: load,
    engineActive: load,
    tensorActive: 0.4 * load,
    dramActive: 0.3 * load,
    utilisation: Math.round(100 * Math.min(1, NOMINAL * load)),
    memoryUsed: used,
    memoryFree: model.memoryMiB - RESERVED_MIB - used,
    memoryReserved: RESERVED_MIB,
    power: wattsOf(state),
    energy: Math.round(1_000 * joules),
    temperature: Math.round(CELSIUS.idle + CELSIUS.most * load),
    memoryTemperature: 0,
    xid: 0,
    rowRemapFailed: 0,
  };
}

/** Labels as NVIDIA's exporter has them; the driver's version says once more that there is no GPU. */
function labelsOf({ index, model, holder }: GpuState, node: string): Readonly<Record<string, string>> {
  return {
    gpu: String(index),
    UUID: `GPU-${createHash("sha256").update(`${node}/${index}`).digest("hex").slice(0, 32)}`,
    pci_bus_id: `00000000:0${index}:00.0`,
    device: `nvidia${index}`,
    modelName: model.modelName,
    hostname: node,
    DCGM_FI_DRIVER_VERSION: "simulated",
    ...holder,
  };
}

const escaped = (value: string): string =>
  value.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));

/** All readings of a node's GPUs in Prometheus's text format. */
export function exposition(states: readonly GpuState[], node: string): string {
  const rows = states.map((state) => ({
    values: readings(state),
    labels: Object.entries(labelsOf(state, node))
      .map(([name, value]) => `${name}="${escaped(value)}"`)
      .join(","),
  }));
  return (Object.keys(dcgm) as Reading[])
    .flatMap((reading) => {
      const { name, type, meaning } = dcgm[reading];
      return [
        `# HELP ${name} Simulated: ${meaning}`,
        `# TYPE ${name} ${type}`,
        ...rows.map(({ labels, values }) => `${name}{${labels}} ${values[reading]}`),
      ];
    })
    .join("\n")
    .concat("\n");
}
