const digest = `registry.sandbox/image@sha256:${"0".repeat(64)}`;

/** Images of the sandbox's overlay. */
export const images = {
  prometheus: digest,
  kubeStateMetrics: digest,
  nodeExporter: digest,
  alertmanager: digest,
  node: digest,
  k6: digest,
};
