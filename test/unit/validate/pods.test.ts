import { uniqueName, volumePod, waitingFor } from "../../../commands/validate/pods";
import type { PodTemplateSpec } from "../../../commands/validate/pods";

const template: PodTemplateSpec = {
  serviceAccountName: "model-sync",
  nodeSelector: { storage: "beegfs" },
  tolerations: [{ key: "storage", operator: "Exists" }],
  securityContext: { runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534, supplementalGroups: [7] },
  containers: [
    {
      name: "model-sync",
      image: "node:24@sha256:0",
      volumeMounts: [
        { name: "credentials", mountPath: "/etc/model-sync/credentials" },
        { name: "models", mountPath: "/mnt/beegfs", readOnly: true, mountPropagation: "HostToContainer" },
      ],
    },
  ],
  volumes: [
    { name: "credentials", secret: { secretName: "s" } },
    { name: "models", hostPath: { path: "/mnt/beegfs" } },
  ],
};

interface Made {
  readonly spec: {
    readonly securityContext: object;
    readonly containers: readonly {
      readonly command: readonly string[];
      readonly volumeMounts: readonly object[];
    }[];
    readonly volumes: readonly object[];
  } & Record<string, unknown>;
}

const pod = (more: object = {}, of = template): Made =>
  volumePod(of, "validate-x", { purpose: "x", script: "1", input: { a: 1 }, ...more }) as Made;

test("a pod that looks is where the worker is, as the worker's user, with the models alone and reading only", () => {
  const { spec } = pod();
  expect(spec.securityContext).toEqual(template.securityContext);
  expect(spec.containers[0]?.command).toEqual(["node", "-e", "1", "--", '{"a":1}']);
  expect(spec.containers[0]?.volumeMounts).toEqual([
    { name: "models", mountPath: "/mnt/beegfs", readOnly: true, mountPropagation: "HostToContainer" },
  ]);
  expect(spec.volumes).toEqual([{ name: "models", hostPath: { path: "/mnt/beegfs" } }]);
  expect(spec).toMatchObject({
    serviceAccountName: "model-sync",
    automountServiceAccountToken: false,
    nodeSelector: { storage: "beegfs" },
    tolerations: [{ key: "storage", operator: "Exists" }],
    restartPolicy: "Never",
    activeDeadlineSeconds: 60,
  });
});

test.each([
  [{ uid: 0, gid: 0 }, false],
  [{ uid: 1000, gid: 50 }, true],
])("a pod that writes is the folder's owner %j", (writeAs, runAsNonRoot) => {
  const { spec } = pod({ writeAs });
  expect(spec.securityContext).toEqual({
    runAsNonRoot,
    runAsUser: writeAs.uid,
    runAsGroup: writeAs.gid,
    supplementalGroups: [7],
  });
  expect(spec.containers[0]?.volumeMounts).toMatchObject([{ readOnly: false }]);
});

test("a claim is mounted for writing only by a pod that writes", () => {
  const claim = { name: "models", persistentVolumeClaim: { claimName: "trained", readOnly: true } };
  const of = { ...template, volumes: [claim] };
  expect(pod({}, of).spec.volumes).toEqual([claim]);
  expect(pod({ writeAs: { uid: 1, gid: 1 } }, of).spec.volumes).toEqual([
    { name: "models", persistentVolumeClaim: { claimName: "trained", readOnly: false } },
  ]);
});

test("a CronJob of something else is refused", () => {
  expect(() => pod({}, { ...template, volumes: [] })).toThrow("mount no volume of models");
});

test("names differ", () => {
  expect(uniqueName("validate-x")).toMatch(/^validate-x-[a-z0-9]{10,20}$/);
  expect(uniqueName("validate-x")).not.toBe(uniqueName("validate-x"));
});

test("says why a pod does not run", () => {
  expect(
    waitingFor({
      status: {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes are available" }],
      },
    }),
  ).toBe("Pending: 0/1 nodes are available");
  const state = { waiting: { reason: "ImagePullBackOff", message: "not found" } };
  expect(waitingFor({ status: { phase: "Pending", containerStatuses: [{ state }] } })).toBe(
    "Pending: ImagePullBackOff: not found",
  );
  expect(waitingFor({})).toBe("no phase");
});
