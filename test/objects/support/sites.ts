import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { parse, parseAllDocuments, stringify } from "yaml";
import type { Manifest } from "../../../sandbox/clusters/objects";
import { servedModels } from "./servedModels";

const repository = resolve(__dirname, "../../..");

type Tree = Readonly<Record<string, unknown>>;

interface StackFile {
  readonly config: Readonly<Record<string, Tree>>;
}

const stackFile = (stack: string): StackFile =>
  parse(readFileSync(join(repository, `Pulumi.${stack}.yaml`), "utf8")) as StackFile;

const tree = (value: unknown): Tree => value as Tree;

/** The committed hub with what it leaves out: benchmarks, receivers of every kind, and models that are served. */
function hub(): StackFile {
  const { config } = stackFile("cloud");
  const own = tree(config["federation:hub"]);
  return {
    config: {
      ...config,
      "federation:hub": {
        ...own,
        prometheus: {
          ...tree(own.prometheus),
          remoteWrite: [{ name: "archive", url: "https://archive.example.org/write" }],
        },
        alerting: {
          ...tree(own.alerting),
          receivers: [
            { kind: "pagerduty", name: "pager", causes: ["critical"] },
            { kind: "slack", name: "chat", causes: ["critical", "warning"], channel: "#ml-platform" },
            { kind: "webhook", name: "dead-man", causes: ["heartbeat"] },
          ],
        },
        serving: servedModels,
        benchmarks: [
          {
            name: "llama-a6000",
            model: "llama-3-8b",
            registeredModel: "hpc-llama-3-8b",
            version: "3",
            url: "http://llama-3-8b-predictor.models.svc",
            protocol: "openai",
            namespace: "models",
            service: "llama-3-8b",
            corpus: { kind: "words", name: "chat-256-64", promptTokens: 256, outputTokens: 64 },
            gpuType: "rtx-a6000",
            replicas: { min: 1, max: 3 },
            scenarios: { autoscaling: { rateBefore: 2, rateAfter: 20 } },
            gate: "gate",
            schedule: "0 2 * * 6",
            disruptive: true,
            promote: true,
          },
        ],
      },
    },
  };
}

/** The committed hub by load balancers in place of node ports, with exporters that the cluster has, and no models. */
function hubByLoadBalancers(): StackFile {
  const { config } = stackFile("cloud");
  const { landingZone: _, ...own } = tree(config["federation:hub"]);
  const existing = (name: string, port: number) => ({
    existing: { namespace: "monitoring", labels: { "app.kubernetes.io/name": name }, port },
  });
  const allowFrom = ["192.168.200.0/24"];
  const expose = (address: string, port: number) => ({ loadBalancer: { address, port }, allowFrom });
  return {
    config: {
      ...config,
      "federation:hub": {
        ...own,
        prometheus: { ...tree(own.prometheus), expose: expose("192.168.200.50", 9090) },
        kubernetes: {
          ...tree(own.kubernetes),
          kubeStateMetrics: existing("kube-state-metrics", 8080),
          nodeExporter: existing("node-exporter", 9100),
        },
        alerting: {
          ...tree(own.alerting),
          expose: { loadBalancer: { addresses: ["192.168.200.51", "192.168.200.52"] }, allowFrom },
        },
        grafana: { mode: "deploy", expose: expose("192.168.200.53", 3000) },
      },
    },
  };
}

/** The committed member on a Prometheus that the site has, with exporters of every role. */
function memberOfSite(): StackFile {
  const { config } = stackFile("hpc");
  const own = tree(config["federation:member"]);
  const { nodeExporter: _, ...kubernetes } = tree(own.kubernetes);
  const sync = tree(own.modelSync);
  return {
    config: {
      ...config,
      "federation:member": {
        ...own,
        prometheus: {
          mode: "existing",
          url: "https://prometheus.hpc.example.org",
          object: { namespace: "monitoring", name: "kube-prometheus-stack-prometheus" },
          labels: { release: "kube-prometheus-stack" },
        },
        modelSync: {
          ...sync,
          source: { ...tree(sync.source), volume: { claim: "beegfs" } },
        },
        kubernetes: {
          ...kubernetes,
          dcgmExporter: { namespace: "gpu-operator", labels: { app: "nvidia-dcgm-exporter" }, port: 9400 },
        },
        hosts: [
          ...(own.hosts as readonly object[]),
          { name: "slurm-db", address: "192.168.100.13", roles: ["slurm", "node"] },
        ],
      },
    },
  };
}

/** What stands for a secret in a render is no base64, which a Secret's data are. */
const withData = (object: Manifest): Manifest =>
  object.kind === "Secret" && object.data !== undefined
    ? {
        ...object,
        data: Object.fromEntries(
          Object.keys(object.data as object).map((key) => [key, Buffer.from(key).toString("base64")]),
        ),
      }
    : object;

/** What is rendered: the sites by the name of their stack. */
const stacks = {
  hub: "cloud",
  hubByLoadBalancers: "balanced",
  member: "hpc",
  memberOfSite: "site",
} as const;
type SiteName = keyof typeof stacks;
export const siteNames = Object.keys(stacks) as SiteName[];
export type RenderedSites = Readonly<Record<SiteName, readonly Manifest[]>>;

const run = promisify(execFile);

/** Every object that each of the sites declares, as `npm run render` prints them. */
export async function renderSites(): Promise<RenderedSites> {
  const folder = mkdtempSync(join(tmpdir(), "federation-objects-"));
  const files = {
    hub: hub(),
    hubByLoadBalancers: hubByLoadBalancers(),
    member: stackFile("hpc"),
    memberOfSite: memberOfSite(),
  };
  const render = async (site: SiteName): Promise<readonly [SiteName, readonly Manifest[]]> => {
    const stack = stacks[site];
    writeFileSync(join(folder, `Pulumi.${stack}.yaml`), stringify(files[site]));
    const { stdout } = await run(
      join(repository, "node_modules/.bin/tsx"),
      [join(repository, "commands/render.ts"), "--stack", stack, "--config-dir", folder],
      { cwd: repository, encoding: "utf8", maxBuffer: 64 << 20 },
    );
    return [site, parseAllDocuments(stdout).map((document) => withData(document.toJS() as Manifest))];
  };
  try {
    return Object.fromEntries(await Promise.all(siteNames.map(render))) as RenderedSites;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
