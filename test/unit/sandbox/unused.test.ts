import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { markUsed, removeUnused } from "../../../sandbox/setup/unused";

const DAY = 86_400_000;

describe("a cache that several checkouts share", () => {
  let cache: string;
  beforeEach(() => {
    cache = fs.mkdtempSync(path.join(os.tmpdir(), "cache-"));
  });
  afterEach(() => fs.rmSync(cache, { recursive: true }));

  /** Something in the cache that was last used so many days ago. */
  function lies(name: string, days: number): string {
    const folder = path.join(cache, name);
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, "program"), "");
    const used = new Date(Date.now() - days * DAY);
    fs.utimesSync(folder, used, used);
    return folder;
  }
  const names = (): string[] => fs.readdirSync(cache).sort();

  it("keeps what another one pins and used in the last 30 days, and loses what nobody did", () => {
    lies("etcd-of-another-checkout", 29);
    lies("etcd-of-nobody", 31);
    lies("etcd-of-nobody.building-1", 400);
    expect(removeUnused(cache)).toEqual(["etcd-of-nobody", "etcd-of-nobody.building-1"]);
    expect(names()).toEqual(["etcd-of-another-checkout"]);
    expect(removeUnused(cache)).toEqual([]);
  });

  it("keeps what is used again, however old", () => {
    markUsed(lies("prometheus", 400));
    expect(removeUnused(cache)).toEqual([]);
    expect(removeUnused(cache, () => true, Date.now() + 31 * DAY)).toEqual(["prometheus"]);
  });

  it("loses only what has the names that are asked for", () => {
    lies("mlflow-1", 40);
    lies("node-1", 40);
    expect(removeUnused(cache, (name) => name.startsWith("mlflow-"))).toEqual(["mlflow-1"]);
    expect(names()).toEqual(["node-1"]);
  });
});
