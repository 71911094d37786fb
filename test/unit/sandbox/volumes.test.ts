import { bytesOf } from "../../../sandbox/clusters/quantity";
import { planVolumes, volumeObject, type Claim, type Volume } from "../../../sandbox/clusters/volumePlan";

const claim = (change: {
  node?: string;
  volume?: string;
  phase?: string;
  capacity?: string;
  size?: string;
  storageClass?: string;
  deleted?: boolean;
}): Claim => ({
  metadata: {
    name: "data",
    namespace: "federation",
    uid: "1",
    annotations: change.node === undefined ? {} : { "volume.kubernetes.io/selected-node": change.node },
    ...(change.deleted === true ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
  },
  spec: {
    storageClassName: change.storageClass ?? "local-path",
    ...(change.volume === undefined ? {} : { volumeName: change.volume }),
    resources: { requests: { storage: change.size ?? "64Mi" } },
  },
  status: {
    phase: change.phase ?? "Pending",
    ...(change.capacity === undefined ? {} : { capacity: { storage: change.capacity } }),
  },
});

const volume = (phase: string, change: { by?: string; policy?: string } = {}): Volume => ({
  metadata: {
    name: "pvc-1",
    annotations: { "pv.kubernetes.io/provisioned-by": change.by ?? "sandbox.federation/loop" },
  },
  spec: { capacity: { storage: "64Mi" }, persistentVolumeReclaimPolicy: change.policy ?? "Delete" },
  status: { phase },
});

const kinds = (claims: Claim[], volumes: Volume[], stored: string[] = []): string[] =>
  planVolumes(claims, volumes, stored).map(({ kind, volume: name }) => `${kind} ${name}`);

describe("planVolumes", () => {
  it("provisions nothing before the scheduler has chosen a node", () => {
    expect(kinds([claim({})], [])).toEqual([]);
  });

  it("provisions a claim once its pod's node is chosen", () => {
    expect(planVolumes([claim({ node: "hpc-0" })], [], [])).toMatchObject([
      { kind: "provision", volume: "pvc-1", size: "64Mi" },
    ]);
  });

  it("leaves other storage classes and claims that are being deleted alone", () => {
    expect(kinds([claim({ node: "hpc-0", storageClass: "other" })], [])).toEqual([]);
    expect(kinds([claim({ node: "hpc-0", deleted: true })], [])).toEqual([]);
  });

  it("does not provision twice while a volume waits to be bound", () => {
    expect(kinds([claim({ node: "hpc-0" })], [volume("Available")], ["pvc-1"])).toEqual(["mount pvc-1"]);
  });

  it("grows a bound claim that asks for more than it has, and no other", () => {
    const bound = { node: "hpc-0", volume: "pvc-1", phase: "Bound", capacity: "64Mi" };
    const grown = [claim({ ...bound, size: "128Mi" })];
    expect(kinds(grown, [volume("Bound")], ["pvc-1"])).toEqual(["mount pvc-1", "grow pvc-1"]);
    expect(kinds([claim({ ...bound, size: "0.0625Gi" })], [volume("Bound")], ["pvc-1"])).toEqual([
      "mount pvc-1",
    ]);
  });

  it("removes a released volume under Delete, keeps it under Retain", () => {
    expect(kinds([], [volume("Released")], ["pvc-1"])).toContain("remove pvc-1");
    expect(kinds([], [volume("Released", { policy: "Retain" })], ["pvc-1"])).toEqual(["mount pvc-1"]);
  });

  it("removes the image that a crash left without claim and volume", () => {
    expect(kinds([], [], ["pvc-7"])).toEqual(["remove pvc-7"]);
  });

  it("never touches a volume of another provisioner", () => {
    expect(kinds([], [volume("Released", { by: "example.com/other" })])).toEqual([]);
  });
});

describe("volumeObject", () => {
  it("is local to the node and bound to one claim", () => {
    expect(volumeObject(claim({}), "64Mi", "/volumes/pvc-1", "hpc-0")).toMatchObject({
      metadata: { name: "pvc-1" },
      spec: {
        capacity: { storage: "64Mi" },
        local: { path: "/volumes/pvc-1" },
        claimRef: { name: "data", namespace: "federation", uid: "1" },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", values: ["hpc-0"] }] }],
          },
        },
      },
    });
  });
});

describe("bytesOf", () => {
  it.each([
    ["64Mi", 67108864],
    ["1G", 1e9],
    ["1.5Gi", 1610612736],
    ["1024", 1024],
    ["2k", 2000],
  ])("%s is %d bytes", (quantity, bytes) => {
    expect(bytesOf(quantity)).toBe(bytes);
  });

  it.each(["", "Mi", "64MB", "-1Gi", "64 Mi"])("refuses %p", (quantity) => {
    expect(() => bytesOf(quantity)).toThrow(/not a storage quantity/);
  });
});
