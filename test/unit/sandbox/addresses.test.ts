import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { BlockList } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import * as yaml from "yaml";
import { repository } from "../../../sandbox/paths";
import { mergeStackFile, stackFile, type StackFile } from "../../../sandbox/project/merge";
import { overlay, stacks, type StackName } from "../../../sandbox/project/overlay";

const digest = `registry.sandbox/image@sha256:${"0".repeat(64)}`;
const images = { prometheus: digest, kubeStateMetrics: digest, nodeExporter: digest };

const allowed = new BlockList();
allowed.addSubnet("127.0.0.0", 8);
allowed.addSubnet("198.18.0.0", 15);

/** Every IPv4 address in a text. */
const addresses = (text: string): string[] => [
  ...new Set(text.match(/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g) ?? []),
];

/** All objects of a stack as the sandbox's project has it, as YAML. */
function rendered(stack: StackName): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "federation-addresses-"));
  const committed = yaml.parse(fs.readFileSync(stackFile(repository, stack), "utf8")) as StackFile;
  const merged = mergeStackFile(committed, overlay(stack, committed.config, images), undefined);
  fs.writeFileSync(stackFile(folder, stack), yaml.stringify(merged));
  try {
    return execFileSync("tsx", ["commands/render.ts", "--stack", stack, "--config-dir", folder], {
      cwd: repository,
      encoding: "utf8",
      maxBuffer: 64 << 20,
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

describe("the sandbox's objects and configuration", () => {
  it.each(stacks)(
    "name no address outside 127.0.0.0/8 and 198.18.0.0/15 in %s",
    (stack) => {
      const text = rendered(stack);
      const found = addresses(text);
      expect(text).toContain("kind: StatefulSet");
      expect(text).toContain("scrape_configs");
      expect(found.length).toBeGreaterThan(2);
      expect(found.filter((address) => !allowed.check(address))).toEqual([]);
    },
    120_000,
  );

  it("would be found out: the site's own stack file names other addresses", () => {
    const site = fs.readFileSync(stackFile(repository, "hpc"), "utf8");
    expect(addresses(site).filter((address) => !allowed.check(address)).length).toBeGreaterThan(3);
  });
});
