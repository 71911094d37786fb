/** Properties of a resource, as yet of no known shape. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object's properties; none where the value is something else or absent. */
export function fields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list's length and elements by index; empty where the value is no list. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** Follows property names down from a value; undefined where one is absent. */
export function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, name) => fields(inner)[name], value);
}

/** Indices of a list or keys of an object: reading those touches no value. */
export function keysOf(value: unknown): string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

/**
 * Runs every check, also after one that met a value not known in preview (reading one throws): what others find is
 * reported all the same. The first such error is thrown at the end; the engine makes an advisory of it.
 */
export function separately(checks: readonly (() => void)[]): void {
  const errors = checks.flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      return [error instanceof Error ? error : new Error(String(error))];
    }
  });
  const [first] = errors;
  if (first !== undefined) {
    throw first;
  }
}
