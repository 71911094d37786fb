import { parseArgs } from "node:util";
import type { InitOptions } from "./initialise";

const USAGE =
  "npm run init -- --stack NAME [--kubeconfig FILE [--context NAME]] [--rotate | --rotate-finish [--unchecked]]";

/** Options of a command line; throws with the usage where they make no sense. */
export function initOptions(args: readonly string[]): InitOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stack: { type: "string" },
      kubeconfig: { type: "string" },
      context: { type: "string" },
      rotate: { type: "boolean", default: false },
      "rotate-finish": { type: "boolean", default: false },
      unchecked: { type: "boolean", default: false },
    },
  });
  const { stack, kubeconfig, context, rotate: begin, "rotate-finish": finish, unchecked } = values;
  if (stack === undefined || stack === "" || (begin && finish)) throw new Error(`usage: ${USAGE}`);
  if ((context !== undefined && kubeconfig === undefined) || (unchecked && !finish))
    throw new Error(`usage: ${USAGE}`);
  return {
    stack,
    unchecked,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(begin ? { rotation: "rotate" } : finish ? { rotation: "finish" } : {}),
  };
}
