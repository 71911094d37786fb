import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { rowsOf } from "../../../../bench/sync/cases";
import { comparers, senders, worker } from "../../../../bench/sync/contenders";
import {
  editInPlace,
  makeLarge,
  makeSmall,
  prepareCache,
  safetensorsHead,
} from "../../../../bench/sync/data";
import { countingProxy } from "../../../../bench/sync/store";
import { matcher } from "../../../../workloads/model-sync/files/patterns";
import { headerFault, checkWhole } from "../../../../workloads/model-sync/files/safetensors";
import { scanModel } from "../../../../workloads/model-sync/files/scan";
import { parseSettings } from "../../../../workloads/model-sync/settings";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "bench-sync-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe("the rows of a case", () => {
  const usage = (seconds: number, peakMiB: number) => ({ seconds, cpuSeconds: seconds / 2, peakMiB });

  it("hold times against goals, our largest memory against its limit, and processor times against nothing", () => {
    const usages = {
      "model-sync": [usage(2, 200), usage(4, 300), usage(3, 100)],
      peer: [usage(3, 900), usage(3, 800), usage(3, 700)],
    };
    const rows = rowsOf("upload", usages, { peer: 1 });
    expect(rows).toMatchObject([
      { case: "upload", unit: "s", value: { "model-sync": 3, peer: 3 }, ratio: { peer: 1 }, met: true },
      {
        case: "upload: peak memory",
        unit: "MiB",
        value: { "model-sync": 300, peer: 900, limit: 300 },
        ratio: { limit: 1 },
        met: true,
      },
      { case: "upload: processor time", value: { "model-sync": 1.5, peer: 1.5 }, ratio: {}, met: true },
    ]);
    const over = { ...usages, "model-sync": [usage(2, 100), usage(2, 301)] };
    expect(rowsOf("upload", over, { peer: 1 }).map(({ met }) => met)).toEqual([true, false, true]);
  });
});

describe("the contenders", () => {
  const site = () => ({
    bin: "/bin",
    worker: "/worker.cjs",
    folder,
    endpoint: "http://127.0.0.1:9000",
    credentials: { accessKeyId: "id", secretAccessKey: "a secret" },
  });
  const model = { root: "/m", name: "large", folder: "/m/large", files: 1, bytes: 1 };

  it("have the same names as the goals, and no secret among their arguments", () => {
    const all = { ...senders(site()), ...comparers(site()) };
    expect(Object.keys(senders(site()))).toEqual(["model-sync", "mc mirror", "s5cmd cp", "rclone copy"]);
    expect(Object.keys(comparers(site()))).toEqual([
      "model-sync",
      "mc mirror",
      "s5cmd sync",
      "rclone copy --checksum",
    ]);
    const commands = Object.values(all).map((contender) => contender(model, { bucket: "b", prefix: "p/" }));
    for (const { args, env } of commands) {
      expect(args.join(" ")).not.toContain("a secret");
      expect(Object.keys(env)).not.toContain("AWS_CA_BUNDLE");
    }
    expect(commands.map(({ program, args }) => [path.basename(program), ...args].join(" ")).slice(1)).toEqual(
      [
        "mc --quiet mirror /m/large bench/b/p/",
        "s5cmd --endpoint-url http://127.0.0.1:9000 --log error cp /m/large/ s3://b/p/",
        "rclone copy /m/large bench:b/p/",
        "s5cmd --endpoint-url http://127.0.0.1:9000 --log error sync /m/large/ s3://b/p/",
        "rclone copy --checksum /m/large bench:b/p/",
      ],
    );
  });

  it("include a worker whose settings are valid, and differ from the defaults only where peers do not wait", () => {
    const { args } = worker(site(), model, "bucket", ["run"]);
    expect(args.slice(0, 3)).toEqual(["/worker.cjs", "run", "--config"]);
    const settings = parseSettings(JSON.parse(fs.readFileSync(args[3]!, "utf8")));
    const { member, root, rootGuard, s3 } = settings;
    expect(parseSettings({ member, root, rootGuard, s3 })).toEqual({
      ...settings,
      quiescence: { ...settings.quiescence, settleSeconds: 60 },
      verify: { readBack: { sample: 0.05 } },
    });
    expect(settings).toMatchObject({ quiescence: { settleSeconds: 0 }, verify: { readBack: "none" } });
  });
});

describe("the models", () => {
  it("of shards are whole, and as large as they say", async () => {
    const model = makeLarge(path.join(folder, "models"), 100_000);
    const scan = await scanModel(model.folder, matcher(["**"], []));
    await checkWhole(scan);
    expect([scan.files.length, scan.files.reduce((sum, { size }) => sum + size, 0)]).toEqual([
      model.files,
      model.bytes,
    ]);
    expect(scan.files.every(({ mtimeNs }) => mtimeNs % 1_000_000_000n === 0n)).toBe(true);
    const head = safetensorsHead("w", 100_000);
    expect(headerFault(JSON.parse(head.toString("utf8", 8)), head.length - 8, 100_000)).toBeUndefined();
  });

  it("of small files hold no content twice", () => {
    const model = makeSmall(path.join(folder, "models"), "small", 600, 50);
    const contents = fs
      .readdirSync(model.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name), "hex"));
    expect(new Set(contents).size).toBe(600);
    expect(contents.every((content) => content.length === 100)).toBe(true);
    prepareCache("warm", model);
  });

  it("are edited in place and put back, by every sign that a look sees", () => {
    const file = path.join(folder, "file");
    const model = makeSmall(path.join(folder, "models"), "small", 1, 50);
    fs.copyFileSync(path.join(model.folder, "part-0000", "block-0.bin"), file);
    const undo = editInPlace(file);
    const edited = fs.statSync(file, { bigint: true });
    undo();
    const back = fs.statSync(file, { bigint: true });
    editInPlace(file)();
    const again = fs.statSync(file, { bigint: true });
    expect(edited.size).toBe(back.size);
    expect(edited.mtimeNs).not.toBe(back.mtimeNs);
    expect([again.mtimeNs, again.ino, again.size]).toEqual([back.mtimeNs, back.ino, back.size]);
  });
});

describe("the counting proxy", () => {
  it("passes both ways what it is given, and counts what the client sends", async () => {
    const server = http.createServer((request, answer) => request.pipe(answer));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = await countingProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const body = "x".repeat(1_000_000);
    const answer = await fetch(proxy.url, { method: "POST", body, headers: { Connection: "close" } });
    expect(await answer.text()).toBe(body);
    expect(proxy.sent()).toBeGreaterThanOrEqual(body.length);
    expect(proxy.sent()).toBeLessThan(body.length + 1000);
    await proxy.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
