import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { validationSchema } from "../../commands/validate/report";
import type { Validation } from "../../commands/validate/report";
import { until } from "../../sandbox/checks";
import { dcgmExporter } from "../../sandbox/gpus/inventory";
import { sandboxModel, slurmJobFile } from "../../sandbox/models";
import { repository } from "../../sandbox/paths";
import { pulumiEnvironment } from "../../sandbox/pulumi";
import { beegfs } from "../../sandbox/services";
import { namespace as servedNamespace, predictor } from "../../sandbox/serving/objects";
import { mc, memberGrant, registered } from "../support/landingZone";
import { applyAsOwner, command, getObject, kubectl, namespace, nudge } from "../support/live";
import type { KubeObject, Stack } from "../support/live";
import { transferNamespace } from "../support/transfer";

interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly validation: Validation;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "validate-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** `npm run validate -- --stack STACK` with these flags, and the JSON it wrote. */
function validate(stack: Stack, ...flags: readonly string[]): Run {
  const json = path.join(folder, "validation.json");
  fs.rmSync(json, { force: true });
  const { status, output } = command("commands/validate.ts", "--stack", stack, "--json", json, ...flags);
  if (!fs.existsSync(json)) throw new Error(`validate ended with ${status ?? "a signal"}:\n${output}`);
  return {
    code: status,
    output,
    validation: validationSchema.parse(JSON.parse(fs.readFileSync(json, "utf8"))),
  };
}

type Line = Validation["lines"][number];

const redLines = ({ validation }: Run): readonly Line[] =>
  validation.lines.filter(({ status }) => status === "failed" || status === "notChecked");
const told = ({ key, status, evidence, problems }: Line): string =>
  `${key} ${status}: ${[...problems.map(({ cause }) => cause), ...evidence].join("; ")}`;

/** Waits until nothing is red; what was just mended shows with the next scrapes. */
const untilGreen = (seconds: number): Promise<void> =>
  until("every line is green", seconds, () =>
    Promise.resolve(redLines(validate("cloud", "--no-canary")).map(told)),
  );

/** Waits until this line alone is red, with this one cause; what depends on it is not checked, and nothing else is so. */
const untilOnly = (key: string, cause: RegExp, ...flags: readonly string[]): Promise<void> =>
  until(`${key} alone is red`, 240, () => {
    const run = validate("cloud", "--versions", "1", ...flags);
    const red = redLines(run);
    const failed = red.filter(({ status }) => status === "failed");
    const [only] = failed;
    const exact = failed.length === 1 && only?.key === key && only.problems.length === 1;
    const dependent = red.every(
      ({ status, evidence }) => status === "failed" || /^depends on line \d+ /.test(evidence[0] ?? ""),
    );
    return Promise.resolve(
      exact && cause.test(only.problems[0]?.cause ?? "") && dependent && run.code === 1
        ? []
        : ["red are:", ...red.map(told)],
    );
  });

const canaryFolders = (): readonly string[] =>
  fs.readdirSync(beegfs.models).filter((one) => one.startsWith("validate-canary-"));

/** Whatever is left of canaries: folders, versions of objects, a registered model, state, objects of the cluster. */
async function traces(name: string): Promise<readonly string[]> {
  const version = await registered(`hpc-${name}`, "candidate");
  const lines = [
    ...mc("ls", "--recursive", "--versions", "sandbox/models/").split("\n"),
    ...kubectl("hpc", ["get", "pods,jobs", "-n", transferNamespace, "-o", "name"]).split("\n"),
  ];
  return [
    ...canaryFolders(),
    ...lines.filter((line) => line.includes("validate-")),
    ...(version === undefined ? [] : [`version ${version.version} of ${version.name}`]),
    ...(mc("cat", "sandbox/models/state/hpc/state.json").includes(name) ? [`state of ${name}`] : []),
  ];
}

/** Pods that were deleted are still listed for a moment. */
const untilGone = (name: string): Promise<void> => until(`no trace of ${name}`, 30, () => traces(name));

