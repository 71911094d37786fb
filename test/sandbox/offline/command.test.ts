import { BareHost } from "../../support/bareHost";
import { SystemdHost } from "../../support/systemdHost";
import { paths } from "../../../sandbox/paths";
import { Project, type Step } from "./project";

jest.setTimeout(300_000);
process.env.PATH = [paths.bin, process.env.PATH].join(":");

/** What the program makes; the file `wanted.json` beside it says this. */
interface Wanted {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly stdin?: string;
  readonly triggers?: readonly unknown[];
  readonly logging?: string;
  readonly port?: number;
  /** A command on this machine, run at every preview and update. */
  readonly local?: string;
}

const program = `
import { readFileSync } from "node:fs";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

const { access, local, port, ...wanted } = JSON.parse(readFileSync(__dirname + "/wanted.json", "utf8"));
const provider = new command.Provider("hosts");
const privateKey = new pulumi.Config().requireSecret("privateKey");
const { address: host, hostKey } = access;
const connection = { host, port: port ?? access.port, privateKey, hostKey, dialErrorLimit: 1 };
const one = new command.remote.Command("one", { connection, addPreviousOutputInEnv: false, ...wanted }, { provider });
export const stdout = one.stdout;
export const stderr = one.stderr;
export const said = local === undefined ? "" : command.local.runOutput({ command: local, stdin: privateKey }, { provider }).stdout;
`;

const bare = new BareHost();
const { access } = bare;

describe("commands on a real host", () => {
  const host = new SystemdHost(access);
  const project = new Project();
  const journal = "/srv/federation-command";

  const want = (wanted: Wanted): void =>
    project.write("program/wanted.json", JSON.stringify({ access, ...wanted }));
  const ops = (steps: Record<string, Step>): object =>
    Object.fromEntries(Object.entries(steps).map(([name, { op }]) => [name, op]));
  const note = (word: string): string => `echo ${word} >>${journal}; echo ${word}; echo noted >&2`;
  /** What the commands have noted on the host since the last look. */
  const noted = async (): Promise<string> => host.must(`cat ${journal} 2>/dev/null; rm -f ${journal}`);
  const outputs = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await project.must("stack", "output", "--json", "--show-secrets")) as Record<string, unknown>;

  beforeAll(async () => {
    await bare.boot();
    await project.start("index.ts", "--import tsx");
    project.write("program/index.ts", program);
    await project.setSecret("privateKey", host.privateKey);
    await noted();
  });

  afterAll(async () => {
    await project.pulumi("destroy", "--yes", "--skip-preview");
    await noted();
    project.remove();
    await bare.remove();
  });

  it("are not run by a preview, the function local.run is", async () => {
    want({ create: note("create"), local: `echo ran; wc -l | tr -d ' '` });
    expect(ops(await project.preview())).toEqual({
      "offline-test": "create",
      hosts: "create",
      one: "create",
    });
    expect(await noted()).toBe("");
    expect(await project.must("preview", "--diff")).toContain("said");
  });

  it("are created: their output is recorded, their connection is secret", async () => {
    want({
      create: `cat; ${note("create")}`,
      stdin: "to the command\n",
      delete: note("delete"),
      triggers: ["a"],
      local: "wc -l | tr -d ' '",
    });
    await project.mustUp();
    expect(await noted()).toBe("create");
    expect(await outputs()).toEqual({
      stdout: "to the command\ncreate",
      stderr: "noted",
      // line breaks of the key; `pulumi config set` drops the last
      said: String(host.privateKey.trimEnd().split("\n").length - 1),
    });
    const { one } = await project.state();
    expect(one!.id).toMatch(/^one[0-9a-f]{8}$/);
    expect(one!.outputs).toMatchObject({
      stdout: "to the command\ncreate",
      stderr: "noted",
      triggers: ["a"],
    });
    expect(Object.keys(one!.outputs.connection as object).sort()).toEqual([
      "4dabf18193072939515e22adb298388d",
      "ciphertext",
    ]);
    expect(await project.exported()).not.toContain(host.privateKey.split("\n")[1]!);
  });

  it("are not run again while nothing changes", async () => {
    await project.must("preview", "--expect-no-changes");
    await project.mustUp("--expect-no-changes");
    expect(await noted()).toBe("");
  });

  it("are updated in place by another input: by create, or by update where there is one", async () => {
    want({ create: note("create"), stdin: "other", delete: note("delete"), triggers: ["a"] });
    expect(ops(await project.preview())).toMatchObject({ one: "update" });
    await project.mustUp();
    expect(await noted()).toBe("create");
    want({
      create: note("create"),
      update: note("update"),
      stdin: "third",
      delete: note("delete"),
      triggers: ["a"],
    });
    await project.mustUp();
    expect(await noted()).toBe("update");
    expect(await outputs()).toMatchObject({ stdout: "update" });
  });

  it("are replaced by another trigger: the new is created, then the old deleted", async () => {
    want({ create: note("new"), delete: note("new-delete"), triggers: ["b"] });
    expect(ops(await project.preview())).toMatchObject({ one: "replace" });
    await project.mustUp();
    expect(await noted()).toBe("new\ndelete");
  });

  it("that fail say how, and stay as they were recorded", async () => {
    want({ create: "echo why; echo not >&2; exit 7", delete: note("delete"), triggers: ["b"] });
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain('Process exited with status 7: running "echo why; echo not >&2; exit 7":');
    expect(output).toContain("why");
    expect((await project.state()).one!.outputs.create).toBe(note("new"));
  });

  it("fail where the host does not answer, after the attempts they may take", async () => {
    want({ create: note("new"), delete: note("new-delete"), triggers: ["b"], port: 9 });
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toMatch(/after 1 failed attempts: .*Connection refused/);
    expect(await noted()).toBe("");
  });

  it("are deleted by their own command", async () => {
    want({ create: note("new"), delete: note("new-delete"), triggers: ["b"] });
    await project.must("destroy", "--yes", "--skip-preview");
    expect(await noted()).toBe("new-delete");
  });
});
