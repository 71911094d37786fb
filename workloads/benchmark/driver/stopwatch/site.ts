import type { KubernetesSettings } from "../services";
import type { Kubernetes } from "./kubernetes";

/** The cluster that serves, and where the served model stands in it. */
export interface Site {
  readonly kubernetes: Kubernetes;
  readonly settings: KubernetesSettings;
  /** Where a Service of the cluster is reached. */
  readonly urlOf: (service: string, port: number) => string;
}
