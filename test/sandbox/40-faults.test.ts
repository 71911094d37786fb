import { until } from "../../sandbox/checks";
import { query, queryValue, targets } from "../../sandbox/prometheus";
import {
  applyAsOwner,
  endpoints,
  federationHealthy,
  getObject,
  nudge,
  type KubeObject,
  type Stack,
} from "../support/live";

const at = endpoints();

/** The health job's last error on the hub, empty while it is up. */
async function healthError(): Promise<string> {
  const target = (await targets(at.hub)).find(({ labels }) => labels.job === "federate-health");
  return target === undefined ? "no federate-health target" : target.lastError;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

type Data = Readonly<Record<string, string>>;

/** Plants a change in the data of a ConfigMap or Secret, waits for what it must show, and puts it right again. */
async function withData(
  stack: Stack,
  kind: "configmap" | "secret",
  name: string,
  change: (data: Data) => Data,
  shows: () => Promise<void>,
): Promise<void> {
  const before: KubeObject = getObject(stack, kind, name);
  const data = before.data as Data;
  applyAsOwner(stack, before, { data: change(data) });
  nudge(stack);
  try {
    await shows();
  } finally {
    applyAsOwner(stack, getObject(stack, kind, name), { data });
    nudge(stack);
  }
}

/** Everything on the hub that has nothing to do with the member goes on as before. */
async function nothingElseSuffers(): Promise<void> {
  const down = await query(at.hub, 'up{cluster="cloud"} == 0');
  expect(down).toEqual([]);
  const age = await queryValue(
    at.hub,
    'time() - max(fed_cluster:heartbeat:timestamp_seconds{cluster="cloud"})',
  );
  expect(age).toBeLessThan(45);
}

// a change of a Secret or ConfigMap reaches the pod with the kubelet's next sync, up to about a minute and a half
const syncSeconds = 150;

describe("faults between hub and member are named rightly", () => {
  beforeAll(() => federationHealthy());
  afterEach(() => federationHealthy());

  it("names a wrong password", async () => {
    await withData(
      "cloud",
      "secret",
      "prometheus-credentials",
      (data) => ({ ...data, "member-hpc.password": base64("wrong") }),
      async () => {
        await until("401", syncSeconds, async () => {
          const error = await healthError();
          return error.includes("401 Unauthorized") ? [] : [`last error: ${error}`];
        });
        await nothingElseSuffers();
      },
    );
  });

  it("names a wrong CA", async () => {
    const other = getObject("cloud", "configmap", "kube-root-ca.crt").data as Data;
    await withData(
      "cloud",
      "secret",
      "prometheus-credentials",
      (data) => ({ ...data, "member-hpc.ca.crt": base64(other["ca.crt"] ?? "") }),
      async () => {
        await until("an unknown authority", syncSeconds, async () => {
          const error = await healthError();
          return error.includes("certificate signed by unknown authority") ? [] : [`last error: ${error}`];
        });
        await nothingElseSuffers();
      },
    );
  });

  it("finds a member stale whose rules stall while /federate answers", async () => {
    await withData(
      "hpc",
      "configmap",
      "prometheus-config",
      (data) =>
        Object.fromEntries(
          Object.entries(data).map(([file, text]) => [
            file,
            // the heartbeat's group is evaluated once in a day from now on
            file.startsWith("rules-")
              ? text.replace(/^( *)- name: (.*heartbeat.*)$/m, "$1- name: $2\n$1  interval: 1d")
              : text,
          ]),
        ),
      async () => {
        const stale = 'fed_hub:heartbeat:stale{cluster="hpc"}';
        await until("staleness by value", syncSeconds + 120, async () =>
          (await queryValue(at.hub, stale)) === 1 ? [] : [`${stale} is not 1`],
        );
        // the scrape itself is fine: only the value tells
        expect(await healthError()).toBe("");
        expect(await queryValue(at.hub, 'up{member="hpc",job="federate-health"}')).toBe(1);
        await nothingElseSuffers();
      },
    );
  });
});
