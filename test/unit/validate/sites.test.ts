import type { StackReader } from "../../../commands/pulumiCli";
import { KubeApi } from "../../../commands/validate/kube";
import { linesOf } from "../../../commands/validate/lines";
import { validateOptions } from "../../../commands/validate/options";
import { runLines } from "../../../commands/validate/run";
import { sitesOf as sitesWith } from "../../../commands/validate/sites";
import type { Sites, SitesOptions } from "../../../commands/validate/sites";
import { hubConfig, memberConfig, sampleSecrets, SECRET_KEYS } from "../settings/samples";
import type { HubSecrets } from "../../../settings/credentials";
import type { RawConfig } from "../../../settings/reader";

let secrets: HubSecrets;
beforeAll(async () => {
  secrets = await sampleSecrets();
}, 60_000);

const outputs = {
  caCertificate: "PEM",
  localCredentials: { username: "local-1", password: "secret" },
  prometheusUrl: "https://192.168.200.10:30990",
  federationUrl: "https://192.168.100.10:30990",
};

function reader(stacks: Readonly<Record<string, RawConfig>>, made: object = outputs): StackReader {
  const of = (stack: string): RawConfig => {
    const found = stacks[stack.slice(stack.lastIndexOf("/") + 1)];
    if (found === undefined) throw new Error(`no stack named '${stack}' found`);
    return found;
  };
  return {
    stacks: () => Object.keys(stacks),
    readConfig: (stack) => ({ values: of(stack), secretKeys: SECRET_KEYS }),
    readOutputs: (stack) => (of(stack), made) as Readonly<Record<string, unknown>>,
  };
}

const kube = new KubeApi({ server: "https://127.0.0.1:1", authorize: () => Promise.resolve() });
const sitesOf = (from: StackReader, at: SitesOptions): Sites =>
  sitesWith({ reader: from, kubeOf: () => kube }, at);
const options = (stack: string, ...more: string[]) => validateOptions(["--stack", stack, ...more]);
const both = () =>
  reader({ cloud: hubConfig(secrets), hpc: memberConfig(), other: { "federation:role": "hub" } });

test("a hub's stack leads to its members' stacks, found by role, cluster and hub", async () => {
  const { hub, members } = sitesOf(both(), options("cloud"));
  expect(hub).toMatchObject({ stack: "cloud", cluster: "cloud" });
  expect(await hub.scrapeSeconds()).toBe(30);
  expect(members).toMatchObject([{ cluster: "hpc", site: { stack: "hpc", cluster: "hpc" } }]);
});

test("a member's stack leads to its hub and that member alone", () => {
  const { hub, members } = sitesOf(both(), options("hpc"));
  expect(hub.stack).toBe("organization/federation/cloud");
  expect(members.map(({ cluster }) => cluster)).toEqual(["hpc"]);
});

test("every line is there in an order in which all can be asked, a line's key once", async () => {
  const lines = linesOf(sitesOf(both(), options("cloud")), options("cloud"));
  expect(lines.map(({ key }) => key)).toEqual([
    ...["cluster/cloud", "cluster/hpc", "prometheus/cloud", "prometheus/hpc", "store", "registry"],
    ...["source/hpc", "landing-zone/hpc", "bytes", "federation/hpc", "rules/cloud", "rules/hpc"],
    ...["alerts/cloud", "alerts/hpc", "grafana", "served", "gpus", "targets/cloud", "targets/hpc"],
    ...["remote-write", "canary/hpc"],
  ]);
  const stubs = lines.map((line) => ({
    ...line,
    check: () => Promise.resolve({ status: "ok" as const, evidence: [], problems: [] }),
  }));
  expect((await runLines(stubs, new AbortController().signal)).every(({ status }) => status === "ok")).toBe(
    true,
  );
});

test("a served model has lines of its own", () => {
  const hub = JSON.parse(hubConfig(secrets)["federation:hub"] ?? "") as object;
  const config = hubConfig(secrets, { ...hub, servedModels: ["m"] });
  const at = options("cloud");
  const keys = linesOf(sitesOf(reader({ cloud: config, hpc: memberConfig() }), at), at).map(({ key }) => key);
  expect(keys).toEqual(expect.arrayContaining(["served/m", "gpus/m"]));
});

test("a member whose stack is not found is one red line, and what depends on it is not checked", async () => {
  const at = options("cloud", "--no-canary");
  const sites = sitesOf(reader({ cloud: hubConfig(secrets) }), at);
  const of = linesOf(sites, at).filter(({ key }) => key.endsWith("/hpc"));
  const alone = of.map((line) => ({
    ...line,
    needs: line.needs.filter((key) => of.some((other) => other.key === key)),
    hears: [],
  }));
  const outcomes = await runLines(alone, new AbortController().signal);
  expect(outcomes.filter(({ status }) => status === "failed")).toMatchObject([
    {
      key: "cluster/hpc",
      problems: [{ cause: "no stack of this project is a member of cloud with cluster hpc" }],
    },
  ]);
  expect(
    outcomes.filter(({ status }) => status !== "failed").every(({ status }) => status === "notChecked"),
  ).toBe(true);
});

test("a Prometheus is asked at the stack's address, or at the one that is given", () => {
  const { hub } = sitesOf(both(), options("cloud"));
  expect(() => hub.prometheus()).not.toThrow();
  const { prometheusUrl: _, ...inside } = outputs;
  const hidden = reader({ cloud: hubConfig(secrets), hpc: memberConfig() }, inside);
  expect(() => sitesOf(hidden, options("cloud")).hub.prometheus()).toThrow(
    "Prometheus of cloud has no address",
  );
  const given = options("cloud", "--prometheus", "cloud=https://localhost:9090");
  expect(() => sitesOf(hidden, given).hub.prometheus()).not.toThrow();
  const never = reader({ cloud: hubConfig(secrets), hpc: memberConfig() }, { prometheusUrl: "https://x" });
  expect(() => sitesOf(never, options("cloud")).hub.prometheus()).toThrow(
    "stack cloud has no outputs localCredentials",
  );
});

test("wrong settings and outputs are refused by name", () => {
  expect(() =>
    sitesOf(reader({ cloud: { ...hubConfig(secrets), "federation:cluster": "" } }), options("cloud")),
  ).toThrow("federation:cluster");
  expect(() => sitesOf(reader({ hpc: memberConfig(), cloud: memberConfig() }), options("hpc"))).toThrow(
    'stack "organization/federation/cloud": federation:role is member, and a hub was looked for',
  );
  const odd = reader({ cloud: hubConfig(secrets) }, { prometheusUrl: 3 });
  expect(() => sitesOf(odd, options("cloud"))).toThrow('stack "cloud": output prometheusUrl is not as');
});
