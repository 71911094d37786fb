import * as os from "node:os";
import * as path from "node:path";

/** The repository's root. */
export const repository = path.resolve(__dirname, "..");

/** What a run leaves in the work tree, ignored by git: summary, environment, kubeconfigs, logs, the generated project. */
export const sandboxFolder = path.join(repository, ".sandbox");

/** Tools are built here once, outside the work tree. `FEDERATION_CACHE` moves it. */
export const cacheFolder =
  process.env.FEDERATION_CACHE ??
  path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "federation-sandbox");

export const paths = {
  summary: path.join(sandboxFolder, "summary.json"),
  env: path.join(sandboxFolder, "env"),
  bin: path.join(sandboxFolder, "bin"),
  standIns: path.join(sandboxFolder, "stand-ins"),
  images: path.join(sandboxFolder, "images"),
  logs: path.join(sandboxFolder, "logs"),
  kubeconfigs: path.join(sandboxFolder, "kubeconfigs"),
  /** Which clusters the stacks' state is of. */
  stateOf: path.join(sandboxFolder, "state-of.json"),
  project: path.join(sandboxFolder, "project"),
  backend: path.join(sandboxFolder, "backend"),
  passphrase: path.join(sandboxFolder, "passphrase"),
  http: path.join(sandboxFolder, "http"),
  /** Environment for `mc` and `mlflow` with MinIO's root credentials, readable by its owner only. */
  servicesEnv: path.join(sandboxFolder, "services.env"),
  /** Configuration of `mc`. */
  mc: path.join(sandboxFolder, "mc"),
} as const;
