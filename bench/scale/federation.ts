import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { stringify } from "yaml";
import { createSecrets } from "../../commands/credentials";
import { awaitSeries } from "../../commands/preview/prometheus";
import { CREDENTIALS, credentialFiles } from "../../components/monitoring/credentials";
import { scrapeTimeout } from "../../components/monitoring/durations";
import { federateJobs } from "../../components/monitoring/federateJobs";
import { federationFiles } from "../../components/monitoring/federatedPrometheus";
import { sampleLimit, worstCase } from "../../metrics/budget";
import { fedCluster } from "../../metrics/catalogue";
import { FEDERATE_DETAIL_JOB, FEDERATE_HEALTH_JOB } from "../../metrics/federation";
import { select } from "../../metrics/select";
import { clusterRuleGroups, renderRules } from "../../rules";
import { federationUsers, memberWebCredentials } from "../../settings/credentials";
import { STEP } from "./options";
import type { Sizes } from "./options";
import { PrometheusServer } from "./server";
import { exposition, HUB, MEMBER } from "./site";
import type { Target } from "./site";

const LISTEN = "127.0.0.1";
const PATIENCE_MS = 900_000;

export interface FederationArgs {
  /** The program. */
  readonly prometheus: string;
  readonly folder: string;
  /** TSDBs with their histories. */
  readonly memberData: string;
  readonly hubData: string;
  readonly sizes: Sizes;
  readonly targets: readonly Target[];
}

/** What federating the site took. */
export interface Federation {
  /** Seconds of each scrape of the detail job. */
  readonly durations: readonly number[];
  /** Series that both jobs return, and the most that the inventory allows. */
  readonly series: number;
  readonly budget: number;
  /** Highest resident memory of both servers together. */
  readonly peakMiB: number;
}

/** Every exporter of the site behind one address: `/metrics?job=...&host=...`. */
async function exporters(targets: readonly Target[]): Promise<http.Server> {
  const byKey = new Map(targets.map((target) => [`${target.job} ${target.host}`, target]));
  const server = http.createServer(({ url = "" }, response) => {
    const { searchParams } = new URL(url, "http://exporters");
    const target = byKey.get(`${searchParams.get("job") ?? ""} ${searchParams.get("host") ?? ""}`);
    response.writeHead(target === undefined ? 404 : 200, { "content-type": "text/plain; version=0.0.4" });
    response.end(target === undefined ? "" : exposition(target, Math.round(Date.now() / 1000)));
  });
  await new Promise<void>((resolve) => server.listen(0, LISTEN, resolve));
  return server;
}

const global = (cluster: string) => ({
  scrape_interval: `${STEP}s`,
  scrape_timeout: scrapeTimeout(`${STEP}s`),
  evaluation_interval: `${STEP}s`,
  external_labels: { cluster },
});

const text = (config: unknown): string => stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });

/** The member's configuration: the exporters of each kind are one job, each with a name of its own. */
function memberConfig(targets: readonly Target[], port: number): string {
  const jobs = [...new Set(targets.map(({ job }) => job))];
  return text({
    global: global(MEMBER),
    rule_files: ["rules.yml"],
    scrape_configs: jobs.map((job) => ({
      job_name: job,
      params: { job: [job] },
      static_configs: [{ targets: targets.filter((one) => one.job === job).map(({ host }) => host) }],
      relabel_configs: [
        ...["__param_host", "instance", "host"].map((target_label) => ({
          source_labels: ["__address__"],
          target_label,
        })),
        { target_label: "__address__", replacement: `${LISTEN}:${port}` },
        { target_label: "cluster", replacement: MEMBER },
      ],
    })),
  });
}

/** Waits until the expression has a value that is good; throws with what was there when patience ends. */
const until = (server: PrometheusServer, query: string, good: (value: number) => boolean): Promise<number> =>
  awaitSeries(
    server.client,
    query,
    ([first]) => first?.samples.map(([, value]) => value).find(good),
    AbortSignal.timeout(PATIENCE_MS),
  );

const credentialsAt = (folder: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, content.replaceAll(CREDENTIALS, folder)]),
  );

/** The member's Prometheus scrapes the site and evaluates its rules; the hub's federates it by the deployed jobs. */
export async function federate(args: FederationArgs): Promise<Federation> {
  const { prometheus, folder, sizes, targets } = args;
  const { secrets } = await createSecrets(
    [
      { name: HUB, hosts: [LISTEN], member: false, landingZone: false },
      { name: MEMBER, hosts: [LISTEN], member: true, landingZone: false },
    ],
    new Date(),
  );
  const web = memberWebCredentials(secrets, MEMBER);
  const [memberFolder, hubFolder] = [path.join(folder, "member-live"), path.join(folder, "hub-live")];
  const exporter = await exporters(targets);
  const servers: PrometheusServer[] = [];
  try {
    const member = await PrometheusServer.start({
      prometheus,
      folder: memberFolder,
      data: args.memberData,
      config: memberConfig(targets, (exporter.address() as AddressInfo).port),
      files: {
        ...credentialsAt(memberFolder, credentialFiles(web)),
        "rules.yml": renderRules(clusterRuleGroups({ cluster: MEMBER, inventory: sizes.inventory })),
      },
      webConfig: "web.yml",
      client: { auth: `${web.local.username}:${web.local.password}`, ca: web.caCertificates },
    });
    servers.push(member);
    const gpus = sizes.nodes * sizes.gpusPerNode;
    await until(member, `sum(${select(fedCluster.gpus.count)})`, (value) => value === gpus);
    // what needs more than one scrape
    await until(member, `sum(${select(fedCluster.gpus.energy)})`, (value) => value > 0);
    await until(member, `sum(${select(fedCluster.machines.cpuBusy)})`, (value) => value > 0);

    const members = [
      {
        cluster: MEMBER,
        url: member.url,
        intervals: { health: "15s", detail: `${STEP}s` },
        sampleLimits: {
          health: sampleLimit(sizes.inventory, "health"),
          detail: sampleLimit(sizes.inventory, "detail"),
        },
      },
    ];
    const hub = await PrometheusServer.start({
      prometheus,
      folder: hubFolder,
      data: args.hubData,
      config: text({ global: global(HUB), scrape_configs: federateJobs(members) }).replaceAll(
        CREDENTIALS,
        hubFolder,
      ),
      files: federationFiles(members, federationUsers(secrets, [MEMBER]), web.caCertificates),
    });
    servers.push(hub);
    const job = `job=~"${FEDERATE_DETAIL_JOB}|${FEDERATE_HEALTH_JOB}"`;
    const history = `scrape_duration_seconds{job="${FEDERATE_DETAIL_JOB}"}[1h]`;
    await until(hub, `count_over_time(${history})`, (scrapes) => scrapes >= sizes.scrapes);
    await until(hub, `min(up{${job}})`, (up) => up === 1);
    const series = await until(hub, `sum(scrape_samples_scraped{${job}})`, (samples) => samples > 0);
    const [scraped] = await hub.client.instant(history, Date.now());
    return {
      durations: (scraped?.samples ?? []).map(([, value]) => value),
      series,
      budget: worstCase(sizes.inventory, "health") + worstCase(sizes.inventory, "detail"),
      peakMiB: member.peakMiB + hub.peakMiB,
    };
  } finally {
    for (const server of servers) await server.stop();
    exporter.closeAllConnections();
    exporter.close();
  }
}
