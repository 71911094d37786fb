import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  choosePlugins,
  providerVersions,
  type PluginChoice,
  type ProviderName,
} from "../../../sandbox/offline/plugins";
import { configForRunner, runtimeOptions, splitArguments } from "../../../sandbox/offline/runtime-options";

const providers = Object.keys(providerVersions) as ProviderName[];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plugins-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const executable = (path: string, script = ""): string => {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, `#!/bin/sh\n${script}\n`);
  chmodSync(whole, 0o755);
  return whole;
};
/** A CLI that notes each call and refuses, or accepts, to download. */
const cli = (exit: number): string => executable("cli/pulumi", `echo "$@" >> ${folder}/calls; exit ${exit}`);
const choose = (pulumi: string): Promise<PluginChoice> =>
  choosePlugins({
    standIns: join(folder, "ours"),
    pulumi,
    environment: { PATH: `${folder}/ours:${folder}/path:/usr/bin:/bin`, PULUMI_HOME: join(folder, "home") },
    memory: join(folder, "memory/refused.json"),
  });
const calls = (): string[] =>
  existsSync(join(folder, "calls")) ? readFileSync(join(folder, "calls"), "utf8").trim().split("\n") : [];

describe("the choice of plugins", () => {
  it("falls to the stand-ins when nothing is there, and tries the download once", async () => {
    const pulumi = cli(1);
    executable("ours/pulumi-language-nodejs");
    executable("ours/pulumi-resource-kubernetes");
    executable("ours/pulumi-resource-minio");
    executable("ours/pulumi-resource-command");
    const expected = {
      nodejs: "stand-in",
      policy: "stand-in",
      kubernetes: "stand-in",
      minio: "stand-in",
      command: "stand-in",
    };
    expect(await choose(pulumi)).toEqual(expected);
    expect(await choose(pulumi)).toEqual(expected);
    expect(calls().sort()).toEqual(
      providers.map((name) => `plugin install resource ${name} ${providerVersions[name]}`).sort(),
    );
  });

  it("uses what is on PATH, beside the CLI or in the plugin cache", async () => {
    const pulumi = cli(1);
    executable("path/pulumi-analyzer-policy");
    executable("cli/pulumi-language-nodejs");
    for (const name of providers)
      executable(`home/plugins/resource-${name}-v${providerVersions[name]}/pulumi-resource-${name}`);
    expect(await choose(pulumi)).toEqual({
      nodejs: "installed",
      policy: "installed",
      kubernetes: "installed",
      minio: "installed",
      command: "installed",
    });
    expect(calls()).toEqual([]);
  });

  it("uses a provider that can be downloaded", async () => {
    expect(await choose(cli(0))).toMatchObject({
      kubernetes: "installed",
      minio: "installed",
      command: "installed",
    });
  });

  it("remembers a refusal of one provider without giving up another", async () => {
    const pulumi = executable("cli/pulumi", `echo "$@" >> ${folder}/calls; test "$4" = kubernetes`);
    const expected = { kubernetes: "installed", minio: "stand-in", command: "stand-in" };
    expect(await choose(pulumi)).toMatchObject(expected);
    expect(await choose(pulumi)).toMatchObject(expected);
    expect(
      calls()
        .sort()
        .map((call) => call.split(" ")[3]),
    ).toEqual(["command", "kubernetes", "kubernetes", "minio"]);
  });

  it.each(providers)("asks for the version of the npm package @pulumi/%s", (name) => {
    const path = require.resolve(`@pulumi/${name}/package.json`);
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
    expect(providerVersions[name]).toBe(version.replace(/^v/, ""));
  });
});

describe("runtime options", () => {
  it("compile TypeScript unless told not to, and refuse wrong types by name", () => {
    expect(runtimeOptions({})).toEqual({ typescript: true, nodeArgs: [], tsconfig: undefined });
    expect(runtimeOptions({ typescript: false, nodeargs: "--import tsx", other: 1 })).toEqual({
      typescript: false,
      nodeArgs: ["--import", "tsx"],
      tsconfig: undefined,
    });
    expect(() => runtimeOptions({ typescript: "no" })).toThrow("typescript option must be a boolean");
    expect(() => runtimeOptions({ nodeargs: [] })).toThrow("nodeargs option must be a string");
  });

  it("split node's arguments as a shell does", () => {
    expect(splitArguments(`  --a  'b c' --d="e \\"f\\"" g\\ h `)).toEqual(["--a", "b c", '--d=e "f"', "g h"]);
  });

  it("give the runner its keys in the form it reads", () => {
    expect(
      configForRunner([
        ["federation:role", "hub"],
        ["a:config:b", "c"],
      ]),
    ).toEqual({
      "federation:config:role": "hub",
      "a:config:b": "c",
    });
  });
});
