import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { cacheFolder } from "../paths";
import { requireGo } from "./tools";
import { markUsed, removeUnused } from "./unused";

/** A Go module that holds definitions of custom resources among its files. */
interface DefinitionModule {
  readonly module: string;
  readonly version: string;
  /** As a go.sum has it. */
  readonly sum: string;
  /** The definitions, by their paths in the module. */
  readonly files: readonly string[];
}

const prometheusOperator = (version: string, sum: string): DefinitionModule => ({
  module: "github.com/prometheus-operator/prometheus-operator",
  version,
  sum,
  files: ["prometheusrules", "scrapeconfigs"].map(
    (plural) => `example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`,
  ),
});

const keda = (version: string, sum: string): DefinitionModule => ({
  module: "github.com/kedacore/keda/v2",
  version,
  sum,
  files: ["config/crd/bases/keda.sh_scaledobjects.yaml"],
});

const kserve = (version: string, sum: string): DefinitionModule => ({
  module: "github.com/kserve/kserve",
  version,
  sum,
  files: ["config/crd/full/serving.kserve.io_inferenceservices.yaml"],
});

/** The operators whose objects the program declares: the oldest release that its objects must fit, and a recent one. */
const releases = {
  oldest: [
    prometheusOperator("v0.82.0", "h1:gqz+z31co8+qaEpsJKGfbrBuaMAPiAo/Z08dBIlSM+E="),
    keda("v2.15.1", "h1:Kb3woYuCeCPICH037vTIcUopXgOYpdP2qa+CmHgV3SE="),
    kserve("v0.15.2", "h1:uph7Umk331fvBMrHHpTJNDt6+lf3IAuyiskaQw8wIAk="),
  ],
  recent: [
    prometheusOperator("v0.90.1", "h1:n/+FkLB6WpftBxJC8IEHrWXSA6uzNTocFmwU/ACkfeg="),
    keda("v2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps="),
    kserve("v0.20.0", "h1:Bs7HxmGV4KFqqptDcWseKv+mwD4YOYHJWcuVgPG2Gug="),
  ],
} as const satisfies Readonly<Record<string, readonly DefinitionModule[]>>;

export type OperatorReleases = keyof typeof releases;

/** `oldest` and `recent`. */
export const operatorReleases = Object.keys(releases) as OperatorReleases[];

const toolsFolder = path.join(cacheFolder, "tools");

/** Where the definitions of these pins lie, in place or not. */
const definitionsFolder = (tools: string): string => {
  const hash = createHash("sha256").update(fs.readFileSync(__filename)).digest("hex");
  return path.join(tools, `crds-${hash.slice(0, 12)}`);
};

/** Operators and versions, in one line. */
export const releasesText = (release: OperatorReleases): string =>
  releases[release].map(({ module, version }) => `${module} ${version}`).join(", ");

/** A CustomResourceDefinition. */
export interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly group: string; readonly versions: readonly { readonly name: string }[] };
}

/** The definitions of all operators; {@link setUpDefinitions} loads them. */
export function definitionsOf(release: OperatorReleases): readonly Definition[] {
  const folder = path.join(definitionsFolder(toolsFolder), release);
  return fs
    .readdirSync(folder)
    .map((file) => JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as Definition);
}

/** Loads a module into `cache` and answers its folder, if it is the module that was pinned. */
function load({ module, version, sum }: DefinitionModule, cache: string): string {
  const run = spawnSync("go", ["mod", "download", "-json", `${module}@${version}`], {
    // no module of its own: the version is all that is asked for, and nothing that it requires
    cwd: cache,
    env: { ...process.env, GOTOOLCHAIN: "local", GOWORK: "off", GOFLAGS: "-modcacherw", GOMODCACHE: cache },
    encoding: "utf8",
  });
  if (run.error) throw run.error;
  const said = run.stdout.startsWith("{")
    ? (JSON.parse(run.stdout) as { readonly Dir?: string; readonly Sum?: string; readonly Error?: string })
    : {};
  if (run.status !== 0 || said.Dir === undefined)
    throw new Error(`${module} ${version} can not be loaded: ${said.Error ?? run.stderr.slice(-1000)}`);
  if (said.Sum !== sum)
    throw new Error(
      `${module} ${version} is not what was pinned: ${said.Sum ?? "no sum"} in place of ${sum}`,
    );
  return said.Dir;
}

/** Fills a folder with the definitions of every release, by way of a cache of modules that goes again. */
function fill(folder: string, modules: string): void {
  for (const release of operatorReleases) {
    fs.mkdirSync(path.join(folder, release));
    for (const one of releases[release]) {
      const loaded = load(one, modules);
      for (const file of one.files) {
        const definition: unknown = parse(fs.readFileSync(path.join(loaded, file), "utf8"));
        // as JSON: the largest take seconds to parse as YAML
        const name = `${path.basename(file, ".yaml")}.json`;
        fs.writeFileSync(path.join(folder, release, name), JSON.stringify(definition));
      }
      // one at a time: unpacked, the largest is half a gigabyte
      fs.rmSync(loaded, { recursive: true });
    }
  }
  fs.rmSync(modules, { recursive: true });
}

/** Loads the definitions that are missing: some 105 MB, of which 2 MB stay. */
export function setUpDefinitions(progress: (line: string) => void, tools = toolsFolder): void {
  const folder = definitionsFolder(tools);
  if (fs.existsSync(folder)) {
    markUsed(folder);
    return;
  }
  requireGo();
  progress("loading the operators' definitions of custom resources ...");
  const start = performance.now();
  const unfinished = `${folder}.loading-${process.pid}`;
  const modules = path.join(unfinished, "modules");
  fs.mkdirSync(modules, { recursive: true });
  try {
    fill(unfinished, modules);
    fs.renameSync(unfinished, folder);
  } finally {
    fs.rmSync(unfinished, { recursive: true, force: true });
  }
  removeUnused(tools);
  progress(`  loaded in ${Math.round((performance.now() - start) / 1000)} s`);
}
