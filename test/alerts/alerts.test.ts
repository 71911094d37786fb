import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { DEFAULT_THRESHOLDS } from "../../metrics/thresholds";
import { until } from "../../sandbox/checks";
import { dropModel } from "../../sandbox/models";
import { paths } from "../../sandbox/paths";
import { query, queryValue } from "../../sandbox/prometheus";
import { beegfs, startServices, stopService, waitForServices } from "../../sandbox/services";
import { alertsOf, quiet, summary, told, untilToldExactly } from "../support/alerts";
import { emptyBeegfs, fillBeegfs } from "../support/beegfs";
import { cutLink, healLink } from "../support/link";
import { applyAsOwner, endpoints, getObject, kubectl, namespace, nudge } from "../support/live";
import { startSlurmController, stopSlurmController } from "../support/slurm";
import { runJob } from "../support/transfer";

jest.setTimeout(40 * 60_000);

const at = endpoints();

const scaleAlertmanagers = (replicas: number): void => {
  kubectl("cloud", ["scale", "statefulset", "alertmanager", "-n", namespace, `--replicas=${replicas}`]);
};

/** Both ends of alerts of one cluster, told by the Alertmanagers of one. */
const cycle = (from: string, cluster: string, ...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => ["firing", "resolved"].map((status) => `${from}: ${name} of ${cluster} ${status}`));
const firing = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => line.endsWith(" firing"));

/** A receiver is told of a group's alert once, and once that it is over. */
function expectToldOnce(since: number): void {
  const groups = told(since).map(({ groupKey, alert }) => `${groupKey} ${alert.status}`);
  expect([...groups].sort()).toEqual([...new Set(groups)].sort());
}

const severitiesOf = (name: string, since: number): readonly (string | undefined)[] =>
  told(since).flatMap(({ alert: { labels } }) => (labels.alertname === name ? [labels.severity] : []));

/** Changes a byte of a file of the model; size and time stay, to the nanosecond, as where a disk lies. */
function corrupt(file: string): void {
  const content = fs.readFileSync(file);
  content[content.length - 1] = (content[content.length - 1] ?? 0) ^ 1;
  const copy = `${file}.copy`;
  fs.writeFileSync(copy, content);
  execFileSync("touch", ["--reference", file, copy]);
  fs.renameSync(copy, file);
}

it("are silent where all is well, while every Watchdog is heard", async () => {
  await quiet(900);
  const hops = async (side: "hpc" | "hub"): Promise<readonly string[]> =>
    (await query(at[side], 'ALERTS{alertname="Watchdog",alertstate="firing"}'))
      .map(({ metric }) => `${metric.cluster ?? ""} ${metric.hop ?? ""}`)
      .sort();
  expect(await hops("hpc")).toEqual(["hpc hub", "hpc local"]);
  expect(await hops("hub")).toEqual(["cloud hub", "hpc federation"]);
});

it("tell of a BeeGFS that fills up, a dead controller, a missing Alertmanager and a corrupted model, each once and to its end", async () => {
  const { warning, critical } = DEFAULT_THRESHOLDS.beegfsUtilisation;
  const full = cycle("cloud", "hpc", "BeegfsFull");
  const others = [
    ...cycle("cloud", "hpc", "SlurmControllerDown", "TransferQuarantined"),
    ...cycle("cloud", "cloud", "AlertmanagerReplicasMissing"),
  ];
  const folder = await dropModel(beegfs.models, "alerts-corrupted");
  expect(folder).toBeDefined();
  const file = path.join(folder ?? "", "model-00001-of-00002.safetensors");
  expect((await runJob("model-sync")).status).toBe("Complete");
  const since = Date.now();
  try {
    // its alert waits longest: the others come and go meanwhile
    fillBeegfs((warning + critical) / 2);
    corrupt(file);
    await runJob("model-sync");
    await stopSlurmController();
    scaleAlertmanagers(1);
    try {
      await untilToldExactly(firing(others), since, 600);
    } finally {
      await startSlurmController();
      scaleAlertmanagers(2);
      fs.rmSync(folder ?? "", { recursive: true });
      await runJob("model-sync");
    }
    await untilToldExactly([...others, ...firing(full)], since, 900);
  } finally {
    emptyBeegfs();
  }
  await untilToldExactly([...others, ...full], since, 600);
  expectToldOnce(since);
  expect(new Set(severitiesOf("BeegfsFull", since))).toEqual(new Set(["warning"]));
});

