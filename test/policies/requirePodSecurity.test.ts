import { exemptions } from "../../policies/exemptions";
import { requirePodSecurity as policy } from "../../policies/rules/requirePodSecurity";
import { analyze, unknown, violations } from "./engine";
import type { Props } from "./fixtures";
import { container, deployment, nested, podSpec, workloads } from "./fixtures";

const secure = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
const inPod = 'Deployment "subject", spec.template.spec.';
const inContainer = 'Deployment "subject", container "app", spec.template.spec.containers[0].';
const volumeTypes =
  "configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret";

const refused = (spec: Props) => violations(policy, "apps/v1:Deployment", deployment(spec));

describe("require-pod-security", () => {
  it.each(workloads)("accepts a restricted pod in %s", async (type, path) => {
    expect(await violations(policy, type, nested(path, podSpec()))).toEqual([]);
  });

  it("accepts what restricted allows beside", async () => {
    const securityContext = {
      ...secure,
      capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
      runAsNonRoot: true,
      seccompProfile: { type: "Localhost", localhostProfile: "p.json" },
      procMount: "Default",
      seLinuxOptions: { type: "container_t", level: "s0" },
      appArmorProfile: { type: "RuntimeDefault" },
    };
    const spec = podSpec({
      securityContext: { sysctls: [{ name: "net.ipv4.tcp_syncookies", value: "1" }] },
      containers: [container({ securityContext, ports: [{ containerPort: 9090 }] })],
      volumes: [
        { name: "all", projected: {} },
        { name: "s", secret: {} },
        { name: "c", configMap: {} },
      ],
    });
    expect(await refused(spec)).toEqual([]);
  });

  it("says everything a pod without any security context lacks", async () => {
    expect(await refused({ containers: [{ name: "app" }] })).toEqual([
      `${inContainer}securityContext.runAsNonRoot: must be true, here or in the pod's securityContext`,
      `${inContainer}securityContext.seccompProfile.type: must be RuntimeDefault, here or in the pod's securityContext`,
      `${inContainer}securityContext.allowPrivilegeEscalation: must be false`,
      `${inContainer}securityContext.readOnlyRootFilesystem: must be true; mount an emptyDir where it writes`,
      `${inContainer}securityContext.capabilities.drop: must have "ALL"`,
    ]);
  });

  it.each<[Props, string]>([
    [{ hostNetwork: true }, "hostNetwork: shares the node's namespace; remove it"],
    [{ hostPID: true }, "hostPID: shares the node's namespace; remove it"],
    [{ hostIPC: true }, "hostIPC: shares the node's namespace; remove it"],
    [
      {
        volumes: [
          { name: "a", emptyDir: {} },
          { name: "b", hostPath: { path: "/" } },
        ],
      },
      `volumes[1].hostPath: is no volume of a restricted pod; use one of ${volumeTypes}`,
    ],
    [
      { volumes: [{ name: "a", nfs: { server: "s", path: "/" } }] },
      `volumes[0].nfs: is no volume of a restricted pod; use one of ${volumeTypes}`,
    ],
  ])("refuses the pod's %j", async (changes, message) => {
    expect(await refused(podSpec(changes))).toEqual([inPod + message]);
  });

  it.each<[Props, string]>([
    [{ runAsUser: 0 }, "securityContext.runAsUser: is root; set another user"],
    [
      { windowsOptions: { hostProcess: true } },
      "securityContext.windowsOptions.hostProcess: runs on the node itself; remove it",
    ],
    [
      { seLinuxOptions: { type: "spc_t" } },
      "securityContext.seLinuxOptions.type: is not a container's type; remove it",
    ],
    [
      { seLinuxOptions: { user: "system_u" } },
      "securityContext.seLinuxOptions.user: must not be chosen; remove it",
    ],
    [
      { appArmorProfile: { type: "Unconfined" } },
      "securityContext.appArmorProfile.type: is Unconfined; set RuntimeDefault",
    ],
  ])("refuses %j in pods and in containers", async (changes, message) => {
    const base = podSpec().securityContext as Props;
    expect(await refused(podSpec({ securityContext: { ...base, ...changes } }))).toEqual([inPod + message]);
    const own = podSpec({ containers: [container({ securityContext: { ...secure, ...changes } })] });
    expect(await refused(own)).toEqual([inContainer + message]);
  });

  it("refuses a sysctl that is not safe", async () => {
    const base = podSpec().securityContext as Props;
    const sysctls = [{ name: "kernel.shm_rmid_forced" }, { name: "kernel.msgmax", value: "1" }];
    expect(await refused(podSpec({ securityContext: { ...base, sysctls } }))).toEqual([
      `${inPod}securityContext.sysctls[1]: is not one of the safe sysctls; remove it`,
    ]);
  });

  it.each<[Props, string]>([
    [{ privileged: true }, "securityContext.privileged: must not be true; remove it"],
    [{ allowPrivilegeEscalation: true }, "securityContext.allowPrivilegeEscalation: must be false"],
    [
      { readOnlyRootFilesystem: false },
      "securityContext.readOnlyRootFilesystem: must be true; mount an emptyDir where it writes",
    ],
    [{ capabilities: { drop: ["NET_RAW"] } }, 'securityContext.capabilities.drop: must have "ALL"'],
    [
      { capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "SYS_ADMIN"] } },
      "securityContext.capabilities.add: may have NET_BIND_SERVICE alone; remove the others",
    ],
    [{ procMount: "Unmasked" }, "securityContext.procMount: must be Default; remove it"],
    [
      { runAsNonRoot: false },
      "securityContext.runAsNonRoot: must be true, here or in the pod's securityContext",
    ],
    [
      { seccompProfile: { type: "Unconfined" } },
      "securityContext.seccompProfile.type: must be RuntimeDefault, here or in the pod's securityContext",
    ],
  ])("refuses the container's %j", async (changes, message) => {
    const spec = podSpec({ containers: [container({ securityContext: { ...secure, ...changes } })] });
    expect(await refused(spec)).toEqual([inContainer + message]);
  });

  it("refuses a port of the node, and looks at init containers too", async () => {
    const ports = [
      { containerPort: 1, hostPort: 0 },
      { containerPort: 80, hostPort: 80 },
    ];
    expect(await refused(podSpec({ initContainers: [container({ name: "init", ports })] }))).toEqual([
      'Deployment "subject", container "init", spec.template.spec.initContainers[0].ports[1].hostPort: takes a port of the node; remove it',
    ]);
  });

  it("says as an advisory what is not known yet, and still stops what it knows", async () => {
    const spec = podSpec({
      hostNetwork: unknown,
      hostPID: true,
      containers: [container({ securityContext: { ...secure, privileged: unknown } }), { name: "bare" }],
    });
    const findings = await analyze(policy, "apps/v1:Deployment", deployment(spec));
    expect(findings.filter(({ level }) => level === "advisory")).toEqual([
      {
        level: "advisory",
        message:
          "can't run policy 'require-pod-security' from policy pack 'federation@v0.1.0' during preview: string value at .spec.template.spec.hostNetwork can't be known during preview",
      },
    ]);
    const stopped = findings.filter(({ level }) => level === "mandatory").map(({ message }) => message);
    expect(stopped).toHaveLength(4);
    expect(stopped[0]).toBe(`${inPod}hostPID: shares the node's namespace; remove it`);
    expect(stopped.slice(1).every((message) => message.includes('container "bare"'))).toBe(true);
  });
});

