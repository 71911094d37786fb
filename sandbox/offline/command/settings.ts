import { changedKeys, type SettingsDiff } from "../changes";
import { plainTree, type Tree } from "../properties";

/** The provider has no configuration of its own; no change of what the engine adds replaces a resource. */
export function diffSettings(olds: Tree, news: Tree): SettingsDiff {
  return { changed: changedKeys(plainTree(olds), plainTree(news)), replaces: [] };
}
