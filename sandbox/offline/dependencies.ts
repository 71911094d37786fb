import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One npm package a program uses. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages?: Readonly<Record<string, { readonly version?: string }>>;
}

/**
 * The npm packages of the program in `directory`: those package.json names, with the versions of the lock file
 * (what package.json asks for when there is no lock); with `transitive` everything the lock holds. A folder
 * without package.json has none.
 */
export function programDependencies(directory: string, transitive: boolean): Dependency[] {
  const manifest = readJson(join(directory, "package.json")) as Manifest | undefined;
  const locked = (readJson(join(directory, "package-lock.json")) as Lock | undefined)?.packages ?? {};
  const wanted = { ...manifest?.dependencies, ...manifest?.devDependencies };
  if (!transitive)
    return Object.entries(wanted).map(([name, range]) => ({
      name,
      version: locked[`node_modules/${name}`]?.version ?? range,
    }));
  return Object.entries(locked).flatMap(([path, { version }]) =>
    path.startsWith("node_modules/") && version !== undefined
      ? [{ name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length), version }]
      : [],
  );
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch {
    return undefined;
  }
}