describe("the exemptions of require-pod-security", () => {
  const mount = { name: "root", mountPath: "/host/root", readOnly: true };
  const agent =
    (changes: Props = {}, labels: Props = { "app.kubernetes.io/name": "node-exporter" }) =>
    (namespace: string, mounts: Props[] = [mount]): Props => ({
      metadata: { namespace },
      spec: {
        template: {
          metadata: { labels },
          spec: podSpec({
            hostNetwork: true,
            hostPID: true,
            containers: [
              container({ ports: [{ containerPort: 9100, hostPort: 9100 }], volumeMounts: mounts }),
            ],
            volumes: [{ name: "root", hostPath: { path: "/" } }],
            ...changes,
          }),
        },
      },
    });
  const inAgent = 'DaemonSet "subject", spec.template.spec.';
  const all = [
    `${inAgent}hostNetwork: shares the node's namespace; remove it`,
    `${inAgent}hostPID: shares the node's namespace; remove it`,
    `${inAgent}volumes[0].hostPath: is no volume of a restricted pod; use one of ${volumeTypes}`,
    'DaemonSet "subject", container "app", spec.template.spec.containers[0].ports[0].hostPort: takes a port of the node; remove it',
  ];

  it("are these alone, each with a reason", () => {
    expect(
      exemptions.map(
        ({ namespace, component, field, path = "", outside }) =>
          `${namespace}/${component}: ${field} ${outside === undefined ? path : `outside ${outside.join(" ")}`}`,
      ),
    ).toEqual([
      "federation-agents/node-exporter: hostNetwork ",
      "federation-agents/node-exporter: hostPID ",
      "federation-agents/node-exporter: hostPort ",
      "federation-agents/node-exporter: hostPath /",
      "federation-transfer/model-sync: hostPath outside /bin /boot /dev /etc /lib /lib64 /proc /run /sbin /sys /usr /var",
    ]);
    expect(exemptions.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });

  it("let the node exporter be", async () => {
    expect(await violations(policy, "apps/v1:DaemonSet", agent()("federation-agents"))).toEqual([]);
  });

  it("hold in no other namespace and for no other component", async () => {
    expect(await violations(policy, "apps/v1:DaemonSet", agent()("federation"))).toEqual(all);
    const other = agent({}, { "app.kubernetes.io/name": "other" })("federation-agents");
    expect(await violations(policy, "apps/v1:DaemonSet", other)).toEqual(all);
    expect(await violations(policy, "apps/v1:DaemonSet", agent({}, {})("federation-agents"))).toEqual(all);
  });

  it("hold for no other field and no other path", async () => {
    const more = agent({ hostIPC: true, volumes: [{ name: "run", hostPath: { path: "/run" } }] });
    expect(await violations(policy, "apps/v1:DaemonSet", more("federation-agents"))).toEqual([
      `${inAgent}hostIPC: shares the node's namespace; remove it`,
      `${inAgent}volumes[0].hostPath: is no volume of a restricted pod; use one of ${volumeTypes}`,
    ]);
  });

  it.each([[[{ ...mount, readOnly: false }]], [[mount, { name: "root", mountPath: "/other" }]]])(
    "want the host's files mounted read-only: %j",
    async (mounts) => {
      expect(await violations(policy, "apps/v1:DaemonSet", agent()("federation-agents", mounts))).toEqual([
        `${inAgent}volumes[0].hostPath: must be mounted with readOnly: true everywhere`,
      ]);
    },
  );
});

describe("the exemption of the model transfer", () => {
  const type = "batch/v1:CronJob";
  const inCronJob = 'CronJob "subject", spec.jobTemplate.spec.template.spec.';
  const refusal = `${inCronJob}volumes[0].hostPath: is no volume of a restricted pod; use one of ${volumeTypes}`;
  const cronJob = (
    path: string,
    { namespace = "federation-transfer", component = "model-sync", readOnly = true, more = {} } = {},
  ): Props => ({
    metadata: { namespace },
    spec: {
      jobTemplate: {
        spec: {
          template: {
            metadata: { labels: { "app.kubernetes.io/name": component } },
            spec: podSpec({
              containers: [container({ volumeMounts: [{ name: "models", mountPath: "/models", readOnly }] })],
              volumes: [{ name: "models", hostPath: { path } }],
              ...more,
            }),
          },
        },
      },
    },
  });

  it.each(["/mnt/beegfs", "/beegfs/models/trained", "/variants", "/home/shared"])(
    "lets a run mount %s read-only",
    async (path) => {
      expect(await violations(policy, type, cronJob(path))).toEqual([]);
    },
  );

  it.each([
    "/",
    "/etc",
    "/var/lib/kubelet",
    "/run/containerd",
    "/mnt/../etc",
    "/mnt/./x",
    "/mnt/",
    "mnt",
    "",
  ])("does not let it mount %j", async (path) => {
    expect(await violations(policy, type, cronJob(path))).toEqual([refusal]);
  });

  it("wants the mount read-only", async () => {
    expect(await violations(policy, type, cronJob("/mnt/beegfs", { readOnly: false }))).toEqual([
      `${inCronJob}volumes[0].hostPath: must be mounted with readOnly: true everywhere`,
    ]);
  });

  it.each([{ namespace: "federation" }, { component: "model-sync-verify" }, { component: "node-exporter" }])(
    "does not hold for %j",
    async (change) => {
      expect(await violations(policy, type, cronJob("/mnt/beegfs", change))).toEqual([refusal]);
    },
  );

  it("holds for no other field", async () => {
    expect(
      await violations(policy, type, cronJob("/mnt/beegfs", { more: { hostNetwork: true, hostPID: true } })),
    ).toEqual([
      `${inCronJob}hostNetwork: shares the node's namespace; remove it`,
      `${inCronJob}hostPID: shares the node's namespace; remove it`,
    ]);
  });
});
