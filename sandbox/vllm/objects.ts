import type { Manifest } from "../clusters/objects";
import { scriptConfigMap, scriptTemplate, type PodScript } from "../clusters/scripts";
import { namespace, predictor, selectorOf } from "../serving/objects";
import { port, simulatedLlm } from "./model";

const name = predictor(simulatedLlm);
const selector = selectorOf(simulatedLlm);

/**
 * The simulated engine's one pod, named and labelled as KServe names a predictor, and scraped as one. It holds no GPU,
 * and no version of the registry: nothing says that any was deployed.
 */
export function simulatedLlmObjects(script: string, nodeImage: string): readonly Manifest[] {
  const labels = { ...selector, "sandbox.federation/simulated": "true" };
  const engine: PodScript = {
    namespace,
    name,
    text: script,
    image: nodeImage,
    env: [],
    resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { cpu: "100m", memory: "128Mi" } },
    container: {
      ports: [{ name: "http1", containerPort: port }],
      readinessProbe: { httpGet: { path: "/health", port }, periodSeconds: 2 },
    },
  };
  const scraped = {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": String(port),
    "prometheus.io/path": "/metrics",
  };
  return [
    scriptConfigMap(engine),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: selector },
        template: scriptTemplate(engine, labels, { automountServiceAccountToken: false }, scraped),
      },
    },
  ];
}