describe("a whole sandbox", () => {
  it("is green on every line, and the canary that shows its way stage by stage leaves no trace", async () => {
    await untilGreen(300);
    const run = validate("cloud");
    console.log(run.output);
    expect(redLines(run).map(told)).toEqual([]);
    expect(run.code).toBe(0);
    // Grafana does not run here
    expect(
      run.validation.lines.filter(({ status }) => status === "notApplicable").map(({ key }) => key),
    ).toEqual(["grafana"]);
    const canary = run.validation.lines.find(({ key }) => key === "canary/hpc");
    expect(canary?.timings?.map(({ stage }) => stage)).toEqual([
      ...["dropped", "registered", "seen on the hub", "removed"],
    ]);
    const [, name = ""] = /(validate-canary-\w+)/.exec(canary?.evidence[0] ?? "") ?? [];
    expect(name).not.toBe("");
    await untilGone(name);
  });

  it("removes its canary after Ctrl-C as well", async () => {
    const child = spawn("tsx", [path.join(repository, "commands/validate.ts"), "--stack", "cloud"], {
      cwd: repository,
      env: { ...process.env, ...pulumiEnvironment() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => said.push(text.toString()));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    let name: string | undefined;
    await until("the canary's folder is there", 120, () => {
      name = canaryFolders()[0];
      return Promise.resolve(name === undefined ? ["no folder", said.join("").slice(-500)] : []);
    });
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(said.join("")).toContain("interrupted: removing what was made");
    await untilGone(name ?? "");
  });

  it("is the same asked from the member's side", () => {
    const run = validate("hpc", "--no-canary");
    expect(redLines(run).map(told)).toEqual([]);
    expect(run.code).toBe(0);
  });
});

interface Fault {
  readonly what: string;
  /** The line that is red. */
  readonly key: string;
  readonly cause: RegExp;
  /** Breaks it and returns what mends it. */
  readonly plant: () => Promise<() => void> | (() => void);
  readonly flags?: readonly string[];
}

/** Changes data of a ConfigMap or Secret as its owner, and has the pod that mounts it see that at once. */
function changed(kind: "configmap" | "secret", name: string, change: (data: Data) => Data): () => void {
  const before: KubeObject = getObject("cloud", kind, name);
  const data = before.data as Data;
  applyAsOwner("cloud", before, { data: change(data) });
  nudge("cloud");
  return () => {
    applyAsOwner("cloud", getObject("cloud", kind, name), { data });
    nudge("cloud");
  };
}
type Data = Readonly<Record<string, string>>;

function scaled(stack: Stack, kind: string, name: string, inNamespace: string, back: number): () => void {
  const to = (replicas: number): void => {
    kubectl(stack, ["scale", kind, name, "-n", inNamespace, `--replicas=${replicas}`]);
  };
  to(0);
  return () => to(back);
}

function patched(
  stack: Stack,
  kind: string,
  name: string,
  inNamespace: string,
  patches: readonly [object, object],
): () => void {
  const patch = (change: object): void => {
    kubectl(stack, ["patch", kind, name, "-n", inNamespace, "--type=merge", "-p", JSON.stringify(change)]);
  };
  patch(patches[0]);
  return () => patch(patches[1]);
}

const nowhere = (labels: object | null): object => ({
  spec: { template: { spec: { nodeSelector: labels } } },
});

const faults: readonly Fault[] = [
  {
    what: "a wrong password between hub and member",
    key: "federation/hpc",
    cause: /401 Unauthorized/,
    plant: () =>
      changed("secret", "prometheus-credentials", (data) => ({
        ...data,
        "member-hpc.password": Buffer.from("wrong").toString("base64"),
      })),
  },
  {
    what: "a folder that the transfer may not read",
    key: "source/hpc",
    cause: /may not read it \(EACCES\)$/,
    plant: () => {
      const mode = fs.statSync(beegfs.models).mode & 0o7777;
      fs.chmodSync(beegfs.models, 0o700);
      return () => fs.chmodSync(beegfs.models, mode);
    },
  },
  {
    what: "a member's policy that was taken away",
    key: "landing-zone/hpc",
    cause: /has no policy, declared is models-writer-hpc alone$/,
    plant: () => {
      const user = memberGrant().writer.accessKey;
      const policy = (verb: "attach" | "detach"): string =>
        mc("admin", "policy", verb, "sandbox", "models-writer-hpc", "--user", user);
      policy("detach");
      return () => void policy("attach");
    },
  },
  {
    what: "an object with other bytes than were published",
    key: "bytes",
    cause: new RegExp(`^hpc-${sandboxModel} \\d+: another size or ETag than published: ${slurmJobFile}$`),
    plant: async () => {
      const source = (await registered(`hpc-${sandboxModel}`, "candidate"))?.source;
      if (source === undefined) throw new Error(`hpc-${sandboxModel} has no candidate`);
      const key = `sandbox/${source.replace("s3://", "").replace(/\/$/, "")}/${slurmJobFile}`;
      mc("pipe", key, { input: "another job\n" });
      const { versionID } = JSON.parse(mc("stat", "--json", key)) as { versionID: string };
      return () => void mc("rm", "--version-id", versionID, key);
    },
  },
  {
    what: "an exporter that is gone",
    key: "targets/hpc",
    cause: /^job model-transfer has no target$/,
    plant: () => scaled("hpc", "deployment", "model-sync-exporter", transferNamespace, 1),
  },
  {
    what: "a rule that cannot be evaluated",
    key: "rules/cloud",
    cause:
      /^fed_local:validate:broken \(alerts-cluster\.yml, group broken\): .*many-to-many matching not allowed/,
    plant: () =>
      changed("configmap", "prometheus-config", (data) => ({
        ...data,
        "alerts-cluster.yml": `${data["alerts-cluster.yml"] ?? ""}  - name: broken
    rules:
      - record: fed_local:validate:broken
        expr: up + on () up
        labels: { cluster: cloud }
`,
      })),
  },
  {
    what: "GPU metrics that nobody exports",
    key: `gpus/${sandboxModel}`,
    cause: /job dcgm-exporter has no target$/,
    plant: () =>
      patched("cloud", "daemonset", "dcgm-exporter-simulated", dcgmExporter.namespace, [
        nowhere({ "test.federation/none": "true" }),
        nowhere(null),
      ]),
  },
  {
    what: "a transfer that is suspended",
    key: "canary/hpc",
    cause: /^CronJob model-sync is suspended/,
    flags: [],
    plant: () =>
      patched("hpc", "cronjob", "model-sync", transferNamespace, [
        { spec: { suspend: true } },
        { spec: { suspend: false } },
      ]),
  },
  {
    what: "a served model without a pod",
    key: `served/${sandboxModel}`,
    cause: new RegExp(`^no pod of ${sandboxModel} is ready`),
    plant: () => scaled("cloud", "deployment", predictor(sandboxModel), servedNamespace, 1),
  },
  {
    what: "a member's Alertmanager that is away",
    key: "alerts/hpc",
    cause: /^0 of 1 replica of Alertmanager ready$/,
    plant: () => scaled("hpc", "statefulset", "alertmanager", namespace, 1),
  },
];

describe("one integration point broken is one red line, with its cause", () => {
  // what was mended last shows with the scrapes that follow
  afterAll(() => untilGreen(300));

  it.each(faults)("$what", async ({ key, cause, plant, flags = ["--no-canary"] }) => {
    const mend = await plant();
    try {
      await untilOnly(key, cause, ...flags);
    } finally {
      mend();
    }
  });
});
