/** What Pod Security `restricted` forbids and a node agent can not do without. */
export type ExemptField = "hostNetwork" | "hostPID" | "hostPort" | "hostPath";

export interface Exemption {
  /** Namespace and label `app.kubernetes.io/name` of the pods: both must match. */
  readonly namespace: string;
  readonly component: string;
  readonly field: ExemptField;
  /** For `hostPath`: this path alone, and every mount of it read-only. */
  readonly path?: string;
  readonly reason: string;
}

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
];
