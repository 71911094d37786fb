import { rollback } from "../../registry/promote";
import type { HubSettings } from "../retention/settings";
import type { Print } from "./print";
import { moving } from "./promote";

/** Gives `champion` of the registered model `name` back to the version before. */
export async function rollbackCommand(settings: HubSettings, name: string, print: Print): Promise<number> {
  const { from, to, moved } = await moving(settings, (deps) => rollback(deps, name));
  print(
    moved
      ? `champion of ${name}: ${from ?? "none"} -> ${to}, rolled back`
      : `champion of ${name} is ${to} already`,
  );
  return 0;
}
