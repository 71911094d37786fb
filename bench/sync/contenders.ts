import * as fs from "node:fs";
import * as path from "node:path";
import type { SettingsInput } from "../../workloads/model-sync/settings";
import type { Model } from "./data";
import { sentinel } from "./data";
import type { Command } from "./process";

export const ours = "model-sync";
export const member = "hpc";

/** Where the contenders' programs and files are. */
export interface Site {
  /** Folder of the tools. */
  readonly bin: string;
  /** The worker's bundle. */
  readonly worker: string;
  /** Folder for settings and logs. */
  readonly folder: string;
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Where a model goes to: `bucket/prefix`, with a slash at the end. The worker finds its own prefix. */
export interface Target {
  readonly bucket: string;
  readonly prefix: string;
}

export type Contender = (model: Model, target: Target) => Command;

/** What a pod has, and nothing of the caller: an `AWS_CA_BUNDLE` alone would fail rclone on plain HTTP. */
const environment = (site: Site): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  HOME: site.folder,
});

/** Runs one of the worker's commands on a model; `settings` go over those of the comparison. */
export function worker(
  site: Site,
  model: Model,
  bucket: string,
  args: readonly string[] = ["run"],
  settings: Partial<SettingsInput> = {},
  endpoint = site.endpoint,
): Command {
  const secret = (name: string, text: string): string => {
    const file = path.join(site.folder, name);
    fs.writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const input: SettingsInput = {
    member,
    root: model.root,
    rootGuard: { kind: "sentinel", file: sentinel },
    // the peers do not wait either, and do not read back what they sent
    quiescence: { settleSeconds: 0 },
    verify: { readBack: "none" },
    ...settings,
    s3: {
      endpoint,
      bucket,
      accessKeyIdFile: secret("access-key-id", site.credentials.accessKeyId),
      secretAccessKeyFile: secret("secret-access-key", site.credentials.secretAccessKey),
    },
  };
  const config = path.join(site.folder, `${model.name}-${bucket}.json`);
  fs.writeFileSync(config, JSON.stringify(input));
  return {
    program: process.execPath,
    args: [site.worker, ...args, "--config", config, "--json"],
    env: environment(site),
  };
}

function mc(site: Site): Contender {
  const { host } = new URL(site.endpoint);
  const { accessKeyId, secretAccessKey } = site.credentials;
  return ({ folder }, { bucket, prefix }) => ({
    program: path.join(site.bin, "mc"),
    args: ["--quiet", "mirror", folder, `bench/${bucket}/${prefix}`],
    env: {
      ...environment(site),
      MC_CONFIG_DIR: path.join(site.folder, "mc"),
      MC_HOST_bench: `http://${accessKeyId}:${secretAccessKey}@${host}`,
    },
  });
}

function s5cmd(site: Site, verb: "cp" | "sync"): Contender {
  return ({ folder }, { bucket, prefix }) => ({
    program: path.join(site.bin, "s5cmd"),
    args: [
      ...["--endpoint-url", site.endpoint, "--log", "error"],
      ...[verb, `${folder}/`, `s3://${bucket}/${prefix}`],
    ],
    env: {
      ...environment(site),
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: site.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: site.credentials.secretAccessKey,
    },
  });
}

function rclone(site: Site, ...flags: readonly string[]): Contender {
  return ({ folder }, { bucket, prefix }) => ({
    program: path.join(site.bin, "rclone"),
    args: ["copy", ...flags, folder, `bench:${bucket}/${prefix}`],
    env: {
      ...environment(site),
      RCLONE_CONFIG: "/dev/null",
      RCLONE_CONFIG_BENCH_TYPE: "s3",
      RCLONE_CONFIG_BENCH_PROVIDER: "Minio",
      RCLONE_CONFIG_BENCH_ENDPOINT: site.endpoint,
      RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: site.credentials.accessKeyId,
      RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: site.credentials.secretAccessKey,
    },
  });
}

const own =
  (site: Site): Contender =>
  (model, { bucket }) =>
    worker(site, model, bucket);

/** Who brings a model to an empty bucket; every peer with its defaults, as its users run it. */
export function senders(site: Site): Readonly<Record<string, Contender>> {
  return {
    [ours]: own(site),
    "mc mirror": mc(site),
    "s5cmd cp": s5cmd(site, "cp"),
    "rclone copy": rclone(site),
  };
}

/** Who finds out that nothing changed. */
export function comparers(site: Site): Readonly<Record<string, Contender>> {
  return {
    [ours]: own(site),
    "mc mirror": mc(site),
    "s5cmd sync": s5cmd(site, "sync"),
    "rclone copy --checksum": rclone(site, "--checksum"),
  };
}
