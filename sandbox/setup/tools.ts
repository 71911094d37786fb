import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cacheFolder, repository } from "../paths";
import { markUsed, removeUnused } from "./unused";

/** Binaries built from one pinned Go module (`sandbox/tools/<module>/go.mod` and `go.sum`). */
interface ToolModule {
  readonly module: string;
  /** Binary name to Go package. */
  readonly binaries: Readonly<Record<string, string>>;
  readonly tags?: string;
  /** Linker variables, for versions that a release build would stamp. */
  readonly variables?: Readonly<Record<string, string>>;
}

const k8sVersion = "k8s.io/component-base/version";
const prometheusVersion = "github.com/prometheus/common/version.Version";

type ToolGroups = readonly (readonly ToolModule[])[];

/** What the sandbox runs and the tests use. */
const sandboxTools: ToolGroups = [
  [
    {
      module: "kubernetes",
      binaries: Object.fromEntries(
        [
          "kube-apiserver",
          "kube-controller-manager",
          "kube-scheduler",
          "kubelet",
          "kube-proxy",
          "kubectl",
        ].map((name) => [name, `k8s.io/kubernetes/cmd/${name}`]),
      ),
      variables: {
        [`${k8sVersion}.gitVersion`]: "v1.34.1",
        [`${k8sVersion}.gitMajor`]: "1",
        [`${k8sVersion}.gitMinor`]: "34",
      },
    },
    { module: "etcd", binaries: { etcd: "go.etcd.io/etcd/server/v3" } },
    { module: "coredns", binaries: { coredns: "." } },
    { module: "pause", binaries: { pause: "." } },
    { module: "kube-state-metrics", binaries: { "kube-state-metrics": "k8s.io/kube-state-metrics/v2" } },
    {
      module: "metrics-server",
      binaries: { "metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server" },
    },
  ],
  [
    {
      module: "prometheus",
      binaries: {
        prometheus: "github.com/prometheus/prometheus/cmd/prometheus",
        promtool: "github.com/prometheus/prometheus/cmd/promtool",
      },
      tags: "remove_all_sd,enable_kubernetes_sd",
      variables: { [prometheusVersion]: "3.16.0" },
    },
    {
      module: "alertmanager",
      binaries: {
        alertmanager: "github.com/prometheus/alertmanager/cmd/alertmanager",
        amtool: "github.com/prometheus/alertmanager/cmd/amtool",
      },
    },
    { module: "node-exporter", binaries: { node_exporter: "github.com/prometheus/node_exporter" } },
  ],
  [
    {
      module: "pulumi",
      binaries: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
      variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.220.0" },
    },
  ],
  [
    { module: "minio", binaries: { minio: "github.com/minio/minio" } },
    { module: "mc", binaries: { mc: "github.com/minio/mc" } },
  ],
  [{ module: "k6", binaries: { k6: "go.k6.io/k6" } }],
];

/** What the model-sync worker and the benchmark's driver are compared with. */
const benchTools: ToolGroups = [
  [
    { module: "s5cmd", binaries: { s5cmd: "github.com/peak/s5cmd/v2" } },
    { module: "rclone", binaries: { rclone: "." } },
    { module: "vegeta", binaries: { vegeta: "github.com/tsenart/vegeta/v12" } },
  ],
];

/**
 * Every set of tools, each in groups that share most of their modules: the caches of Go are emptied after each
 * group, so that the disk never holds more than one group's.
 */
const toolSets = { sandbox: sandboxTools, bench: benchTools } satisfies Readonly<Record<string, ToolGroups>>;

export type ToolSet = keyof typeof toolSets;

/** Names of all sets. */
export const toolSetNames = Object.keys(toolSets) as ToolSet[];

const everyTool = (): ToolModule[] => Object.values(toolSets).flat(2);

export interface ToolTiming {
  readonly tool: string;
  readonly seconds: number;
}

