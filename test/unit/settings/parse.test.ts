import { sampleLimit } from "../../../metrics/budget";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import { DEFAULT_OBJECTIVES } from "../../../rules/alerts";
import { DEFAULT_INVENTORY } from "../../../metrics/inventory";
import type { HubSecrets } from "../../../settings/credentials";
import { DEFAULT_IMAGES } from "../../../settings/images";
import { parseSettings } from "../../../settings/parse";
import { SettingsError } from "../../../settings/problems";
import * as samples from "./samples";
import { edited, hubConfig, HUB_OBJECT, memberConfig, MEMBER_OBJECT, SECRET_KEYS } from "./samples";

let secrets: HubSecrets;
beforeAll(async () => {
  secrets = await samples.sampleSecrets();
});

/** Message of the one error that settings are refused with. */
function refusal(raw: Readonly<Record<string, string>>, stack: string, secretKeys = SECRET_KEYS): string {
  try {
    parseSettings(raw, stack, secretKeys);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error("the settings were accepted");
}

/** The lines of a refusal below its first. */
function problems(raw: Readonly<Record<string, string>>, stack = "hpc", secretKeys = SECRET_KEYS): string[] {
  return refusal(raw, stack, secretKeys).split("\n").slice(1);
}

test("fills a hub's defaults", () => {
  const parsed = parseSettings(hubConfig(secrets), "cloud", SECRET_KEYS);
  expect(parsed).toEqual({
    role: "hub",
    stack: "cloud",
    cluster: "cloud",
    clusterUid: samples.UID,
    kubeconfig: samples.KUBECONFIG,
    hubSecrets: secrets,
    transfer: {},
    receiverSecrets: {},
    memberCredentials: {},
    hub: {
      prometheus: {
        kind: "deploy",
        retention: { time: "15d", size: "40GB" },
        storage: { size: "50Gi", class: "local-path" },
        resources: { requests: { cpu: "250m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
        scrapeInterval: "30s",
        evaluationInterval: "30s",
        remoteWrite: [],
      },
      protect: true,
      namespace: "federation",
      agentsNamespace: "federation-agents",
      transferNamespace: "federation-transfer",
      kubernetes: {
        nodes: HUB_OBJECT.kubernetes.nodes,
        apiServer: { addresses: ["192.168.200.10"], port: 6443 },
        kubeletTls: { kind: "clusterCa" },
        nodeExporterPort: 9110,
      },
      hosts: [],
      inventory: DEFAULT_INVENTORY,
      images: DEFAULT_IMAGES,
      members: [
        {
          cluster: "hpc",
          url: "https://192.168.100.10:30990",
          intervals: { health: "15s", detail: "60s" },
          sampleLimits: {
            health: sampleLimit(DEFAULT_INVENTORY, "health"),
            detail: sampleLimit(DEFAULT_INVENTORY, "detail"),
          },
          components: ["api", "nodes", "gpus", "storage", "scheduler", "transfer", "monitoring"],
        },
      ],
      servedModels: [],
      serving: [],
      benchmarks: [],
      benchmarksNamespace: "benchmarks",
      pricePerGpuHour: {},
      currency: "USD",
      alerting: {
        runbookUrl: HUB_OBJECT.alerting.runbookUrl,
        receivers: [],
        thresholds: DEFAULT_THRESHOLDS,
        objectives: DEFAULT_OBJECTIVES,
        expose: { kind: "nodePort", ports: [30993, 30994], allowFrom: ["0.0.0.0/0"] },
      },
    },
  });
});

test("exposes a member on node port 30990 to any client where its file says nothing", () => {
  const parsed = parseSettings(
    memberConfig(edited(MEMBER_OBJECT, "prometheus.expose", undefined)),
    "hpc",
    SECRET_KEYS,
  );
  expect(parsed.role === "member" && parsed.member.prometheus).toMatchObject({
    expose: { kind: "nodePort", port: 30990, allowFrom: ["0.0.0.0/0"] },
  });
});

test("does not expose a hub whose file says nothing", () => {
  const parsed = parseSettings(hubConfig(secrets), "cloud", SECRET_KEYS);
  expect(parsed.role === "hub" && "expose" in parsed.hub.prometheus).toBe(false);
});

test("lists five mistakes in one error, each with key path, value, what is allowed, and the stack", () => {
  let member: unknown = edited(MEMBER_OBJECT, "prometheus.retention.size", "45GB");
  member = edited(member, "prometheus.scrapeInterval", "30 seconds");
  member = edited(member, "prometheus.expose.nodePort", 9090);
  member = edited(member, "hosts", [{ name: "slurm-ctl", address: "192.168.100.300", roles: ["slurmdbd"] }]);
  expect(refusal(memberConfig(member), "hpc")).toBe(
    [
      'stack "hpc": 5 problems in its settings, nothing was touched',
      '  - federation:member.prometheus.scrapeInterval = "30 seconds": must be a Prometheus duration above zero such as 15s, 1m30s or 15d',
      "  - federation:member.prometheus.expose.nodePort = 9090: must be a whole number from 30000 to 32767",
      '  - federation:member.hosts[0].address = "192.168.100.300": must be an IPv4 address',
      '  - federation:member.hosts[0].roles[0] = "slurmdbd": must be one of node, dcgm, slurmctld, slurm, beegfs',
      '  - federation:member.prometheus.retention.size = "45GB": must be at most 80 % of prometheus.storage.size (50Gi), that is 40GB',
    ].join("\n"),
  );
});

test("names a member's keys in the hub's file, and the hub's in a member's", () => {
  const hub = {
    ...hubConfig(secrets),
    "federation:member": "{}",
    "federation:hubStack": "organization/federation/cloud",
  };
  expect(problems(hub, "cloud")).toEqual([
    "  - federation:member: is a member's key, and this stack is a hub",
    "  - federation:hubStack: is a member's key, and this stack is a hub",
  ]);
  const member = {
    ...memberConfig({ ...MEMBER_OBJECT, members: [] }),
    "federation:hubSecrets": JSON.stringify(secrets),
  };
  expect(problems(member)).toEqual([
    "  - federation:hubSecrets: is a hub's key, and this stack is a member",
    "  - federation:member.members: is a hub's key, and this stack is a member",
  ]);
});

test("refuses unknown keys at every depth and says which are known", () => {
  const raw = {
    ...memberConfig(edited(edited(MEMBER_OBJECT, "prometheus.retention.days", 15), "hsots", [])),
    "federation:clustre": "hpc",
    "other:key": "not ours",
  };
  expect(problems(raw)).toEqual([
    "  - federation:clustre: unknown key; allowed: role, cluster, clusterUid, kubeconfig, member, hubStack, mlflowCredentials, receiverSecrets, hostCredentials, prometheusCredentials",
    "  - federation:member.prometheus.retention.days: unknown key; allowed: time, size",
    "  - federation:member.hsots: unknown key; allowed: prometheus, protect, namespace, agentsNamespace, transferNamespace, kubernetes, hosts, inventory, servedModels, images, modelSync, alerting, hostExporters",
  ]);
});

test("says what is missing, and that init records it", () => {
  expect(refusal({ "federation:role": "hub" }, "cloud").split("\n")).toEqual([
    'stack "cloud": 5 problems in its settings, nothing was touched',
    "  - federation:cluster: is missing: must be a DNS label: at most 63 of a-z, 0-9 and inner hyphens",
    "  - federation:clusterUid: is missing: must be the UID of the cluster's namespace kube-system (npm run init records it)",
    "  - federation:kubeconfig: is missing: must be a kubeconfig with clusters, users and contexts (npm run init -- --kubeconfig FILE records it)",
    "  - federation:hub: is missing: must be an object with prometheus, protect, namespace, agentsNamespace, transferNamespace, kubernetes, hosts, inventory, servedModels, images, members, pricePerGpuHour, currency, benchmarks, benchmarksNamespace, landingZone, alerting, grafana, serving",
    "  - federation:hubSecrets: is missing: npm run init -- --stack cloud makes it",
  ]);
  expect(problems({}, "new")[0]).toBe("  - federation:role: is missing: must be hub or member");
});

test("tells an object that is no JSON like any other problem", () => {
  expect(problems({ ...memberConfig(), "federation:member": "prometheus" })).toEqual([
    '  - federation:member = "prometheus": must be an object (its text is not JSON)',
  ]);
});

describe("a member's object", () => {
  const cases: readonly [string, string, unknown, string][] = [
    [
      "a claim too small for its retention by unit, 40GB being powers of 1024",
      "prometheus.storage.size",
      "50G",
      '.prometheus.retention.size = "40GB": must be at most 80 % of prometheus.storage.size (50G), that is 37GB',
    ],
    [
      "the default retention on a small claim",
      "prometheus",
      { storage: { size: "10Gi", class: "local-path" } },
      '.prometheus.retention.size = "40GB": must be at most 80 % of prometheus.storage.size (10Gi), that is 8192MB',
    ],
    [
      "both exposures",
      "prometheus.expose.loadBalancer",
      { address: "192.168.100.50" },
      '.prometheus.expose = {"nodePort":30990,"loadBalancer":{"address":"192.168.100.50"}}: must have exactly one of nodePort and loadBalancer',
    ],
    [
      "a client network that is no CIDR",
      "prometheus.expose.allowFrom",
      ["192.168.200.0/33"],
      '.prometheus.expose.allowFrom[0] = "192.168.200.0/33": must be an IPv4 CIDR such as 192.168.100.0/24',
    ],
    [
      "an image without a digest",
      "images.prometheus",
      "quay.io/prometheus/prometheus:v3.15.0",
      '.images.prometheus = "quay.io/prometheus/prometheus:v3.15.0": must be an image pinned by digest: <registry>/<name>:<tag>@sha256:<64 hex digits>',
    ],
    [
      "remote write over http",
      "prometheus.remoteWrite",
      [{ name: "archive", url: "http://user:pass@archive:9009/push" }],
      '.prometheus.remoteWrite[0].url = "http://[user]@archive:9009/push": must be an https URL without user, password or fragment',
    ],
    [
      "credentials of a remote write that no existing Secret holds",
      "prometheus.remoteWrite",
      [{ name: "archive", url: "https://archive/push", credentials: "archive" }],
      '.prometheus.remoteWrite[0].credentials = "archive": must be absent: such files come from prometheus.existingSecrets, which is not set',
    ],
    [
      "two hosts of one address",
      "hosts",
      [
        { name: "a", address: "192.168.100.11", roles: ["node"] },
        { name: "b", address: "192.168.100.11", roles: ["node"] },
      ],
      '.hosts[1].address = "192.168.100.11": must differ from federation:member.hosts[0].address',
    ],
    [
      "two nodes of one name",
      "kubernetes.nodes",
      [
        { name: "n", address: "192.168.100.10" },
        { name: "n", address: "192.168.100.11" },
      ],
      '.kubernetes.nodes[1].name = "n": must differ from federation:member.kubernetes.nodes[0].name',
    ],
    [
      "a node exporter on the port of a host's exporter on the same machine",
      "kubernetes.nodeExporter",
      { port: 9100 },
      ".kubernetes.nodeExporter.port = 9100: must be another port: federation:member.hosts[0] has a node exporter there on the same machine",
    ],
    [
      "a node exporter that is both declared and existing",
      "kubernetes.nodeExporter",
      { port: 9110, existing: { namespace: "m", labels: { app: "n" }, port: 9100 } },
      '.kubernetes.nodeExporter = {"port":9110,"existing":{"namespace":"m","labels":{"app":"n"},"port":9100}}: must have port (the stack\'s own node exporter) or existing, not both',
    ],
    [
      "a kubelet trust that is none of the three",
      "kubernetes.kubelet.tls",
      "skip",
      '.kubernetes.kubelet.tls = "skip": must be clusterCa, {ca: <PEM certificates>} or {insecureSkipVerify: true}',
    ],
    [
      "a kubelet CA that is no certificate",
      "kubernetes.kubelet.tls",
      { ca: "not a certificate" },
      '.kubernetes.kubelet.tls.ca = "not a certificate": must be PEM certificates and nothing else',
    ],
    [
      "one namespace for agents and the rest",
      "agentsNamespace",
      "federation",
      '.agentsNamespace = "federation": must differ from namespace (federation): node agents need host paths',
    ],
    [
      "requests above limits",
      "prometheus.resources.requests",
      { memory: "8Gi" },
      '.prometheus.resources.requests.memory = "8Gi": must be at most resources.limits.memory (4Gi)',
    ],
    [
      "an inventory that is no number",
      "inventory.models",
      "many",
      '.inventory.models = "many": must be a whole number from 0 to 100000',
    ],
    ["no node", "kubernetes.nodes", [], ".kubernetes.nodes = []: must be a list of at least 1 nodes"],
    [
      "text where a number belongs",
      "kubernetes.apiServer.port",
      "6443",
      '.kubernetes.apiServer.port = "6443": must be a whole number from 1 to 65535',
    ],
  ];
  test.each(cases)("refuses %s", (_, path, value, problem) => {
    expect(problems(memberConfig(edited(MEMBER_OBJECT, path, value)))).toEqual([
      `  - federation:member${problem}`,
    ]);
  });

  test("accepts an image by digest alone", () => {
    const image = `registry.sandbox/prometheus@sha256:${"0a".repeat(32)}`;
    const raw = memberConfig(edited(MEMBER_OBJECT, "images.prometheus", image));
    const parsed = parseSettings(raw, "hpc", SECRET_KEYS);
    expect(parsed.role === "member" && parsed.member.images.prometheus).toBe(image);
  });

  test("accepts cores as a number, as YAML reads them", () => {
    const parsed = parseSettings(
      memberConfig(edited(MEMBER_OBJECT, "prometheus.resources.limits.cpu", 3)),
      "hpc",
      SECRET_KEYS,
    );
    expect(parsed.role === "member" && parsed.member.prometheus).toMatchObject({
      resources: { limits: { cpu: "3", memory: "4Gi" } },
    });
  });
});

describe("limits of samples", () => {
  const limits = (members: unknown) => {
    const parsed = parseSettings(hubConfig(secrets, { ...HUB_OBJECT, members }), "cloud", SECRET_KEYS);
    return parsed.role === "hub" ? parsed.hub.members[0]?.sampleLimits : undefined;
  };
  const member = { cluster: "hpc", url: "https://192.168.100.10:30990" };

  test("follow from what the member is said to have", () => {
    const inventory = { ...DEFAULT_INVENTORY, gpus: 8_000, models: 3 };
    expect(limits([{ ...member, inventory: { gpus: 8_000, models: 3 } }])).toEqual({
      health: sampleLimit(inventory, "health"),
      detail: sampleLimit(inventory, "detail"),
    });
  });

  test("are what is set by hand, each for itself", () => {
    expect(limits([{ ...member, sampleLimits: { detail: 7 } }])).toEqual({
      health: sampleLimit(DEFAULT_INVENTORY, "health"),
      detail: 7,
    });
  });
});

describe("prices", () => {
  test.each([
    [{ "rtx-a6000": 0 }, ".rtx-a6000 = 0"],
    [{ "rtx-a6000": "0.8" }, '.rtx-a6000 = "0.8"'],
  ])("refuse %j", (pricePerGpuHour, shown) => {
    expect(problems(hubConfig(secrets, { ...HUB_OBJECT, pricePerGpuHour }), "cloud")).toEqual([
      `  - federation:hub.pricePerGpuHour${shown}: must be prices above 0 by GPU type, such as {rtx-a6000: 0.8}`,
    ]);
  });

  test("are the hub's", () => {
    expect(problems(memberConfig({ ...MEMBER_OBJECT, pricePerGpuHour: {} }))).toEqual([
      "  - federation:member.pricePerGpuHour: is a hub's key, and this stack is a member",
    ]);
  });
});

test("refuses a cluster that is called as all of them together", () => {
  const name = "must be another name than federation, which stands for all clusters together";
  expect(problems({ ...memberConfig(), "federation:cluster": "federation" })).toEqual([
    `  - federation:cluster = "federation": ${name}`,
  ]);
  const members = [{ cluster: "federation", url: "https://192.168.100.10:30990" }];
  expect(problems(hubConfig(secrets, { ...HUB_OBJECT, members }), "cloud")).toEqual([
    `  - federation:hub.members[0].cluster = "federation": ${name}`,
  ]);
});

describe("a hub's members", () => {
  const member = { cluster: "hpc", url: "https://192.168.100.10:30990" };
  const cases: readonly [string, unknown, string][] = [
    [
      "the hub itself",
      [member, { cluster: "cloud", url: "https://192.168.200.10:30990" }],
      '.members[1].cluster = "cloud": must be another cluster than the hub\'s own (federation:cluster)',
    ],
    [
      "a health interval above the detail interval's default",
      [{ ...member, intervals: { health: "90s" } }],
      '.members[0].intervals.health = "90s": must be at most intervals.detail (60s)',
    ],
    [
      "a URL with a path",
      [{ ...member, url: "https://192.168.100.10:30990/federate" }],
      '.members[0].url = "https://192.168.100.10:30990/federate": must be an https URL of host and port alone, such as https://192.168.100.10:30990',
    ],
  ];
  test.each(cases)("refuse %s", (_, members, problem) => {
    const raw = hubConfig(secrets, { ...HUB_OBJECT, members });
    expect(problems(raw, "cloud")).toEqual([`  - federation:hub${problem}`]);
  });

  test("refuse one cluster and one URL twice", () => {
    expect(problems(hubConfig(secrets, { ...HUB_OBJECT, members: [member, member] }), "cloud")).toEqual([
      '  - federation:hub.members[1].cluster = "hpc": must differ from federation:hub.members[0].cluster',
      '  - federation:hub.members[1].url = "https://192.168.100.10:30990": must differ from federation:hub.members[0].url',
    ]);
  });
});

describe("secrets", () => {
  test("are never shown, however wrong they are", () => {
    const broken = structuredClone(secrets);
    const [generation] = broken.generations;
    const { server, local } = generation.clusters.hpc!;
    server.key = "sesame-key";
    local.hash = "sesame-hash";
    const raw = { ...hubConfig(broken), "federation:kubeconfig": "sesame-kubeconfig" };
    const message = refusal(raw, "cloud");
    expect(message).not.toContain("sesame");
    expect(message.split("\n").slice(1)).toEqual([
      "  - federation:kubeconfig: must be a kubeconfig with clusters, users and contexts (npm run init -- --kubeconfig FILE records it)",
      "  - federation:hubSecrets.generations[0].clusters.hpc.server: must be what npm run init wrote: run it again (the key is not the certificate's)",
      "  - federation:hubSecrets.generations[0].clusters.hpc.local.hash: must be what npm run init wrote: run it again (no bcrypt hash)",
    ]);
    expect(problems({ ...hubConfig(secrets), "federation:hubSecrets": "sesame" }, "cloud")).toEqual([
      "  - federation:hubSecrets: must be an object (its text is not JSON)",
    ]);
  });

  test("must stand encrypted, and in keys of their own", () => {
    const keys = new Set(["federation:hub", "federation:hubSecrets"]);
    const wrong = edited(edited(HUB_OBJECT, "prometheus.scrapeInterval", "sesame"), "prometheus.retention", {
      size: "77GB",
    });
    const raw = hubConfig(secrets, wrong);
    expect(problems(raw, "cloud", keys)).toEqual([
      "  - federation:kubeconfig: must be a secret (pulumi config set --secret), not plain text",
      "  - federation:hub: must not hold a secret: secrets stand in keys of their own",
      "  - federation:hub.prometheus.scrapeInterval: must be a Prometheus duration above zero such as 15s, 1m30s or 15d",
      "  - federation:hub.prometheus.retention.size: must be at most 80 % of prometheus.storage.size (50Gi), that is 40GB",
    ]);
  });

  test("must cover every listed member, and be absent beside existing Secrets", () => {
    const more = {
      ...HUB_OBJECT,
      members: [...HUB_OBJECT.members, { cluster: "hpc2", url: "https://192.168.101.10:30990" }],
    };
    expect(problems(hubConfig(secrets, more), "cloud")).toEqual([
      "  - federation:hubSecrets: has no credentials of cluster hpc2: npm run init -- --stack cloud makes them",
    ]);
    const existing = edited(HUB_OBJECT, "prometheus.existingSecrets", ["prometheus-tls"]);
    expect(problems(hubConfig(secrets, existing), "cloud")).toEqual([
      "  - federation:hubSecrets: must be absent where hub.prometheus.existingSecrets is set",
    ]);
    const { "federation:hubSecrets": _, ...without } = hubConfig(secrets, existing);
    expect(parseSettings(without, "cloud", SECRET_KEYS)).not.toHaveProperty("hubSecrets");
  });
});
