/**
 * Stands where a site has vLLM, with its names and labels, and says in each that it simulates: an engine that nobody asks,
 * which reckons what it would do under a load that is made up as well. It works when it is looked at.
 */
import { serveMetrics } from "../system/metricsServer";
import { SimulatedEngine } from "./engine";
import { exposition } from "./exposition";
import { port, simulatedLlm } from "./model";

const engine = new SimulatedEngine();
const start = performance.now();

serveMetrics(port, `${simulatedLlm} on :${port}`, () => {
  engine.advance(performance.now() - start);
  return Promise.resolve(exposition(engine));
});