it("tell that MinIO is down, once, and that it is back", async () => {
  const since = Date.now();
  await stopService("minio");
  const expected = cycle("cloud", "cloud", "MinioDown");
  try {
    await untilToldExactly(firing(expected), since, 600);
  } finally {
    await startServices(paths.bin, () => undefined);
    await waitForServices();
  }
  await untilToldExactly(expected, since, 600);
  expectToldOnce(since);
});

it("arrive by the member's own way while the link is cut, and the hub shows blind, not green", async () => {
  const since = Date.now();
  const member = (name: string): string => `fed_hub:cluster_health:${name}{cluster="hpc"}`;
  cutLink();
  try {
    await stopSlurmController();
    await until("the hub is blind to the member", 300, async () => {
      const [state, score] = [
        await queryValue(at.hub, member("state")),
        await queryValue(at.hub, member("score")),
      ];
      return state === 3 && score === 0 ? [] : [`state ${state ?? "none"}, score ${score ?? "none"}`];
    });
    await untilToldExactly(
      ["cloud: MemberUnreachable of hpc firing", "hpc: SlurmControllerDown of hpc firing"],
      since,
      900,
    );
  } finally {
    healLink();
    await startSlurmController();
  }
  await until("the hub sees the member again", 300, async () =>
    (await queryValue(at.hub, member("state"))) === 3 ? ["still blind"] : [],
  );
  await quiet(600);
  // that an alert is over is told with its group's next interval
  await until("the end of MemberUnreachable is told", 120, () =>
    Promise.resolve(
      summary(since).includes("cloud: MemberUnreachable of hpc resolved") ? [] : [...summary(since)],
    ),
  );
  // after healing at most one repeat of what both had to tell
  const repeats = told(since).filter(
    ({ from, alert }) => from === "cloud" && alert.labels.alertname === "SlurmControllerDown",
  );
  expect(repeats.filter(({ alert }) => alert.status === "firing").length).toBeLessThan(2);
});

it("are too many at the member, and the hub's view of its health stays live", async () => {
  const config = getObject("hpc", "configmap", "prometheus-config");
  const data = config.data as Readonly<Record<string, string>>;
  // beside the others, so that Watchdogs still fire
  const storm = `  - name: storm
    rules:
      - alert: Storm
        expr: label_replace(topk(5000, {__name__=~"apiserver_request_.+_bucket|etcd_.+_bucket",cluster="hpc"}), "series", "$1", "__name__", "(.+)")
        labels: { cluster: hpc, severity: info, component: api }
`;
  applyAsOwner("hpc", config, {
    data: { ...data, "alerts-cluster.yml": `${data["alerts-cluster.yml"] ?? ""}${storm}` },
  });
  nudge("hpc");
  try {
    await until(
      "5,000 alerts fire",
      300,
      async () => {
        const count = await queryValue(at.hpc, 'count(ALERTS{alertname="Storm",alertstate="firing"})');
        return count === 5000 ? [] : [`${count ?? 0} fire`];
      },
      () => alertsOf("hpc"),
    );
    await until("the hub is told their number", 200, async () => {
      const sum = await queryValue(at.hub, 'sum(fed_cluster:alerts:firing{cluster="hpc",alertname="Storm"})');
      return sum === 5000 ? [] : [`${sum ?? "nothing"}`];
    });
    expect(await queryValue(at.hub, 'up{member="hpc",job="federate-health"}')).toBe(1);
    expect(await queryValue(at.hub, 'fed_hub:heartbeat:stale{cluster="hpc"}')).toBe(0);
    expect(await queryValue(at.hub, 'fed_hub:heartbeat:age_seconds{cluster="hpc"}')).toBeLessThan(45);
  } finally {
    applyAsOwner("hpc", getObject("hpc", "configmap", "prometheus-config"), { data });
    nudge("hpc");
  }
  await until("the storm is over", 200, async () =>
    (await queryValue(at.hpc, 'count(ALERTS{alertname="Storm"})')) === undefined ? [] : ["not yet"],
  );
});
