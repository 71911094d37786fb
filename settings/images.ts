import type { Images } from "./types";

/**
 * The images this project was tested with, one place for both stacks. To move on: take the new tag's digest of its
 * multi-platform index (`docker buildx imagetools inspect <image>:<tag>`), change both here, and preview both stacks.
 *
 * Prometheus: 3.12 is the first release where configuration reloads by itself without a feature flag, and 3.11 the
 * first that reads the retention time of its configuration file in the right unit. Node: the workers are built for 24.
 * k6: the load script is written for 1.x.
 */
export const DEFAULT_IMAGES: Images = {
  prometheus:
    "quay.io/prometheus/prometheus:v3.15.0@sha256:efd719c99d83b060d9daefdcf00360461adf279f45ef5391f8d111892118753e",
  kubeStateMetrics:
    "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.19.1@sha256:85108987d044b18a098126732f98602df408888c0f7d456241f5abefb9744bc1",
  nodeExporter:
    "quay.io/prometheus/node-exporter:v1.12.1@sha256:1b4e4438faca4dd7e001dd445d161a4a2091b0fededa84093b3a8dfeae1f1be0",
  alertmanager:
    "docker.io/prom/alertmanager:v0.28.1@sha256:27c475db5fb156cab31d5c18a4251ac7ed567746a2483ff264516437a39b15ba",
  grafana:
    "docker.io/grafana/grafana:13.2.1@sha256:f772d434e8fab0049deb2b1b30abd43342bcfca1537614aa8d36080232cf4283",
  node: "docker.io/library/node:24.20.0-bookworm-slim@sha256:ba849c60be29959425b8734d57b8b4b7d56f98edd9504c9af091d5281095a71e",
  k6: "docker.io/grafana/k6:1.8.1@sha256:23f2279054c3e01535455c4d92914a625df12aeb631ea0e3ea7a43f96bcbc843",
};
