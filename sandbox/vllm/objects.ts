import type { Manifest } from "../clusters/objects";
import { simulatedPredictor } from "../serving/simulated";
import { port, simulatedLlm } from "./model";

/** The simulated engine's pod. */
export const simulatedLlmObjects = (script: string, nodeImage: string): readonly Manifest[] =>
  simulatedPredictor(simulatedLlm, { name: "http1", containerPort: port }, script, nodeImage);
