import type { KubernetesApi, KubernetesObject } from "./api";
import { waitForDaemon } from "./controlPlane";
import type { ClusterTopology } from "./topology";

/** Names of the storage class and of its provisioner. */
export const storageClass = "local-path";
export const provisioner = "sandbox.federation/loop";

type AddonObject = KubernetesObject & Readonly<Record<string, unknown>>;

interface Addon {
  /** Path of the collection. */
  readonly collection: string;
  readonly object: AddonObject;
}

const labels = { "k8s-app": "kube-dns", "app.kubernetes.io/name": "coredns" };
const namespace = "kube-system";

const corefile = `.:53 {
  errors
  health :8080
  ready :8181
  kubernetes cluster.local in-addr.arpa {
    pods insecure
    ttl 5
  }
  cache 10
  reload
}
`;

/** The storage class and CoreDNS. There is no server to forward to: names outside the cluster do not resolve. */
export function addons(cluster: ClusterTopology, corednsImage: string): readonly Addon[] {
  return [
    ...storage(),
    ...corednsAccess(),
    corednsConfiguration(),
    corednsDeployment(corednsImage),
    corednsService(cluster),
  ];
}

function storage(): Addon[] {
  return [
    {
      collection: "/apis/storage.k8s.io/v1/storageclasses",
      object: {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: {
          name: storageClass,
          annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
        },
        provisioner,
        volumeBindingMode: "WaitForFirstConsumer",
        allowVolumeExpansion: true,
        reclaimPolicy: "Delete",
      },
    },
  ];
}

function corednsAccess(): Addon[] {
  const rbac = "rbac.authorization.k8s.io";
  return [
    {
      collection: `/api/v1/namespaces/${namespace}/serviceaccounts`,
      object: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "coredns", namespace } },
    },
    {
      collection: `/apis/${rbac}/v1/clusterroles`,
      object: {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRole",
        metadata: { name: "system:coredns" },
        rules: [
          {
            apiGroups: [""],
            resources: ["endpoints", "services", "pods", "namespaces"],
            verbs: ["list", "watch"],
          },
          { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
        ],
      },
    },
    {
      collection: `/apis/${rbac}/v1/clusterrolebindings`,
      object: {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name: "system:coredns" },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "system:coredns" },
        subjects: [{ kind: "ServiceAccount", name: "coredns", namespace }],
      },
    },
  ];
}

function corednsConfiguration(): Addon {
  return {
    collection: `/api/v1/namespaces/${namespace}/configmaps`,
    object: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "coredns", namespace },
      data: { Corefile: corefile },
    },
  };
}

function corednsDeployment(image: string): Addon {
  const container = {
    name: "coredns",
    image,
    imagePullPolicy: "IfNotPresent",
    args: ["-conf", "/etc/coredns/Corefile"],
    ports: [
      { name: "dns", containerPort: 53, protocol: "UDP" },
      { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
      { name: "metrics", containerPort: 9153, protocol: "TCP" },
    ],
    readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
    livenessProbe: { httpGet: { path: "/health", port: 8080 }, initialDelaySeconds: 30 },
    resources: { requests: { cpu: "20m", memory: "32Mi" }, limits: { memory: "128Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [{ name: "configuration", mountPath: "/etc/coredns", readOnly: true }],
  };
  return {
    collection: `/apis/apps/v1/namespaces/${namespace}/deployments`,
    object: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "coredns", namespace, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: { "k8s-app": "kube-dns" } },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: "coredns",
            priorityClassName: "system-cluster-critical",
            dnsPolicy: "Default",
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 65532,
              seccompProfile: { type: "RuntimeDefault" },
              // port 53 without a capability
              sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
            },
            containers: [container],
            volumes: [{ name: "configuration", configMap: { name: "coredns" } }],
          },
        },
      },
    },
  };
}

function corednsService({ dnsServiceIp }: ClusterTopology): Addon {
  return {
    collection: `/api/v1/namespaces/${namespace}/services`,
    object: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace, labels },
      spec: {
        clusterIP: dnsServiceIp,
        selector: { "k8s-app": "kube-dns" },
        ports: [
          { name: "dns", port: 53, targetPort: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, targetPort: 53, protocol: "TCP" },
        ],
      },
    },
  };
}

/** Applies the add-ons, once the API server has made the namespace for them. */
export async function applyAddons(
  cluster: ClusterTopology,
  api: KubernetesApi,
  corednsImage: string,
): Promise<void> {
  await waitForDaemon(cluster, "kube-apiserver", "namespace kube-system", () => kubeSystemUid(api));
  for (const { collection, object } of addons(cluster, corednsImage)) {
    await api.apply(`${collection}/${object.metadata.name}`, object);
  }
}

/** The UID of kube-system: a cluster's identity. */
export async function kubeSystemUid(api: KubernetesApi): Promise<string | undefined> {
  return ((await api.get(`/api/v1/namespaces/${namespace}`)) as KubernetesObject).metadata.uid;
}

/** Whether CoreDNS has a replica that answers. */
export async function isDnsReady(api: KubernetesApi): Promise<boolean> {
  const deployment = (await api.get(`/apis/apps/v1/namespaces/${namespace}/deployments/coredns`)) as {
    status?: { availableReplicas?: number };
  };
  return (deployment.status?.availableReplicas ?? 0) > 0;
}

/** Waits until CoreDNS answers. */
export async function waitForDns(cluster: ClusterTopology, api: KubernetesApi): Promise<void> {
  await waitForDaemon(cluster, "kubelet", "CoreDNS ready", () => isDnsReady(api));
}
