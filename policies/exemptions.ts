/** What Pod Security `restricted` forbids and a node agent can not do without. */
export type ExemptField = "hostNetwork" | "hostPID" | "hostPort" | "hostPath";

export interface Exemption {
  /** Namespace and label `app.kubernetes.io/name` of the pods: both must match. */
  readonly namespace: string;
  readonly component: string;
  readonly field: ExemptField;
  /** For `hostPath`: this path alone, and every mount of it read-only. */
  readonly path?: string;
  /** For `hostPath`: any folder below the root but these and those in them, and every mount of it read-only. */
  readonly outside?: readonly string[];
  readonly reason: string;
}

/** The node's own folders, where its secrets and those of its pods lie. */
const nodeFolders = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib64",
  "/proc",
  "/run",
  "/sbin",
  "/sys",
  "/usr",
  "/var",
];

const nodeExporter = { namespace: "federation-agents", component: "node-exporter" } as const;

/** The only exceptions to `require-pod-security`, field by field. */
export const exemptions: readonly Exemption[] = [
  { ...nodeExporter, field: "hostNetwork", reason: "counts the node's own interfaces, not the pod's" },
  { ...nodeExporter, field: "hostPID", reason: "reads the node's processes and their mounts under /proc" },
  { ...nodeExporter, field: "hostPort", reason: "in the node's network a port is the node's" },
  {
    ...nodeExporter,
    field: "hostPath",
    path: "/",
    reason: "measures the node's file systems, /proc and /sys",
  },
  {
    namespace: "federation-transfer",
    component: "model-sync",
    field: "hostPath",
    outside: nodeFolders,
    reason:
      "reads trained models from the file system that the nodes mount, which every site mounts elsewhere",
  },
];

/** Whether an exemption is for this path of the host; one that says nothing of paths is for fields that have none. */
export function coversPath({ path, outside }: Exemption, found: unknown): boolean {
  if (outside === undefined) return found === path;
  const isFolder =
    typeof found === "string" && /^(?:\/[^/]+)+$/.test(found) && !/\/\.\.?(?:\/|$)/.test(found);
  return isFolder && !outside.some((folder) => `${found}/`.startsWith(`${folder}/`));
}
