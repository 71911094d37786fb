import * as pulumi from "@pulumi/pulumi";
import type { ExporterHost, HostExporter } from "../../../../components/hosts/exporterTypes";
import { checkCommand } from "../../../../components/hosts/hostCheck";
import { HostExporters } from "../../../../components/hosts/hostExporters";
import { hostScript } from "../../../../components/hosts/hostScript";
import { only, record, summary, valueOf } from "../../../support/mocks";
import type { RecordOptions, Registration } from "../../../support/mocks";
import { dcgm, host, HOST_KEY, node, slurm } from "./samples";

const AS_APPLIED = "mark first (11111111)\nnonce 22222222";
const gpu = host({
  name: "gpu-01",
  address: "192.168.100.21",
  exporters: [node, dcgm],
  user: "admin",
  mounts: [],
});

interface Run {
  readonly registrations: readonly Registration[];
  readonly marks: Readonly<Record<string, string>>;
  readonly asked: readonly Readonly<Record<string, unknown>>[];
}

/** Runs the component; `printed` is what each host answers. */
async function run(
  hosts: readonly ExporterHost[],
  printed: string | ((command: string) => string) = AS_APPLIED,
  options: RecordOptions = {},
): Promise<Run> {
  const asked: Readonly<Record<string, unknown>>[] = [];
  let marks: pulumi.Output<Readonly<Record<string, string>>> | undefined;
  const registrations = await record(
    () => {
      marks = new HostExporters("exporters", { hosts }).marks;
    },
    {
      ...options,
      calls: {
        "command:local:run": (inputs) => {
          asked.push(inputs);
          return { stdout: typeof printed === "string" ? printed : printed(String(inputs.command)) };
        },
      },
    },
  );
  return { registrations, marks: await valueOf(marks!), asked };
}

const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(() => Promise.resolve());
beforeEach(() => warn.mockClear());
const warnings = (): readonly unknown[] => warn.mock.calls.map(([message]) => message);

const secretOf = (value: unknown): unknown =>
  (value as Readonly<Record<string, unknown>>)["4dabf18193072939515e22adb298388d"] ===
  "1b47061264138c4ac30d75fd1eb44270"
    ? (value as { readonly value: unknown }).value
    : "not a secret";

describe("exporters on hosts", () => {
  it("are one command a host, in a preview too", async () => {
    const expected = [
      "command:remote:Command exporters-compute-01",
      "command:remote:Command exporters-gpu-01",
      "federation:hosts:HostExporters exporters",
    ];
    expect(summary((await run([host(), gpu])).registrations)).toEqual(expected);
    expect(summary((await run([host(), gpu], AS_APPLIED, { preview: true })).registrations)).toEqual(
      expected,
    );
  });

  it("connect by the pinned key and run the host's script, which carries the mark that is there", async () => {
    const { registrations, marks } = await run([host(), gpu]);
    const { connection, ...inputs } = only(registrations, "exporters-compute-01").inputs;
    expect(secretOf(connection)).toEqual({
      host: "192.168.100.11",
      port: 22,
      user: "root",
      hostKey: HOST_KEY,
      privateKey: "a private key",
      dialErrorLimit: 3,
      perDialTimeout: 15,
    });
    expect(inputs).toEqual({
      create: "exec sh -s apply",
      delete: "exec sh -s remove",
      stdin: hostScript(host(), "first (11111111)"),
      triggers: ["192.168.100.11"],
      addPreviousOutputInEnv: false,
    });
    expect(only(registrations, "exporters-gpu-01").inputs).toMatchObject({
      create: "exec sudo -n sh -s apply",
      delete: "exec sudo -n sh -s remove",
      stdin: hostScript(gpu, "first (11111111)"),
    });
    expect(marks).toEqual({ "compute-01": "first (11111111)", "gpu-01": "first (11111111)" });
  });

  it("look at each host once, the private key on the standard input alone", async () => {
    const { asked } = await run([host(), gpu]);
    expect(asked.map(({ command }) => command)).toEqual([checkCommand(host()), checkCommand(gpu)]);
    expect(asked[0]).toEqual({
      command: checkCommand(host()),
      stdin: "a private key",
      logging: "none",
      addPreviousOutputInEnv: false,
    });
    expect(checkCommand(host())).not.toContain("a private key");
  });

  it("change the script of the host that drifted, and of no other", async () => {
    const drifted = `${AS_APPLIED}\ndrift federation-node-exporter.service is inactive`;
    const { registrations, marks } = await run([host(), gpu], (command) =>
      command.includes("192.168.100.21") ? drifted : AS_APPLIED,
    );
    const mark = "federation-node-exporter.service is inactive (22222222)";
    expect(only(registrations, "exporters-gpu-01").inputs.stdin).toBe(hostScript(gpu, mark));
    expect(only(registrations, "exporters-compute-01").inputs.stdin).toBe(
      hostScript(host(), "first (11111111)"),
    );
    expect(marks).toEqual({ "compute-01": "first (11111111)", "gpu-01": mark });
    expect(warnings()).toEqual([]);
  });

  it("warn of a file system that is not mounted, which no up can repair", async () => {
    const { marks } = await run(
      [host()],
      `${AS_APPLIED}\nmount /mnt/beegfs is to be mounted as beegfs and is ext4`,
    );
    expect(warnings()).toEqual(["host compute-01: /mnt/beegfs is to be mounted as beegfs and is ext4"]);
    expect(marks).toEqual({ "compute-01": "first (11111111)" });
  });

  it("do not ask a paused host", async () => {
    const { asked, marks } = await run([host({ paused: true }), gpu]);
    expect(asked.map(({ command }) => command)).toEqual([checkCommand(gpu)]);
    expect(marks).toEqual({ "compute-01": "paused", "gpu-01": "first (11111111)" });
    expect(warnings()).toEqual(["host compute-01 is paused: its exporters are neither checked nor changed"]);
  });
});

