import type { Manifest } from "../clusters/objects";
import { simulatedPredictor } from "../serving/simulated";
import { port, simulatedKnative } from "./model";

/** The simulated proxy's pod. */
export const simulatedKnativeObjects = (script: string, nodeImage: string): readonly Manifest[] =>
  simulatedPredictor(simulatedKnative, { name: "http-usermetric", containerPort: port }, script, nodeImage);