/** Identifies a build: the module's files and the flags, so that a changed pin builds anew. */
function fingerprint(tool: ToolModule): string {
  const folder = path.join(repository, "sandbox/tools", tool.module);
  const hash = createHash("sha256").update(JSON.stringify(tool));
  for (const file of fs.readdirSync(folder).sort())
    hash.update(file).update(fs.readFileSync(path.join(folder, file)));
  return hash.digest("hex").slice(0, 12);
}

function builtFolder(tool: ToolModule): string {
  return path.join(cacheFolder, "tools", `${tool.module}-${fingerprint(tool)}`);
}

function build(tool: ToolModule, environment: NodeJS.ProcessEnv): void {
  const folder = builtFolder(tool);
  const unfinished = `${folder}.building-${process.pid}`;
  fs.mkdirSync(unfinished, { recursive: true });
  const flags = Object.entries(tool.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  for (const [binary, goPackage] of Object.entries(tool.binaries)) {
    const run = spawnSync(
      "go",
      [
        "build",
        "-trimpath",
        "-ldflags",
        ["-s -w", ...flags].join(" "),
        ...(tool.tags === undefined ? [] : ["-tags", tool.tags]),
        "-o",
        path.join(unfinished, binary),
        goPackage,
      ],
      {
        cwd: path.join(repository, "sandbox/tools", tool.module),
        env: environment,
        encoding: "utf8",
        stdio: ["ignore", "inherit", "pipe"],
        maxBuffer: 64 << 20,
      },
    );
    if (run.status !== 0) {
      const said = run.stderr
        .split("\n")
        .filter((line) => !line.startsWith("go: downloading"))
        .slice(-30)
        .join("\n");
      throw new Error(`building ${binary} failed (go build of ${goPackage}):\n${said}`);
    }
  }
  fs.rmSync(folder, { recursive: true, force: true });
  fs.renameSync(unfinished, folder);
}

/** Whether every tool of a set is in place at its pin. */
export function toolsInPlace(set: ToolSet): boolean {
  return toolSets[set].flat().every((tool) => fs.existsSync(builtFolder(tool)));
}

/**
 * Builds what is missing of a set and links every tool there is into `bin`; `progress` hears of each build with its
 * time.
 */
export function buildTools(bin: string, set: ToolSet, progress: (line: string) => void): ToolTiming[] {
  const timings: ToolTiming[] = [];
  const goCaches = path.join(cacheFolder, "go");
  for (const group of toolSets[set]) {
    const missing = group.filter((tool) => !fs.existsSync(builtFolder(tool)));
    if (missing.length === 0) continue;
    requireGo();
    const environment: NodeJS.ProcessEnv = {
      ...process.env,
      CGO_ENABLED: "0",
      GOTOOLCHAIN: "local",
      GOFLAGS: "-mod=readonly -modcacherw",
      GOCACHE: path.join(goCaches, "build"),
      GOMODCACHE: path.join(goCaches, "modules"),
    };
    for (const tool of missing) {
      progress(`building ${Object.keys(tool.binaries).join(", ")} ...`);
      const start = performance.now();
      build(tool, environment);
      const seconds = Math.round((performance.now() - start) / 100) / 10;
      timings.push({ tool: tool.module, seconds });
      progress(`  built ${tool.module} in ${seconds} s`);
    }
    fs.rmSync(goCaches, { recursive: true, force: true });
  }
  link(bin);
  removeUnused(path.join(cacheFolder, "tools"));
  return timings;
}

export function requireGo(): void {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
  } catch {
    throw new Error("Go 1.26 or newer is needed to build the sandbox's tools; put `go` on the PATH");
  }
}

function link(bin: string): void {
  fs.rmSync(bin, { recursive: true, force: true });
  fs.mkdirSync(bin, { recursive: true });
  for (const tool of everyTool().filter((one) => fs.existsSync(builtFolder(one)))) {
    markUsed(builtFolder(tool));
    for (const binary of Object.keys(tool.binaries))
      fs.symlinkSync(path.join(builtFolder(tool), binary), path.join(bin, binary));
  }
}
