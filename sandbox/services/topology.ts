import { join } from "node:path";
import { foldersOf } from "../clusters/folders";
import { prefix } from "../clusters/topology";

/** Address of the host of both services, in the cloud cluster's network. */
const address = "198.18.11.10";

const { pki } = foldersOf("services");

/** A server that the sandbox runs outside Kubernetes, as a site does. */
export interface ServiceTopology {
  readonly port: number;
  /** By address: no name of a service resolves in the sandbox. */
  readonly url: string;
  /** Answers 200 when the server is well. */
  readonly health: string;
}

function service(port: number, health: string): ServiceTopology {
  const url = `https://${address}:${port}`;
  return { port, url, health: `${url}${health}` };
}

/** Object store and model registry: both speak TLS by certificates of `serviceCaFile`. */
export const services = {
  /** Network namespace and host side of its link. */
  namespace: `${prefix}services`,
  address,
  /** "ready" would answer before access keys and buckets are loaded. */
  minio: service(9000, "/minio/health/cluster"),
  mlflow: service(5000, "/health"),
} as const;

/** A webhook that keeps every notification; its address is in neither cluster's network, and so reached by both. */
export const receiver = { address: "198.18.13.10", port: 9095, url: "http://198.18.13.10:9095" } as const;

/** PEM file of the CA that signed the services' certificates; there while the sandbox is up. */
export const serviceCaFile = join(pki, "ca.crt");

/** Where sites mount such file systems: a pod may mount no folder of the node's own, such as /var. */
export const fileSystemFolder = "/mnt/federation-sandbox";

const mountPoint = join(fileSystemFolder, "beegfs");

/** The member's file system: a mount of its own on this machine, and so on the member's only node. */
export const beegfs = {
  /** Where it is mounted, for a pod's hostPath. */
  hostPath: mountPoint,
  /** Where the machine of Slurm's controller has it, as a site's machines do. */
  inMachine: "/mnt/beegfs",
  /** Its type as the kernel names it in /proc/self/mountinfo. */
  fsType: "xfs",
  /** Folder of the trained models, one folder a model. */
  models: join(mountPoint, "models", "trained"),
} as const;
