import { parsePrometheusText } from "../../support/prometheusText";
import * as fs from "node:fs";
import * as yaml from "yaml";
import { dcgm } from "../../../metrics/catalogue/dcgm";
import { exporterObjects } from "../../../sandbox/gpus/objects";
import {
  assign,
  coresBetween,
  coresOf,
  demandsOf,
  usageOf,
  usagesOf,
  type Demand,
  type PodObject,
} from "../../../sandbox/gpus/holders";
import { gpus, simulatedType } from "../../../sandbox/gpus/inventory";
import { SimulatedNode } from "../../../sandbox/gpus/node";
import { exposition, readings, type GpuState } from "../../../sandbox/gpus/readings";
import { repository } from "../../../sandbox/paths";
import { overlay } from "../../../sandbox/project/overlay";
import { stackFile, type StackFile } from "../../../sandbox/project/merge";
import { images } from "./samples";

const pod = (name: string, created: string, requests: Record<string, string> = {}): PodObject => ({
  metadata: { uid: `uid-${name}`, namespace: "models", name, creationTimestamp: created },
  spec: { containers: [{ name: "server", resources: { requests } }] },
});
const holding = (name: string, minute = 0, count = "1"): PodObject =>
  pod(name, `2026-03-01T10:0${minute}:00Z`, { cpu: "100m", "nvidia.com/gpu": count });
const demand = (name: string, count = 1): Demand => ({
  id: `uid-${name}/server`,
  holder: { namespace: "models", pod: name, container: "server" },
  gpus: count,
  cores: 0.1,
});
const usage = (name: string, seconds: number, at: number, bytes = 64 * 2 ** 20): string =>
  [
    "# TYPE container_cpu_usage_seconds_total counter",
    `container_cpu_usage_seconds_total{container="server",namespace="models",pod="${name}"} ${seconds} ${at}`,
    "# TYPE container_memory_working_set_bytes gauge",
    `container_memory_working_set_bytes{container="server",namespace="models",pod="${name}"} ${bytes} ${at}`,
    "",
  ].join("\n");

const [a6000, t4] = gpus;
const idle: GpuState = { index: 0, model: a6000!, load: 0, usedMiB: 0, joules: 0 };

