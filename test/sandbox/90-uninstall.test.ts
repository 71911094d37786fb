import { queryValue } from "../../sandbox/prometheus";
import {
  editStackFile,
  endpoints,
  getObject,
  kubectl,
  prometheusReady,
  pulumiRun,
  pulumiUp,
} from "../support/live";

const setProtect = (value: boolean): void => {
  editStackFile("hpc", (config) => {
    (config["federation:member"] as { protect: boolean }).protect = value;
  });
};

const destroy = (...more: string[]): { status: number | null; output: string } =>
  pulumiRun(["destroy", "--yes", "--stack", "hpc", ...more]);

const names = (kinds: string): string[] =>
  kubectl("hpc", [
    "get",
    kinds,
    "-n",
    "federation",
    "-l",
    "app.kubernetes.io/part-of=federation",
    "-o",
    "name",
  ])
    .split("\n")
    .filter((name) => name !== "");

describe("uninstalling a protected stack", () => {
  afterAll(() => {
    setProtect(false);
    pulumiUp("hpc");
  });

  it("keeps the history: destroy stops, --exclude-protected leaves claim and namespace, up takes them up again", async () => {
    setProtect(true);
    pulumiUp("hpc");
    const claim = getObject("hpc", "pvc", "prometheus-data").metadata.uid;
    const end = Date.now() / 1000 - 15;
    const samples = (): Promise<number | undefined> =>
      queryValue(endpoints().hpc, `count_over_time(fed_cluster:heartbeat:timestamp_seconds[1h] @ ${end})`);
    const before = await samples();
    expect(before).toBeGreaterThan(0);

    const refused = destroy("--run-program");
    expect(refused.status).not.toBe(0);
    expect(refused.output).toMatch(/prometheus-claim.*protect|protect.*prometheus-claim/s);
    expect(names("statefulsets")).toEqual(["statefulset.apps/alertmanager", "statefulset.apps/prometheus"]);

    const excluded = destroy("--run-program", "--exclude-protected");
    expect(excluded.status === 0 ? "" : excluded.output).toBe("");
    expect(names("statefulsets,deployments,services,configmaps,secrets,persistentvolumeclaims")).toEqual([
      "persistentvolumeclaim/prometheus-data",
    ]);

    pulumiUp("hpc");
    await prometheusReady("hpc");
    expect(getObject("hpc", "pvc", "prometheus-data").metadata.uid).toBe(claim);
    expect(await samples()).toBe(before);
  });
});
