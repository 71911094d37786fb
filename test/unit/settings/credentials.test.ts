import * as tls from "node:tls";
import type { AddressInfo } from "node:net";
import { compare } from "bcryptjs";
import { finishRotation, rotate } from "../../../commands/credentials";
import {
  benchmarkUser,
  federationUsers,
  type HubSecrets,
  hubSecretsSchema,
  hubWebCredentials,
  memberWebCredentials,
} from "../../../settings/credentials";
import type { UserPassword, WebCredentials } from "../../../settings/types";
import { CLUSTERS, sampleSecrets } from "./samples";

/** The three contents that a stack's secrets have during a rotation. */
type Phase = "old" | "both" | "new";

let phases: Readonly<Record<Phase, HubSecrets>>;
beforeAll(async () => {
  const now = new Date();
  const old = await sampleSecrets(now);
  const both = (await rotate(old, CLUSTERS, now)).secrets;
  phases = { old, both, new: finishRotation(both).secrets };
});

const hub = (phase: Phase): WebCredentials => hubWebCredentials(phases[phase], "cloud");
const member = (phase: Phase): WebCredentials => memberWebCredentials(phases[phase], "hpc");

/** Error code of a real TLS handshake, undefined where the client verifies the server. */
async function handshake(
  server: WebCredentials,
  client: WebCredentials,
  host: string,
): Promise<string | undefined> {
  const listener = tls.createServer({ cert: server.serverCertificate, key: server.serverKey });
  listener.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  try {
    return await new Promise((resolve) => {
      const socket = tls.connect({
        port: (listener.address() as AddressInfo).port,
        host: "127.0.0.1",
        ca: client.caCertificates,
        checkServerIdentity: (_, certificate) => tls.checkServerIdentity(host, certificate),
      });
      socket.on("secureConnect", () => {
        socket.destroy();
        resolve(undefined);
      });
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    await new Promise((resolve) => listener.close(resolve));
  }
}

async function accepts(server: WebCredentials, { username, password }: UserPassword): Promise<boolean> {
  const hash = server.users[username];
  return hash !== undefined && (await compare(password, hash));
}

/** What keeps the hub from scraping the member; undefined where nothing does. */
async function scrapeProblem(hubPod: Phase, memberPod: Phase): Promise<string | undefined> {
  const tlsProblem = await handshake(member(memberPod), hub(hubPod), "192.168.100.10");
  if (tlsProblem !== undefined) return tlsProblem;
  const user = federationUsers(phases[hubPod], ["hpc"]).hpc!;
  return (await accepts(member(memberPod), user)) ? undefined : "401";
}

/** Stacks after each of the four `up`s; a pod may still hold what its stack had before. */
interface State {
  readonly hubPod: Phase;
  readonly memberPod: Phase;
}

/** Every state of the pods while the steps are taken one after the other, each synced before the next. */
function reachable(): State[] {
  const steps: readonly { readonly side: keyof State; readonly to: Phase }[] = [
    { side: "hubPod", to: "both" },
    { side: "memberPod", to: "both" },
    { side: "hubPod", to: "new" },
    { side: "memberPod", to: "new" },
  ];
  const states: State[] = [{ hubPod: "old", memberPod: "old" }];
  for (const { side, to } of steps) states.push({ ...states[states.length - 1]!, [side]: to });
  return states;
}

test("no scrape fails in any state of the pods that four synced steps lead through", async () => {
  const states = reachable();
  expect(states).toEqual([
    { hubPod: "old", memberPod: "old" },
    { hubPod: "both", memberPod: "old" },
    { hubPod: "both", memberPod: "both" },
    { hubPod: "new", memberPod: "both" },
    { hubPod: "new", memberPod: "new" },
  ]);
  for (const { hubPod, memberPod } of states)
    expect({ hubPod, memberPod, problem: await scrapeProblem(hubPod, memberPod) }).toEqual({
      hubPod,
      memberPod,
    });
});

test("the member's first step needs not wait for the hub's pod: a bridge leads from the old CA to the new certificate", async () => {
  expect(await scrapeProblem("old", "both")).toBeUndefined();
  const bridge = phases.both.generations[1]!.ca.crossSigned!;
  const without = {
    ...member("both"),
    serverCertificate: member("both").serverCertificate.replace(bridge, ""),
  };
  expect(await handshake(without, hub("old"), "192.168.100.10")).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
});

test.each([
  ["new", "old", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ["old", "new", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ["both", "new", "401"],
] as const)(
  "the other steps must wait: a %s hub is refused by a member that is %s",
  async (hubPod, memberPod, problem) => {
    expect(await scrapeProblem(hubPod, memberPod)).toBe(problem);
  },
);

test.each(["old", "both", "new"] as const)(
  "probes and self-scrapes work from the one Secret of a pod (%s)",
  async (phase) => {
    for (const own of [hub(phase), member(phase)]) {
      expect(await handshake(own, own, "localhost")).toBeUndefined();
      expect(await accepts(own, own.local)).toBe(true);
    }
  },
);

test.each([
  ["old", "both"],
  ["both", "both"],
  ["both", "new"],
] as const)(
  "people who hold the %s credentials reach either cluster while it is at %s, if both overlap",
  async (held, phase) => {
    const overlap = held === "old" || phase === "both";
    for (const [person, server] of [
      [hub(held), hub(phase)],
      [member(held), member(phase)],
    ] as const) {
      expect(await handshake(server, person, "127.0.0.1")).toBeUndefined();
      expect(await accepts(server, person.local)).toBe(overlap);
    }
  },
);

test("holds exactly the users and CAs of its phase", () => {
  expect(["old", "both", "new"].map((phase) => Object.keys(member(phase as Phase).users))).toEqual([
    ["local-1", "federation-1"],
    ["local-1", "federation-1", "local-2", "federation-2"],
    ["local-2", "federation-2"],
  ]);
  expect(["old", "both", "new"].map((phase) => Object.keys(hub(phase as Phase).users))).toEqual([
    ["local-1", "benchmark-1"],
    ["local-1", "benchmark-1", "local-2", "benchmark-2"],
    ["local-2", "benchmark-2"],
  ]);
  const cas = (web: WebCredentials) => web.caCertificates.split("BEGIN CERTIFICATE").length - 1;
  expect(
    ["old", "both", "new"].map((phase) => [cas(hub(phase as Phase)), cas(member(phase as Phase))]),
  ).toEqual([
    [1, 1],
    [2, 2],
    [1, 1],
  ]);
  expect(federationUsers(phases.both, ["hpc"]).hpc!.username).toBe("federation-1");
  expect(federationUsers(phases.new, ["hpc"]).hpc!.username).toBe("federation-2");
  expect(hub("both").serverCertificate).toBe(hub("old").serverCertificate);
  expect(member("both").serverCertificate.startsWith(member("new").serverCertificate)).toBe(true);
});

test("certificates name the address and the Service, and nothing else", async () => {
  const server = member("old");
  expect(await handshake(server, server, "prometheus")).toBeUndefined();
  expect(await handshake(server, server, "192.168.100.11")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  expect(await handshake(server, server, "example.com")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
});

test("says which cluster has no credentials", () => {
  expect(() => memberWebCredentials(phases.old, "hpc2")).toThrow(
    "generation 1 holds no credentials of cluster hpc2",
  );
  expect(() => federationUsers(phases.old, ["cloud"])).toThrow(
    "cluster cloud has no user that the hub could scrape it with",
  );
});

test("a third generation, or two in the wrong order, are no secrets of a hub", () => {
  const [old, newer] = phases.both.generations;
  expect(hubSecretsSchema.safeParse(phases.both).success).toBe(true);
  expect(hubSecretsSchema.safeParse({ generations: [newer, old] }).success).toBe(false);
  expect(hubSecretsSchema.safeParse({ generations: [old, newer, { ...newer, id: 3 }] }).success).toBe(false);
  expect(hubSecretsSchema.safeParse({ generations: [] }).success).toBe(false);
});

describe("the user of benchmarks", () => {
  it.each([
    ["old", "old", "benchmark-1", undefined],
    ["both", "old", "benchmark-1", undefined],
    ["both", "both", "benchmark-1", undefined],
    // the pod still serves the old certificate: benchmarks wait until its Secret is synced
    ["new", "both", "benchmark-2", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["new", "new", "benchmark-2", undefined],
  ] as const)("of secrets %s is let in by a Prometheus that has %s", async (own, pod, name, problem) => {
    const user = benchmarkUser(phases[own], "cloud");
    expect(user.username).toBe(name);
    expect(await accepts(hub(pod), user)).toBe(true);
    const trusting = { ...hub(own), caCertificates: user.ca };
    expect(await handshake(hub(pod), trusting, "192.168.200.10")).toBe(problem);
  });

  it("must have been made", () => {
    const [generation] = phases.old.generations;
    const { benchmark: _, ...cloud } = generation.clusters.cloud!;
    const clusters = { ...generation.clusters, cloud };
    expect(() => benchmarkUser({ generations: [{ ...generation, clusters }] }, "cloud")).toThrow(
      "generation 1 holds no user with whom benchmarks could write",
    );
  });
});
