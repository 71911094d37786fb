import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Mc, McError, parseAnswers } from "../../../../sandbox/offline/minio/mc";
import type { ProviderSettings } from "../../../../sandbox/offline/minio/settings";

let folder: string;
let path: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mc-"));
  path = process.env.PATH;
  process.env.PATH = `${folder}:/usr/bin:/bin`;
});
afterEach(() => {
  process.env.PATH = path;
  delete process.env.MC_DEBUG;
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a shell script in the place of mc. */
const standIn = (script: string): void => {
  writeFileSync(join(folder, "mc"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "mc"), 0o755);
};
const settings = (more: Partial<ProviderSettings> = {}): ProviderSettings => ({
  url: "https://minio.test:9000",
  user: "root",
  password: "p@ss/word",
  sessionToken: undefined,
  region: "us-east-1",
  caFile: undefined,
  insecure: false,
  ...more,
});
const mc = (more: Partial<ProviderSettings> = {}, signal = new AbortController().signal): Mc =>
  new Mc(settings(more), signal);
const said = (file: string): string => readFileSync(join(folder, file), "utf8").trim();

describe("a call of mc", () => {
  it("has credentials in the environment, secrets on the input, and a folder of its own that goes with it", async () => {
    process.env.MC_DEBUG = "true";
    writeFileSync(join(folder, "ca.pem"), "authority");
    standIn(`echo "$@" > ${folder}/args; cat > ${folder}/input; echo "$MC_HOST_server" > ${folder}/host
      echo "$MC_DEBUG" > ${folder}/debug; echo "$MC_CONFIG_DIR" > ${folder}/config
      cp "$MC_CONFIG_DIR/certs/CAs/ca.crt" document.json ${folder}
      echo '{"status":"success","userStatus":"enabled"}'`);
    const handed = { input: "battery staple\n", document: "{}" };
    const answer = await mc({ caFile: join(folder, "ca.pem") }).run(
      ["admin", "user", "add", "server", "hpc"],
      handed,
    );
    expect(answer).toEqual({ status: "success", userStatus: "enabled" });
    expect(said("args")).toBe("--json admin user add server hpc");
    expect(said("input")).toBe("battery staple");
    expect(said("host")).toBe("https://root:p@ss/word@minio.test:9000");
    expect(said("debug")).toBe("");
    expect([said("ca.crt"), said("document.json")]).toEqual(["authority", "{}"]);
    expect(existsSync(said("config"))).toBe(false);
  });

  it("skips the verification of the server only when told so", async () => {
    standIn(`echo "$@" > ${folder}/args; echo '{}'`);
    await mc({ insecure: true, sessionToken: "t" }).run(["mb", "server/a"]);
    expect(said("args")).toBe("--json --insecure mb server/a");
  });

  it("fails with the command, what mc said and the server's code", async () => {
    const answer = {
      status: "error",
      error: {
        message: "Unable to remove %s",
        cause: { message: "The specified user does not exist.", error: { Code: "XMinioAdminNoSuchUser" } },
        type: "fatal",
      },
    };
    standIn(`echo '${JSON.stringify(answer, null, 1)}'; exit 1`);
    const failed = await mc()
      .run(["admin", "user", "remove", "server", "hpc"])
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(McError);
    expect(failed).toMatchObject({
      message: "mc admin user remove server hpc: Unable to remove hpc: The specified user does not exist",
      code: "XMinioAdminNoSuchUser",
    });
  });

  it("fails with what mc printed when that is no JSON", async () => {
    standIn("echo 'flag provided but not defined' >&2; exit 2");
    await expect(mc().run(["mb", "server/a"])).rejects.toThrow(
      "mc mb server/a: flag provided but not defined",
    );
  });

  it("says so when there is no mc, no certificate file, no answer in time, or no wish to go on", async () => {
    process.env.PATH = folder;
    await expect(mc().run(["mb", "server/a"])).rejects.toThrow("mc mb server/a: not found on the PATH");
    await expect(mc({ caFile: "/no/such" }).run(["mb", "server/a"])).rejects.toThrow(
      'minio: minioCacertFile "/no/such" can not be read',
    );
    process.env.PATH = `${folder}:/usr/bin:/bin`;
    standIn("exec sleep 60");
    await expect(mc().run(["mb", "server/a"], { seconds: 0.2 })).rejects.toThrow(
      "mc mb server/a: no answer from https://minio.test:9000 within 0.2 s",
    );
    const cancelled = new AbortController();
    const running = mc({}, cancelled.signal).run(["mb", "server/a"]);
    cancelled.abort();
    await expect(running).rejects.toThrow("mc mb server/a: cancelled");
  });
});

describe("mc's answers", () => {
  it("are read on one line and on several, among other text", () => {
    expect(parseAnswers('warning\n{"a":1}\n{\n "b": {\n  "c": 2\n }\n}\n\n')).toEqual([
      { a: 1 },
      { b: { c: 2 } },
    ]);
  });
});