describe("what a simulated GPU reads", () => {
  it("follows its load from idle to full, within what the card has", () => {
    const full = readings({ ...idle, load: 1, usedMiB: 60_000, joules: 12.5 });
    expect(full).toEqual({
      smActive: 1,
      engineActive: 1,
      tensorActive: 0.4,
      dramActive: 0.3,
      utilisation: 100,
      memoryUsed: 48_628,
      memoryFree: 0,
      memoryReserved: 512,
      power: 300,
      energy: 12_500,
      temperature: 80,
      memoryTemperature: 0,
      xid: 0,
      rowRemapFailed: 0,
    });
    expect(readings(idle)).toMatchObject({ smActive: 0, utilisation: 0, power: 22, temperature: 35 });
    expect(readings({ ...idle, load: 0.5 })).toMatchObject({ smActive: 0.5, utilisation: 63, power: 161 });
  });

  it("is every metric of the contract under labels of the contract, marked as simulated", () => {
    const holder = { namespace: "models", pod: "a", container: "server" };
    const text = exposition(
      [
        { ...idle, holder },
        { ...idle, index: 1, model: t4! },
      ],
      "cloud-0",
    );
    const samples = parsePrometheusText(text);
    const metrics = Object.values(dcgm);
    expect([...new Set(samples.map(({ name }) => name))]).toEqual(metrics.map(({ name }) => name));
    expect(samples).toHaveLength(2 * metrics.length);
    for (const { name, labels } of samples) {
      const allowed: readonly string[] = metrics.find((metric) => metric.name === name)!.labels;
      expect(Object.keys(labels).filter((label) => !allowed.includes(label))).toEqual([]);
      expect(labels.modelName).toMatch(/^Simulated /);
    }
    expect(samples[0]!.labels).toEqual({
      gpu: "0",
      UUID: expect.stringMatching(/^GPU-[0-9a-f]{32}$/) as string,
      pci_bus_id: "00000000:00:00.0",
      device: "nvidia0",
      modelName: "Simulated RTX A6000",
      hostname: "cloud-0",
      DCGM_FI_DRIVER_VERSION: "simulated",
      ...holder,
    });
    expect(samples[1]!.labels).not.toHaveProperty("pod");
    expect(new Set(samples.map(({ labels }) => labels.UUID)).size).toBe(2);
    expect(text.match(/^# HELP /gm)).toEqual(text.match(/^# HELP (?=\S+ Simulated: )/gm));
  });
});

describe("who holds a GPU", () => {
  it("is asked of containers that request one, oldest first", () => {
    const pods = [
      holding("young", 5),
      pod("none", "2026-03-01T10:00:00Z", { cpu: "1" }),
      holding("old", 1, "2"),
    ];
    expect(demandsOf(pods)).toEqual([demand("old", 2), demand("young")]);
  });

  it("keeps it while it lives, and what is free goes to the next in order", () => {
    const [a, b, c] = [demand("a"), demand("b"), demand("c")];
    const first = assign([], [a, b], 3);
    expect(first).toEqual([a, b, undefined]);
    const second = assign(first, [b, c], 3);
    expect(second).toEqual([c, b, undefined]);
    expect(assign(second, [b], 3)).toEqual([undefined, b, undefined]);
  });

  it("gets as many as it asked for, and no more than there are", () => {
    const [a, b] = [demand("a", 2), demand("b", 2)];
    expect(assign([], [a, b], 3)).toEqual([a, a, b]);
    expect(assign([a, a, b], [b], 3)).toEqual([b, undefined, b]);
  });

  it.each([
    ["100m", 0.1],
    ["2", 2],
    ["0.5", 0.5],
  ])("reads %s as cores", (quantity, cores) => {
    expect(coresOf(quantity)).toBeCloseTo(cores);
  });

  it("refuses what is no quantity of cores", () => {
    expect(() => coresOf("1Gi")).toThrow("not a quantity of cores: 1Gi");
  });
});

describe("what the kubelet says", () => {
  it("is processor time, its moment and memory of a container", () => {
    const usages = usagesOf(usage("a", 12.5, 1_000) + usage("b", 1, 2_000));
    expect(usageOf(usages, demand("a").holder)).toEqual({ seconds: 12.5, at: 1_000, memoryMiB: 64 });
    expect(usageOf(usages, { ...demand("a").holder, container: "other" })).toBeUndefined();
  });

  it("gives cores between two moments, and nothing where there is one or the container began anew", () => {
    const at = (seconds: number, time: number) => ({ seconds, at: time, memoryMiB: 0 });
    expect(coresBetween(at(10, 0), at(11, 20_000))).toBe(0.05);
    expect(coresBetween(at(10, 0), at(10, 0))).toBeUndefined();
    expect(coresBetween(at(10, 0), at(1, 20_000))).toBeUndefined();
    expect(coresBetween(undefined, at(1, 20_000))).toBeUndefined();
  });
});

describe("the GPUs of a node", () => {
  const look = (node: SimulatedNode, at: number, seconds: number, measured = at) =>
    node.update({ at, pods: [holding("a")], usage: usage("a", seconds, measured) });

  it("are as busy as the CPU their holder uses of what it requests, and stay so until measured again", () => {
    const node = new SimulatedNode(gpus);
    expect(look(node, 10_000, 5)[0]).toMatchObject({ load: 0, holder: { pod: "a" }, usedMiB: 64 });
    expect(look(node, 20_000, 5.5)[0]!.load).toBeCloseTo(0.5);
    expect(look(node, 25_000, 5.5, 20_000)[0]!.load).toBeCloseTo(0.5);
    expect(look(node, 30_000, 9)[0]!.load).toBe(1);
    expect(look(node, 40_000, 9)[0]!.load).toBe(0);
  });

  it("use energy by the load that was, and never less than before", () => {
    const node = new SimulatedNode([a6000!]);
    look(node, 10_000, 0);
    expect(look(node, 20_000, 0.5)[0]!.joules).toBeCloseTo(220);
    expect(look(node, 30_000, 0.5)[0]!.joules).toBeCloseTo(220 + 1_610);
    expect(node.update({ at: 40_000, pods: [], usage: "" })[0]).toEqual({
      ...idle,
      joules: expect.closeTo(220 + 1_610 + 220) as number,
    });
  });

  it("are idle and free without a holder", () => {
    const states = new SimulatedNode(gpus).update({ at: 1, pods: [pod("x", "")], usage: "" });
    expect(states.map(({ load, holder }) => [load, holder])).toEqual(gpus.map(() => [0, undefined]));
  });
});

describe("the hub of the sandbox", () => {
  const { config } = yaml.parse(fs.readFileSync(stackFile(repository, "cloud"), "utf8")) as StackFile;
  const { kubernetes, inventory, pricePerGpuHour } = overlay("cloud", config, images)["federation:hub"] as {
    kubernetes: { dcgmExporter: { namespace: string; labels: Record<string, string>; port: number } };
    inventory: { gpus: number; gpuTypes: number };
    pricePerGpuHour: Record<string, number>;
  };
  /** As the scrape jobs write a GPU's type. */
  const types = [...new Set(gpus.map(({ modelName }) => modelName.toLowerCase().replaceAll(" ", "-")))];

  it("declares the GPUs that its node has", () => {
    expect([inventory.gpus, inventory.gpuTypes]).toEqual([gpus.length, types.length]);
  });

  it("finds the simulated exporter where the site has NVIDIA's, marked as simulated", () => {
    const daemonSet = exporterObjects("script", images.node).find(({ kind }) => kind === "DaemonSet")!;
    const { template } = daemonSet.spec as {
      template: {
        metadata: { labels: Record<string, string> };
        spec: { containers: { ports: { containerPort: number }[] }[] };
      };
    };
    expect({
      namespace: daemonSet.metadata.namespace,
      labels: template.metadata.labels,
      port: template.spec.containers[0]!.ports[0]!.containerPort,
    }).toEqual({
      namespace: kubernetes.dcgmExporter.namespace,
      labels: {
        ...kubernetes.dcgmExporter.labels,
        "app.kubernetes.io/name": "dcgm-exporter-simulated",
        "sandbox.federation/simulated": "true",
      },
      port: kubernetes.dcgmExporter.port,
    });
  });

  it("prices every simulated type as the site prices the real one, and no real one", () => {
    expect(pricePerGpuHour).toEqual({
      [simulatedType("rtx-a6000")]: 0.8,
      [simulatedType("tesla-t4")]: 0.35,
    });
    expect(Object.keys(pricePerGpuHour)).toEqual(types);
  });
});
