import { join } from "node:path";
import type { ClusterName } from "../clusters/topology";
import { repository } from "../paths";
import { kserveFolders } from "../setup/kserve";
import type { ImageConfig } from "./oci";

export type ImageName =
  | "prometheus"
  | "alertmanager"
  | "kube-state-metrics"
  | "node-exporter"
  | "coredns"
  | "pause"
  | "node"
  | "k6"
  | "metrics-server"
  | "kserve";

/** An image of one program, laid out as the official image of it. */
export interface ImageRecipe {
  readonly name: ImageName;
  /** The only cluster that runs it; both where absent. */
  readonly cluster?: ClusterName;
  /** Path in the image to the name of the tool, a static binary. */
  readonly binaries?: Readonly<Record<string, string>>;
  /** Path in the image to a program of this machine; the shared libraries that it needs come with it. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Folder in the image to one of this machine that it is, with the shared libraries that its extensions need. */
  readonly trees?: Readonly<Record<string, string>>;
  /** Folders that belong to the image's user. */
  readonly folders?: readonly string[];
  /** Numeric user and group; root where absent. */
  readonly user?: number;
  /** Further users, each with a group of its own: name to number of both. */
  readonly accounts?: Readonly<Record<string, number>>;
  /** Beside PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly config: Omit<ImageConfig, "Env" | "User">;
}

const nobody = 65534;
const kserve = kserveFolders();

export const recipes: readonly ImageRecipe[] = [
  {
    name: "prometheus",
    binaries: { "bin/prometheus": "prometheus", "bin/promtool": "promtool" },
    folders: ["prometheus/"],
    user: nobody,
    config: {
      Entrypoint: ["/bin/prometheus"],
      Cmd: ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
      WorkingDir: "/prometheus",
      ExposedPorts: { "9090/tcp": {} },
    },
  },
  {
    name: "alertmanager",
    binaries: { "bin/alertmanager": "alertmanager", "bin/amtool": "amtool" },
    folders: ["alertmanager/"],
    user: nobody,
    config: {
      Entrypoint: ["/bin/alertmanager"],
      Cmd: ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"],
      WorkingDir: "/alertmanager",
      ExposedPorts: { "9093/tcp": {} },
    },
  },
  {
    name: "kube-state-metrics",
    binaries: { "kube-state-metrics": "kube-state-metrics" },
    user: nobody,
    config: {
      Entrypoint: ["/kube-state-metrics", "--port=8080", "--telemetry-port=8081"],
      ExposedPorts: { "8080/tcp": {}, "8081/tcp": {} },
    },
  },
  {
    name: "node-exporter",
    binaries: { "bin/node_exporter": "node_exporter" },
    user: nobody,
    config: { Entrypoint: ["/bin/node_exporter"], ExposedPorts: { "9100/tcp": {} } },
  },
  {
    name: "coredns",
    binaries: { coredns: "coredns" },
    user: 65532,
    config: { Entrypoint: ["/coredns"], WorkingDir: "/", ExposedPorts: { "53/tcp": {}, "53/udp": {} } },
  },
  { name: "pause", binaries: { pause: "pause" }, user: 65535, config: { Entrypoint: ["/pause"] } },
  {
    // root by default, as in the official image; its entry point is a shell script, which pods do without
    name: "node",
    programs: { "usr/local/bin/node": process.execPath },
    accounts: { node: 1000 },
    config: { Cmd: ["node"] },
  },
  {
    // the official image's user and folder; of its Alpine only `cp`, by which pods take the program to another image
    name: "k6",
    cluster: "cloud",
    binaries: { "usr/bin/k6": "k6" },
    programs: { "bin/cp": "/bin/cp" },
    folders: ["home/k6/"],
    user: 12345,
    config: { Entrypoint: ["k6"], WorkingDir: "/home/k6" },
  },
  {
    name: "metrics-server",
    cluster: "cloud",
    binaries: { "metrics-server": "metrics-server" },
    user: nobody,
    config: { Entrypoint: ["/metrics-server"], ExposedPorts: { "10250/tcp": {} } },
  },
  {
    name: "kserve",
    cluster: "cloud",
    programs: { "usr/local/bin/python3.11": kserve.python },
    trees: {
      "usr/local/lib/python3.11": kserve.library,
      "opt/kserve": kserve.packages,
      "opt/server": join(repository, "sandbox/serving/model"),
    },
    user: 1000,
    environment: {
      PYTHONPATH: "/opt/kserve",
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONUNBUFFERED: "1",
      HOME: "/tmp",
    },
    config: {
      Entrypoint: ["python3.11", "/opt/server/server.py"],
      ExposedPorts: { "8080/tcp": {} },
    },
  },
];
