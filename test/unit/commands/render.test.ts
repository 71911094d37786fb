import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import type { RenderedObject } from "../../../commands/render";

const repository = path.resolve(__dirname, "../../..");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "federation-render-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Runs the command as people do, with nothing in its environment that leads to a cluster or opens a secret. */
function render(...args: readonly string[]) {
  const run = spawnSync("tsx", [path.join(repository, "commands/render.ts"), ...args], {
    cwd: repository,
    env: { PATH: `${path.join(repository, "node_modules/.bin")}:${process.env.PATH ?? ""}` },
    encoding: "utf8",
  });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

const objectsOf = (stdout: string) =>
  parseAllDocuments(stdout).map((document) => document.toJS() as RenderedObject);

const rendered = { cloud: "", hpc: "" };
beforeAll(() => {
  for (const stack of ["cloud", "hpc"] as const) {
    const { status, stdout, stderr } = render("--stack", stack);
    expect([stack, status, stderr]).toEqual([stack, 0, ""]);
    rendered[stack] = stdout;
  }
}, 60_000);

test("prints every object once, by kind, namespace and name, always the same", () => {
  const names = objectsOf(rendered.hpc).map(({ kind, metadata }) =>
    [kind, metadata.namespace ?? "", metadata.name].join(" "),
  );
  expect(names).toEqual([...new Set(names)].sort());
  expect(names).toContain("StatefulSet federation prometheus");
  expect(names).toContain("DaemonSet federation-agents node-exporter");
  expect(names.filter((name) => name.includes("kube-system"))).toEqual([]);
  expect(render("--stack", "hpc").stdout).toBe(rendered.hpc);
}, 60_000);

const WEB = [
  "ca.crt",
  "http-client.yml",
  "local.password",
  "local.username",
  "tls.crt",
  "tls.key",
  "web.yml",
];
const OF_MEMBER = ["member-hpc.ca.crt", "member-hpc.password", "member-hpc.username"];
/** Receivers have no secrets where there are none. */
const ALERTING = { "alertmanager-credentials": WEB, "alertmanager-receivers": [] };
const STORE = ["minio.accessKey", "minio.secretKey"];
const REGISTRY = ["mlflow.password", "mlflow.username"];

test.each([
  [
    "cloud",
    {
      ...ALERTING,
      "prometheus-credentials": [...WEB, ...OF_MEMBER, "minio.token", ...REGISTRY],
      "grafana-credentials": [
        "admin.password",
        "admin.username",
        "ca.crt",
        "prometheus.password",
        "prometheus.username",
        "tls.crt",
        "tls.key",
      ],
      "model-retention-credentials": [...STORE, ...REGISTRY],
      "model-retention-exporter-credentials": STORE,
    },
  ],
  [
    "hpc",
    {
      ...ALERTING,
      "prometheus-credentials": [...WEB, "hub.password", "hub.username"],
      "model-sync-credentials": [...STORE, ...REGISTRY],
      "model-sync-exporter-credentials": STORE,
    },
  ],
] as const)("shows the keys of Secrets of %s, and nothing of what they hold", (stack, expected) => {
  const secrets = objectsOf(rendered[stack]).filter(({ kind }) => kind === "Secret");
  const dataOf = ({ data, stringData }: RenderedObject): Readonly<Record<string, string>> =>
    Object.assign({}, data, stringData);
  const keys = secrets.map((one) => [one.metadata.name, Object.keys(dataOf(one)).sort()]);
  expect(Object.fromEntries(keys)).toEqual(
    Object.fromEntries(Object.entries(expected).map(([name, of]) => [name, [...of].sort()])),
  );
  expect(new Set(secrets.flatMap((one) => Object.values(dataOf(one))))).toEqual(new Set(["[secret]"]));
  expect(rendered[stack]).not.toMatch(
    /BEGIN [A-Z ]*(KEY|CERTIFICATE)|\$2[aby]\$|4dabf18193072939515e22adb298388d/,
  );
});

test("needs nothing that a stack file encrypts", () => {
  const file = fs.readFileSync(path.join(repository, "Pulumi.hpc.yaml"), "utf8");
  const { config } = parseAllDocuments(file)[0]!.toJS() as { readonly config: object };
  const encrypted = {
    ...config,
    "federation:kubeconfig": { secure: "v1:abc" },
    "federation:clusterUid": "recorded",
  };
  fs.writeFileSync(
    path.join(folder, "Pulumi.hpc.yaml"),
    stringify({ encryptionsalt: "v1:x", config: encrypted }),
  );
  expect(render("--stack", "hpc", "--config-dir", folder)).toEqual({
    status: 0,
    stdout: rendered.hpc,
    stderr: "",
  });
}, 30_000);

test("refuses wrong settings as the program does, and a stack without a file", () => {
  fs.writeFileSync(
    path.join(folder, "Pulumi.bad.yaml"),
    stringify({ config: { "federation:role": "spoke" } }),
  );
  const bad = render("--stack", "bad", "--config-dir", folder);
  expect(bad).toEqual({
    status: 1,
    stdout: "",
    stderr: [
      'stack "bad": 2 problems in its settings, nothing was touched',
      '  - federation:role = "spoke": must be hub or member',
      "  - federation:cluster: is missing: must be a DNS label: at most 63 of a-z, 0-9 and inner hyphens",
      "",
    ].join("\n"),
  });
  const absent = render("--stack", "absent", "--config-dir", folder);
  expect([absent.status, absent.stderr.includes("Pulumi.absent.yaml does not exist")]).toEqual([1, true]);
}, 30_000);
