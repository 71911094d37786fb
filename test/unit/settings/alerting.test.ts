import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import { DEFAULT_OBJECTIVES } from "../../../rules/alerts";
import type { HubSecrets } from "../../../settings/credentials";
import { alertClients, alertUser } from "../../../settings/credentials";
import { parseSettings } from "../../../settings/parse";
import { SettingsError } from "../../../settings/problems";
import { rotate } from "../../../commands/credentials";
import {
  CLUSTERS,
  edited,
  HUB_OBJECT,
  hubConfig,
  MEMBER_OBJECT,
  memberConfig,
  sampleSecrets,
  SECRET_KEYS,
} from "./samples";

let secrets: HubSecrets;
beforeAll(async () => {
  secrets = await sampleSecrets();
});

const SECRETS = new Set([...SECRET_KEYS, "federation:receiverSecrets"]);

const withAlerting = (alerting: object): unknown =>
  edited(HUB_OBJECT, "alerting", { ...HUB_OBJECT.alerting, ...alerting });

function hub(alerting: object, receiverSecrets?: object) {
  const parsed = parseSettings(
    {
      ...hubConfig(secrets, withAlerting(alerting)),
      ...(receiverSecrets === undefined
        ? {}
        : { "federation:receiverSecrets": JSON.stringify(receiverSecrets) }),
    },
    "cloud",
    SECRETS,
  );
  if (parsed.role !== "hub") throw new Error("not a hub");
  return parsed;
}

function refused(alerting: object, receiverSecrets?: object): readonly string[] {
  try {
    hub(alerting, receiverSecrets);
  } catch (error) {
    if (error instanceof SettingsError)
      return error.message
        .split("\n")
        .slice(1)
        .map((line) => line.trim());
    throw error;
  }
  throw new Error("the settings were accepted");
}

const RECEIVERS = [
  { kind: "pagerduty", name: "pager", causes: ["critical"] },
  { kind: "webhook", name: "dead-man", causes: ["heartbeat"], auth: "bearer" },
  {
    kind: "email",
    name: "team",
    causes: ["warning"],
    to: "a@x.example",
    from: "b@x.example",
    smarthost: "mail:25",
  },
];
const FILES = { "pager.key": "k", "dead-man.url": "https://x.example", "dead-man.token": "t" };

describe("alerting", () => {
  it("needs the runbook's URL alone", () => {
    expect(hub({}).hub.alerting).toEqual({
      runbookUrl: HUB_OBJECT.alerting.runbookUrl,
      receivers: [],
      thresholds: DEFAULT_THRESHOLDS,
      objectives: DEFAULT_OBJECTIVES,
      expose: { kind: "nodePort", ports: [30993, 30994], allowFrom: ["0.0.0.0/0"] },
    });
    expect(refused({ runbookUrl: undefined })).toEqual([
      expect.stringContaining("federation:hub.alerting.runbookUrl: is missing: must be an https URL"),
    ]);
  });

  it("takes receivers with just the secrets they need", () => {
    expect(hub({ receivers: RECEIVERS }, FILES).receiverSecrets).toEqual(FILES);
    const { "dead-man.url": _, ...lacking } = FILES;
    expect(refused({ receivers: RECEIVERS }, { ...lacking, "chat.url": "u" })).toEqual([
      expect.stringContaining(`has no "dead-man.url", which receiver dead-man needs`),
      expect.stringContaining(`holds "chat.url", which no receiver needs`),
    ]);
    expect(refused({ receivers: RECEIVERS })).toHaveLength(3);
  });

  it("changes limits one by one", () => {
    const { thresholds } = hub({ thresholds: { gpuTemperature: { critical: 95 } } }).hub.alerting;
    expect(thresholds).toEqual({
      ...DEFAULT_THRESHOLDS,
      gpuTemperature: { ...DEFAULT_THRESHOLDS.gpuTemperature, critical: 95 },
    });
  });

  it.each([
    [{ thresholds: { gpuTemperature: { warning: 99 } } }, "thresholds.gpuTemperature"],
    [{ thresholds: { health: { warning: 10 } } }, "thresholds.health"],
    [{ thresholds: { inferenceP95: { warning: 0.7 } } }, "thresholds.inferenceP95.warning"],
    [{ thresholds: { coldStart: { warning: 15 } } }, "thresholds.coldStart.warning"],
    [{ thresholds: { heat: {} } }, "thresholds"],
    [{ objectives: { success: 1 } }, "objectives.success"],
    [{ receivers: [{ kind: "sms", name: "a", causes: ["critical"] }] }, "receivers[0].kind"],
    [{ receivers: [{ kind: "pagerduty", name: "A", causes: [] }] }, "receivers[0].name"],
    [{ expose: { nodePorts: [30993] } }, "expose.nodePorts"],
    [{ expose: { nodePorts: [30993, 30993] } }, "expose.nodePorts"],
    [{ expose: {} }, "expose"],
    [{ groupInterval: "soon" }, "groupInterval"],
    [{ groupInterval: "15s" }, "groupInterval"],
  ])("refuses %j by its key", (alerting, key) => {
    expect(refused(alerting)).toEqual(
      expect.arrayContaining([expect.stringContaining(`federation:hub.alerting.${key}`)]),
    );
  });

  it("refuses a node port that Prometheus has, and a receiver's name twice", () => {
    const object = edited(withAlerting({ receivers: [RECEIVERS[0], RECEIVERS[0]] }), "prometheus.expose", {
      nodePort: 30994,
    });
    const raw = {
      ...hubConfig(secrets, object),
      "federation:receiverSecrets": JSON.stringify({ "pager.key": "k" }),
    };
    expect(() => parseSettings(raw, "cloud", SECRETS)).toThrow(
      /alerting\.receivers\[1\]\.name = "pager": must differ[^]*alerting\.expose\.nodePorts = \[30993,30994\]: must differ from prometheus\.expose\.nodePort/,
    );
  });

  it("asks a member for the hub's replicas, and a cluster with DCGM for its GPUs", () => {
    const lacking = edited(
      edited(MEMBER_OBJECT, "alerting.hubAlertmanagers", undefined),
      "kubernetes.dcgmExporter",
      {
        namespace: "gpu-operator",
        labels: { app: "dcgm" },
        port: 9400,
      },
    );
    expect(() => parseSettings(memberConfig(lacking), "hpc", SECRET_KEYS)).toThrow(
      /member\.inventory\.gpus: is missing: DCGM measures GPUs here[^]*|alerting\.hubAlertmanagers/,
    );
  });
});

describe("the user with whom a member sends alerts", () => {
  it("is the newest, and let in from the hub's first step of a rotation on", async () => {
    const { secrets: both } = await rotate(secrets, CLUSTERS, new Date());
    expect(alertUser(secrets, "hpc").username).toBe("alerts-hpc-1");
    expect(alertUser(both, "hpc").username).toBe("alerts-hpc-2");
    expect(Object.keys(alertClients(secrets, ["hpc"]))).toEqual(["alerts-hpc-1"]);
    expect(Object.keys(alertClients(both, ["hpc"]))).toEqual(["alerts-hpc-1", "alerts-hpc-2"]);
    expect(() => alertUser(secrets, "cloud")).toThrow("holds no user with whom cloud could send alerts");
  });
});
