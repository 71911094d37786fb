import type { ImageConfig } from "./oci";

export type ImageName = "prometheus" | "kube-state-metrics" | "node-exporter" | "coredns" | "pause";

/** An image made of static binaries, laid out as the official image of the same program. */
export interface ImageRecipe {
  readonly name: ImageName;
  /** Path in the image to the name of the tool. */
  readonly binaries: Readonly<Record<string, string>>;
  /** Folders that belong to the image's user. */
  readonly folders?: readonly string[];
  /** Numeric user and group; root where absent. */
  readonly user?: number;
  readonly config: Omit<ImageConfig, "Env" | "User">;
}

const nobody = 65534;

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
];
