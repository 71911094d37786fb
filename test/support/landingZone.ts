import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { registryAt } from "../../commands/validate/stores";
import { paths } from "../../sandbox/paths";
import { get } from "../../sandbox/prometheus";
import { stackOutputs } from "../../sandbox/pulumi";
import { serviceEnvironment } from "../../sandbox/services/environment";
import { serviceCaFile, services } from "../../sandbox/services/topology";
import type { AccessKey, TransferGrant } from "../../settings";

export interface McOptions {
  /** The user of the alias `member`; the alias `sandbox` is MinIO's root. */
  readonly as?: AccessKey;
  readonly input?: string;
  /** The command is expected to be refused: its complaint is returned. */
  readonly fails?: boolean;
}

const host = ({ accessKey, secretKey }: AccessKey): string =>
  services.minio.url.replace(
    "https://",
    `https://${encodeURIComponent(accessKey)}:${encodeURIComponent(secretKey)}@`,
  );

/** Runs mc against the sandbox's MinIO and returns what it printed. */
export function mc(...words: readonly (string | McOptions)[]): string {
  const args = words.filter((word) => typeof word === "string");
  const { as, input, fails = false } = words.find((word) => typeof word === "object") ?? {};
  const run = spawnSync(path.join(paths.bin, "mc"), args, {
    encoding: "utf8",
    maxBuffer: 64 << 20,
    input: input ?? "",
    env: {
      ...process.env,
      ...serviceEnvironment(),
      ...(as === undefined ? {} : { MC_HOST_member: host(as) }),
    },
  });
  const output = `${run.stdout}${run.stderr}`;
  if ((run.status !== 0) !== fails)
    throw new Error(`mc ${args.join(" ")} ended with ${run.status ?? run.signal ?? "nothing"}: ${output}`);
  return fails ? output : run.stdout;
}

/** What the hub's stack publishes to the member. */
export function memberGrant(): TransferGrant {
  const { memberCredentials } = stackOutputs("cloud", { showSecrets: true }) as {
    memberCredentials: Record<string, { transfer?: TransferGrant }>;
  };
  const grant = memberCredentials.hpc?.transfer;
  if (grant === undefined) throw new Error("the hub's stack grants the member hpc no transfer");
  return grant;
}

const jsonLines = (output: string): readonly Readonly<Record<string, unknown>>[] =>
  output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

/** Names of the S3 users that MinIO knows beside its root. */
export function minioUsers(): readonly string[] {
  return jsonLines(mc("admin", "user", "list", "sandbox", "--json")).map(({ accessKey }) =>
    String(accessKey),
  );
}

/** Buckets, users and policies that the stack made, each by a word and its name. */
export function landingZoneLeftovers(): readonly string[] {
  const policies = jsonLines(mc("admin", "policy", "list", "sandbox", "--json")).map(({ policy }) =>
    String(policy),
  );
  return [
    ...jsonLines(mc("ls", "sandbox", "--json")).map(({ key }) => `bucket ${String(key)}`),
    ...minioUsers().map((name) => `user ${name}`),
    ...policies.filter((name) => /^(models|benchmarks)-/.test(name)).map((name) => `policy ${name}`),
  ];
}

/** A version as MLflow tells it. */
export interface RegisteredVersion {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
}

/** A registered version by alias or number; undefined where there is none. */
export async function registered(
  name: string,
  which: string | number,
): Promise<RegisteredVersion | undefined> {
  const query = new URLSearchParams({ name, [typeof which === "number" ? "version" : "alias"]: `${which}` });
  const call = typeof which === "number" ? "model-versions/get" : "registered-models/alias";
  const { status, body } = await mlflow(`${call}?${query.toString()}`);
  if (status === 404 || status === 400) return undefined;
  if (status !== 200) throw new Error(`MLflow answered ${status} to ${call}: ${body}`);
  return (JSON.parse(body) as { model_version: RegisteredVersion }).model_version;
}

/** Removes a registered model with all its versions. */
export async function unregister(name: string): Promise<void> {
  const { exchange } = registryAt(services.mlflow.url, fs.readFileSync(serviceCaFile, "utf8"), undefined);
  const { status, text } = await exchange("DELETE", "/api/2.0/mlflow/registered-models/delete", { name });
  if (status !== 200) throw new Error(`MLflow answered ${status} to the deletion of ${name}: ${text}`);
}

function mlflow(call: string): Promise<{ readonly status: number; readonly body: string }> {
  const ca = fs.readFileSync(serviceCaFile, "utf8");
  return get({ url: services.mlflow.url, ca, username: "", password: "" }, `/api/2.0/mlflow/${call}`);
}
