import { until } from "../../sandbox/checks";
import { queryValue } from "../../sandbox/prometheus";
import {
  editStackFile,
  endpoints,
  fingerprints,
  getObject,
  kubectl,
  prometheusPod,
  pulumiRun,
  pulumiUp,
} from "../support/live";

const claimName = "prometheus-data";

interface Claim {
  readonly status: { readonly capacity: { readonly storage: string } };
}

interface Summary {
  readonly pods: readonly {
    readonly volume?: readonly {
      readonly capacityBytes?: number;
      readonly pvcRef?: { readonly name: string };
    }[];
  }[];
}

function setSize(size: string): void {
  editStackFile("hpc", (config) => {
    (config["federation:member"] as { prometheus: { storage: { size: string } } }).prometheus.storage.size =
      size;
  });
}

describe("a claim that grows", () => {
  const at = endpoints();
  const capacity = (): string =>
    (getObject("hpc", "pvc", claimName) as unknown as Claim).status.capacity.storage;
  /** Bytes of the file system under the claim, as the kubelet measures it in the pod. */
  const fileSystem = (): number => {
    const summary = JSON.parse(
      kubectl("hpc", ["get", "--raw", "/api/v1/nodes/hpc-0/proxy/stats/summary"]),
    ) as Summary;
    const volumes = summary.pods.flatMap(({ volume }) => volume ?? []);
    return volumes.find(({ pvcRef }) => pvcRef?.name === claimName)?.capacityBytes ?? 0;
  };

  it("grows in place: a larger file system, the same pod, the old samples", async () => {
    const pod = getObject("hpc", "pod", prometheusPod).metadata.uid;
    const end = Date.now() / 1000 - 30;
    const samples = (): Promise<number | undefined> =>
      queryValue(at.hpc, `count_over_time(fed_cluster:heartbeat:timestamp_seconds[1h] @ ${end})`);
    const before = await samples();
    await until("the kubelet's measure", 120, () => Promise.resolve(fileSystem() > 0 ? [] : ["none yet"]));
    const bytes = fileSystem();
    expect(before).toBeGreaterThan(0);
    expect(capacity()).toBe("512Mi");
    setSize("768Mi");
    pulumiUp("hpc");
    await until("the claim's new capacity", 60, () =>
      Promise.resolve(capacity() === "768Mi" ? [] : [`status.capacity is ${capacity()}`]),
    );
    // the kubelet measures volumes once a minute
    await until("the grown file system in kubelet's own measure", 180, () => {
      const now = fileSystem();
      return Promise.resolve(now > bytes * 1.4 ? [] : [`${now} bytes, was ${bytes}`]);
    });
    expect(getObject("hpc", "pod", prometheusPod).metadata.uid).toBe(pod);
    expect(await samples()).toBe(before);
  });

  it("refuses to shrink, and touches nothing", () => {
    const before = fingerprints("hpc");
    setSize("512Mi");
    const run = pulumiRun(["up", "--yes", "--skip-preview", "--stack", "hpc"]);
    setSize("768Mi");
    expect(run.status).not.toBe(0);
    expect(run.output).toMatch(/prometheus-data|storage\.size/);
    expect(run.output).toMatch(/shrink|less than status\.capacity/i);
    expect(fingerprints("hpc")).toEqual(before);
  });
});
