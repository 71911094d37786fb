/** What `runtime.options` of Pulumi.yaml says about a Node program. */
export interface RuntimeOptions {
  /** Whether the SDK compiles TypeScript itself (ts-node); default true. */
  readonly typescript: boolean;
  /** Arguments for node, before the program's. */
  readonly nodeArgs: readonly string[];
  /** Path of a tsconfig.json other than the program's own. */
  readonly tsconfig: string | undefined;
}

/** Reads `runtime.options`; throws an Error that names the option of a wrong type. Other options are left alone. */
export function runtimeOptions(options: Readonly<Record<string, unknown>>): RuntimeOptions {
  const { typescript = true, nodeargs = "", tsconfig } = options;
  if (typeof typescript !== "boolean") throw new Error("typescript option must be a boolean");
  if (typeof nodeargs !== "string") throw new Error("nodeargs option must be a string");
  if (tsconfig !== undefined && typeof tsconfig !== "string")
    throw new Error("tsconfig option must be a string");
  return { typescript, nodeArgs: splitArguments(nodeargs), tsconfig };
}

/** Splits a command line as a shell does with blanks, quotes and backslashes, without expansions. */
export function splitArguments(line: string): string[] {
  const words = [...line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g)].map(([word]) => word);
  return words.map((word) =>
    word.replace(
      /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
      (_, single?: string, double?: string, escaped?: string) =>
        single ?? double?.replace(/\\(["\\])/g, "$1") ?? escaped ?? "",
    ),
  );
}

/** The engine's keys (`project:name`) in the form the SDK's runner reads (`project:config:name`). */
export function configForRunner(entries: Iterable<readonly [string, string]>): Record<string, string> {
  return Object.fromEntries(
    [...entries].map(([key, value]) => {
      const at = key.indexOf(":");
      const [namespace, name] = [key.slice(0, at), key.slice(at + 1)];
      return [`${namespace}:config:${name.replace(/^config:/, "")}`, value];
    }),
  );
}
