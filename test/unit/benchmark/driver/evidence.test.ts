import { gpusIn, serverIn } from "../../../../workloads/benchmark/driver/evidence";
import type { Scraped, ScrapesIn } from "../../../../workloads/benchmark/driver/prometheus";
import { prometheusSchema } from "../../../../workloads/benchmark/driver/services";
import { targetSchema, type Target } from "../../../../workloads/benchmark/result";
import { targetInput } from "../../../support/benchmark";

const prometheus = prometheusSchema.parse({ url: "https://hub:9090", pods: "chat-[a-z0-9]+" });
const window = { from: 100, to: 120 };

/** Answers by the name of the metric, and keeps what was asked. */
function scrapes(
  answers: Readonly<Record<string, readonly Scraped[]>>,
): ScrapesIn & { readonly asked: string[] } {
  const asked: string[] = [];
  const ask: ScrapesIn = (selector) => {
    asked.push(selector);
    return Promise.resolve(answers[selector.split("{")[0] ?? ""] ?? []);
  };
  return Object.assign(ask, { asked });
}

const gpu = { UUID: "GPU-1", hostname: "gpu-1" };
const series = (labels: object, ...samples: (readonly [number, number])[]): Scraped => ({
  labels: { ...labels },
  samples,
});
const target = (said: Partial<Target> = {}): Target => targetSchema.parse({ ...targetInput, ...said });

describe("GPUs of a window", () => {
  it("have the energy of the whole window, though no scrape stands at its ends", async () => {
    // 100 W, told from 102 s to 117 s
    const found = await gpusIn(
      scrapes({
        DCGM_FI_DEV_GPU_UTIL: [series(gpu, [102, 80], [107, 90], [112, 80], [117, 90])],
        DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION: [
          series(gpu, [102, 1e6], [107, 1.5e6], [112, 2e6], [117, 2.5e6]),
        ],
      }),
      target(),
      prometheus,
      window,
    );
    expect(found).toMatchObject([{ id: "GPU-1", utilisation: [0.8, 0.9, 0.8, 0.9], energyJoules: 2000 }]);
  });

  it("have no energy by a single scrape, and begin anew with a counter that was reset", async () => {
    const energies = async (...samples: (readonly [number, number])[]): Promise<number | undefined> => {
      const told = scrapes({
        DCGM_FI_DEV_GPU_UTIL: [series(gpu, [102, 80])],
        DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION: [series(gpu, ...samples)],
      });
      return (await gpusIn(told, target(), prometheus, window))[0]?.energyJoules;
    };
    expect(await energies([102, 1e6])).toBeUndefined();
    expect(await energies([102, 9e6], [107, 0.5e6], [112, 1e6])).toBeCloseTo(2000, 6);
  });

  it.each([
    ["as the exporter says it", { ...gpu, gpu_type: "tesla-t4", modelName: "Tesla T4" }, "tesla-t4"],
    ["as the target says it where the exporter does not", { ...gpu, modelName: "Tesla T4" }, "rtx-a6000"],
  ])("have their type %s", async (_, labels, type) => {
    const told = scrapes({ DCGM_FI_DEV_GPU_UTIL: [series(labels, [102, 80])] });
    expect((await gpusIn(told, target(), prometheus, window))[0]?.type).toBe(type);
  });
});

it.each([
  ["its own namespace", { namespace: "models" }, 'cluster="cloud",namespace="models",pod=~"chat-[a-z0-9]+"'],
  ["any namespace where the target names none", {}, 'cluster="cloud",pod=~"chat-[a-z0-9]+"'],
])("asks for pods of %s alone", async (_, said, matchers) => {
  const told = scrapes({});
  await gpusIn(told, target(said), prometheus, window);
  await serverIn(told, target(said), prometheus, window);
  expect(told.asked.length).toBeGreaterThan(8);
  for (const selector of told.asked) expect(selector).toContain(`{${matchers}`);
});
