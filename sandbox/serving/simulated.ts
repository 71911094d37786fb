import type { Manifest } from "../clusters/objects";
import { scriptDeployment, type PodScript } from "../clusters/scripts";
import { namespace, predictor, selectorOf } from "./objects";

/**
 * The one pod of a simulated model, named and labelled as KServe names a predictor, and scraped as one. It holds no GPU,
 * and no version of the registry: nothing says that any was deployed.
 *
 * @param port of its metrics, called as on a site
 */
export function simulatedPredictor(
  model: string,
  port: { readonly name: string; readonly containerPort: number },
  script: string,
  nodeImage: string,
): readonly Manifest[] {
  const name = predictor(model);
  const selector = selectorOf(model);
  const labels = { ...selector, "sandbox.federation/simulated": "true" };
  const exporter: PodScript = {
    namespace,
    name,
    text: script,
    image: nodeImage,
    env: [],
    resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { cpu: "100m", memory: "128Mi" } },
    container: {
      ports: [port],
      readinessProbe: { httpGet: { path: "/health", port: port.containerPort }, periodSeconds: 2 },
    },
  };
  const scraped = {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": String(port.containerPort),
    "prometheus.io/path": "/metrics",
  };
  return scriptDeployment(exporter, labels, selector, scraped);
}
