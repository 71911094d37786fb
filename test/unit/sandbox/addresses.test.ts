import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { BlockList } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import * as yaml from "yaml";
import { writeSigned } from "../../../sandbox/clusters/certificates";
import { repository } from "../../../sandbox/paths";
import { mergeStackFile, stackFile, type StackFile } from "../../../sandbox/project/merge";
import { overlay, stacks, type StackName } from "../../../sandbox/project/overlay";
import { serviceCaFile } from "../../../sandbox/services/topology";
import { images } from "./samples";

const software = {
  hostKey: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(42)}`,
  version: "1.0.0",
  url: "file:///mnt/beegfs/software/node_exporter",
  sha256: "0".repeat(64),
};

const allowed = new BlockList();
allowed.addSubnet("127.0.0.0", 8);
allowed.addSubnet("198.18.0.0", 15);

/** Every IPv4 address in a text. 0.0.0.0 without a mask is none: a server listens so on all of its own. */
const addresses = (text: string): string[] => [
  ...new Set(
    text
      .replaceAll(/(?<![\d.])0\.0\.0\.0(?![\d./])/g, "")
      .match(/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g) ?? [],
  ),
];

/** All objects of a stack as the sandbox's project has it, as YAML; with a CA of its own, for no service runs. */
async function rendered(stack: StackName): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "federation-addresses-"));
  const committed = yaml.parse(fs.readFileSync(stackFile(repository, stack), "utf8")) as StackFile;
  const merged = mergeStackFile(committed, overlay(stack, committed.config, images, software), undefined);
  await writeSigned(folder, "ca", []);
  const text = yaml.stringify(merged).replaceAll(serviceCaFile, path.join(folder, "ca.crt"));
  fs.writeFileSync(stackFile(folder, stack), text);
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
    async (stack) => {
      const text = await rendered(stack);
      const found = addresses(text);
      expect(text).toContain("kind: StatefulSet");
      expect(text).toContain("scrape_configs");
      expect(found.length).toBeGreaterThan(2);
      expect(found.filter((address) => !allowed.check(address))).toEqual([]);
    },
    120_000,
  );

  it("would be found out: anywhere is an address, the wildcard of a server that listens is none", () => {
    expect(addresses("cidr: 0.0.0.0/0, listen: 0.0.0.0:9108, 10.0.0.0/8")).toEqual(["0.0.0.0", "10.0.0.0"]);
  });

  it("would be found out: the site's own stack file names other addresses", () => {
    const site = fs.readFileSync(stackFile(repository, "hpc"), "utf8");
    expect(addresses(site).filter((address) => !allowed.check(address)).length).toBeGreaterThan(3);
  });
});