/** What the component says of a host that is wrong; nothing must be registered before. */
async function refusal(hosts: readonly ExporterHost[]): Promise<readonly string[]> {
  const into: Registration[] = [];
  const error: unknown = await record(() => new HostExporters("exporters", { hosts }), { into }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await pulumi.runtime.disconnect();
  expect(into.filter(({ type }) => type.startsWith("command:"))).toEqual([]);
  expect(error).toBeInstanceOf(pulumi.RunError);
  return (error as Error).message.split("\n  - ").slice(1);
}

const with_ = (more: Partial<HostExporter>): ExporterHost => host({ exporters: [{ ...node, ...more }] });

describe("bad input", () => {
  it.each<[string, ExporterHost, string]>([
    ["address", host({ address: "compute-01" }), 'hosts[0].address = "compute-01": must be an IPv4 address'],
    [
      "name",
      host({ name: "Compute_1" }),
      'hosts[0].name = "Compute_1": must be a DNS name: a-z, 0-9, inner hyphens and dots',
    ],
    [
      "user",
      host({ user: "root;reboot" }),
      'hosts[0].user = "root;reboot": must be the name of a user of the host',
    ],
    ["port", host({ port: 0 }), "hosts[0].port = 0: must be a whole number from 1 to 65535"],
    [
      "host key",
      host({ hostKey: "ssh-rsa AAAA" }),
      'hosts[0].hostKey = "ssh-rsa AAAA": must be the host\'s public key as /etc/ssh/ssh_host_ed25519_key.pub has it, without its comment (ssh-rsa is not taken)',
    ],
    [
      "no exporters",
      host({ exporters: [] }),
      "hosts[0].exporters: must name at least one; leave the host out for none",
    ],
    [
      "exporter twice",
      host({ exporters: [node, { ...node, port: 9101 }] }),
      "hosts[0].exporters: node stands twice; name each once",
    ],
    [
      "port twice",
      host({ exporters: [node, { ...slurm, port: 9100 }] }),
      "hosts[0].exporters: port: 9100 stands twice; name each once",
    ],
    [
      "version",
      with_({ version: "1 2" }),
      'hosts[0].exporters[0].version = "1 2": must be the version of the program, such as 1.10.2',
    ],
    [
      "URL",
      with_({ url: "ftp://x/a", member: undefined }),
      'hosts[0].exporters[0].url = "ftp://x/a": must be an https, http or file URL without blanks, escapes or query',
    ],
    [
      "checksum",
      with_({ sha256: "A".repeat(64) }),
      `hosts[0].exporters[0].sha256 = "${"A".repeat(64)}": must be 64 hexadecimal digits in lower case`,
    ],
    [
      "low port",
      with_({ port: 443 }),
      "hosts[0].exporters[0].port = 443: must be a whole number from 1024 to 65535",
    ],
    [
      "member",
      with_({ member: "../sh" }),
      'hosts[0].exporters[0].member = "../sh": must be a relative path without . or .. in it',
    ],
    [
      "no member",
      with_({ member: undefined }),
      "hosts[0].exporters[0].member: must be given for a .tar.gz or .tgz, and only there: the program's path inside it",
    ],
    [
      "flag",
      with_({ listenFlag: "listen" }),
      'hosts[0].exporters[0].listenFlag = "listen": must be a flag such as --web.listen-address',
    ],
    [
      "argument",
      with_({ args: ["a", "b\nc"] }),
      'hosts[0].exporters[0].args[1] = "b\\nc": must be one line of printable ASCII',
    ],
    [
      "variable",
      with_({ environment: { "A B": "1" } }),
      'hosts[0].exporters[0].environment = "A B": must be the name of a variable: letters, digits and _',
    ],
    [
      "its value",
      with_({ environment: { A: "ä" } }),
      'hosts[0].exporters[0].environment.A = "ä": must be one line of printable ASCII',
    ],
    [
      "mount",
      host({ mounts: [{ path: "mnt", fsType: "beegfs" }] }),
      'hosts[0].mounts[0].path = "mnt": must be an absolute path without . or .. in it',
    ],
    [
      "its type",
      host({ mounts: [{ path: "/mnt", fsType: "a b" }] }),
      'hosts[0].mounts[0].fsType = "a b": must be a type of file system, such as beegfs',
    ],
  ])("%s is refused before anything is registered", async (_, wrong, problem) => {
    expect(await refusal([wrong])).toEqual([problem]);
  });

  it("is told all at once", async () => {
    expect(await refusal([host(), host({ user: "" })])).toEqual([
      "hosts: compute-01 stands twice; name each once",
      "hosts: 192.168.100.11 stands twice; name each once",
      'hosts[1].user = "": must be the name of a user of the host',
    ]);
  });
});
