import type { Move, PromoteDeps } from "../../registry/promote";
import { promote } from "../../registry/promote";
import { connectHub, isPublished } from "../retention/hub";
import type { HubSettings } from "../retention/settings";
import type { Print } from "./print";

/** Runs a move of `champion` against the hub's registry. The live services play no part in it. */
export async function moving(
  settings: HubSettings,
  move: (deps: PromoteDeps) => Promise<Move>,
): Promise<Move> {
  const hub = connectHub({ ...settings, inferenceServices: "none" }, {});
  try {
    return await move({ mlflow: hub.mlflow, isPublished: (version) => isPublished(hub.bucket, version) });
  } finally {
    hub.bucket.close();
  }
}

/** Makes `version`, or else the candidate, the champion of the registered model `name`. */
export async function promoteCommand(
  settings: HubSettings,
  target: { readonly name: string; readonly version?: string },
  print: Print,
): Promise<number> {
  const { name, from, to, moved } = await moving(settings, (deps) =>
    promote(deps, target.name, target.version),
  );
  print(moved ? `champion of ${name}: ${from ?? "none"} -> ${to}` : `champion of ${name} is ${to} already`);
  return 0;
}
