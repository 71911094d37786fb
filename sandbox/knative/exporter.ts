/**
 * Stands where a site has Knative's proxy before a model server, with its names and labels, and says in each that it
 * simulates. It works when it is looked at.
 */
import { serveMetrics } from "../system/metricsServer";
import { exposition } from "./exposition";
import { port, simulatedKnative } from "./model";
import { SimulatedProxy } from "./proxy";

const proxy = new SimulatedProxy();
const start = performance.now();

serveMetrics(port, `${simulatedKnative} on :${port}`, () => {
  proxy.advance(performance.now() - start);
  return Promise.resolve(exposition(proxy));
});
