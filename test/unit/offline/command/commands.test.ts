import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Commands } from "../../../../sandbox/offline/command/commands";
import { secret, unknownString, type Tree } from "../../../../sandbox/offline/properties";

let folder: string;
let path: string | undefined;
let told: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "command-"));
  path = process.env.PATH;
  process.env.PATH = `${folder}:/usr/bin:/bin`;
  told = [];
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true, force: true });
});

const subject = { urn: "urn:pulumi:s::p::command:remote:Command::one", id: "one12345678", timeout: 0 };
const commands = (signal = new AbortController().signal): Commands =>
  new Commands(
    { log: () => undefined, status: (urn, message) => void told.push(`${urn.slice(-3)} ${message}`) },
    signal,
  );
const inputs = (more: Tree = {}): Tree => ({
  connection: secret({
    host: "192.168.100.11",
    port: 2222,
    user: "admin",
    privateKey: "key",
    hostKey: "ssh-ed25519 AAAA",
    dialErrorLimit: 2,
    perDialTimeout: 15,
  }),
  create: "echo created; echo noted >&2",
  addPreviousOutputInEnv: false,
  ...more,
});

/**
 * Puts a shell script in the place of ssh. With -M it is the connection that others use; it makes the control socket
 * when `dial` lets it. Else it runs the command, its last word, here.
 */
const ssh = (dial = "true"): void => {
  writeFileSync(
    join(folder, "ssh"),
    `#!/bin/bash
for word in "$@"; do
  case $word in ControlPath=*) socket=\${word#*=} ;; IdentityFile=*) key=\${word#*=} ;; UserKnownHostsFile=*) known=\${word#*=} ;; esac
  [ "$before" = -E ] && log=$word
  [ "$word" = -M ] && master=1
  before=$word
done
printf '%s\\n' "$@" >>${folder}/words; dirname "$known" >${folder}/where; cp "$known" ${folder}/known; cp "$key" ${folder}/key
if [ "$master" = 1 ]; then
  { ${dial}; } || { echo "Connection refused" >"$log"; exit 255; }
  touch "$socket"
  exec sleep 1000
fi
exec sh -c "\${@: -1}"
`,
  );
  chmodSync(join(folder, "ssh"), 0o755);
};
const kept = (name: string): string => readFileSync(join(folder, name), "utf8");
/** Whether the folder that a session had is still there. */
const left = (): boolean => existsSync(kept("where").trim());

describe("a preview", () => {
  it("runs nothing; what will be printed is unknown", async () => {
    const state = { ...inputs(), stdout: unknownString, stderr: unknownString };
    expect(await commands().create(subject, inputs(), true)).toEqual({ id: "", state });
    expect(
      await commands().update(subject, { ...inputs(), stdout: "a", stderr: "" }, inputs(), true, []),
    ).toEqual(state);
  });
});

describe("a command on a host", () => {
  it("is created by the pinned key, with its input, and its output recorded and told", async () => {
    ssh();
    const news = inputs({ create: "cat; echo noted >&2", stdin: "words\n\n" });
    const { id, state } = await commands().create(subject, news, false);
    expect(id).toMatch(/^one[0-9a-f]{8}$/);
    expect(state).toEqual({ ...news, stdout: "words\n", stderr: "noted" });
    expect([...told].sort()).toEqual(["one ", "one noted", "one words"]);
    expect(kept("known")).toBe("host ssh-ed25519 AAAA\n");
    expect(kept("key")).toBe("key\n");
    const words = kept("words").split("\n");
    for (const word of [
      "StrictHostKeyChecking=yes",
      "HostKeyAlgorithms=ssh-ed25519",
      "BatchMode=yes",
      "2222",
      "admin",
    ])
      expect(words).toContain(word);
    expect(left()).toBe(false);
  });

  it("tells what it is to, and records all", async () => {
    ssh();
    const { state } = await commands().create(subject, inputs({ logging: "stderr" }), false);
    expect(told).toEqual(["one noted"]);
    expect(state).toMatchObject({ stdout: "created", stderr: "noted" });
    told = [];
    await commands().create(subject, inputs({ logging: "none" }), false);
    expect(told).toEqual([]);
  });

  it("is updated by update, else by create, and keeps its output where it has neither", async () => {
    ssh();
    const old = { ...inputs(), stdout: "old", stderr: "older" };
    const update = async (more: Tree): Promise<unknown> =>
      (await commands().update(subject, old, inputs(more), false, [])).stdout;
    expect(await update({ update: "echo updated" })).toBe("updated");
    expect(await update({})).toBe("created");
    expect(await update({ create: undefined })).toBe("old");
  });

  it("is updated with the recorded input where the program ignores changes of it", async () => {
    ssh();
    const old = { ...inputs(), stdout: "old", stderr: "" };
    const now = await commands().update(subject, old, inputs({ create: "echo new" }), false, ["create"]);
    expect(now).toMatchObject({ create: inputs().create, stdout: "created" });
  });

  it("is deleted by its delete, and by nothing where it has none", async () => {
    await commands().delete(subject, { ...inputs(), stdout: "", stderr: "" });
    ssh();
    await commands().delete(subject, {
      ...inputs({ delete: `touch ${folder}/gone` }),
      stdout: "",
      stderr: "",
    });
    expect(readdirSync(folder)).toContain("gone");
  });

  it("fails with its exit code, its command and all that it printed", async () => {
    ssh();
    await expect(
      commands().create(subject, inputs({ create: "echo why >&2; exit 3" }), false),
    ).rejects.toThrow('Process exited with status 3: running "echo why >&2; exit 3":\nwhy\n');
    expect(left()).toBe(false);
  });

  it("tries to connect as often as it may", async () => {
    ssh("false");
    await expect(commands().create(subject, inputs(), false)).rejects.toThrow(
      "after 2 failed attempts: Connection refused",
    );
    expect(told).toEqual(["one Dial 1/2 failed: retrying", "one Dial 2/2 failed: retrying"]);
    expect(left()).toBe(false);
  });

  it("runs once a connection comes about", async () => {
    ssh(`echo x >>${folder}/tries; [ "$(wc -l <${folder}/tries)" = 2 ]`);
    expect((await commands().create(subject, inputs(), false)).state).toMatchObject({ stdout: "created" });
    expect(told).toContain("one Dial 1/2 failed: retrying");
  });

  it("ends when the engine does", async () => {
    ssh();
    const engine = new AbortController();
    const running = commands(engine.signal).create(
      subject,
      inputs({ create: `touch ${folder}/runs; exec sleep 1000` }),
      false,
    );
    const watch = setInterval(() => {
      if (readdirSync(folder).includes("runs")) engine.abort();
    }, 20);
    await expect(running).rejects.toThrow("cancelled");
    clearInterval(watch);
    expect(left()).toBe(false);
  });

  it("is read as it is recorded, and can not be imported", async () => {
    const state = { ...inputs(), stdout: "a", stderr: "" };
    expect(await commands().read(subject, state, inputs())).toEqual({
      id: subject.id,
      state,
      inputs: inputs(),
    });
    await expect(commands().read(subject, {}, {})).rejects.toThrow("one: a command can not be imported");
  });

  it("is the only resource that is served", async () => {
    const urn = "urn:pulumi:s::p::command:remote:CopyToRemote::one";
    await expect(commands().check(urn, {}, {})).rejects.toThrow(
      "command:remote:CopyToRemote is not served by the offline stand-in of the command provider, which knows " +
        "command:remote:Command and command:local:run; install the official provider to use it",
    );
  });
});

describe("the function local.run", () => {
  const run = (args: Tree): Promise<Tree> => commands().invoke("command:local:run", args);

  it("runs a command here with its input and environment, and returns what it printed", async () => {
    const args = {
      command: 'cat; echo "$A"; echo noted >&2',
      stdin: "in\n",
      environment: { A: "b" },
      dir: "/",
    };
    expect(await run(args)).toEqual({ ...args, stdout: "in\nb", stderr: "noted" });
    expect([...told].sort()).toEqual([" b", " in", " noted"]);
  });

  it("tells nothing where it is told so, and takes another interpreter", async () => {
    const args = {
      command: "echo $0",
      interpreter: ["/bin/bash", "-c"],
      logging: "none",
      addPreviousOutputInEnv: false,
    };
    expect(await run(args)).toEqual({ ...args, stdout: "/bin/bash", stderr: "" });
    expect(told).toEqual([]);
  });

  it("fails as its command does", async () => {
    await expect(run({ command: "echo why; exit 4" })).rejects.toThrow(
      'exit status 4: running "echo why; exit 4":\nwhy\n',
    );
  });

  it("refuses what it does not serve", async () => {
    await expect(run({ command: "true", assetPaths: ["*"] })).rejects.toThrow(
      "assetPaths is not served by the offline stand-in, which knows command, stdin",
    );
    await expect(commands().invoke("command:local:other", {})).rejects.toThrow(
      "command:local:other is not served",
    );
  });
});
