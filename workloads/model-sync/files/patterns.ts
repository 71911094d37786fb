import picomatch from "picomatch";

/** Compiles include and exclude globs into one test; dot files count like any other. */
export function matcher(include: readonly string[], exclude: readonly string[]): (path: string) => boolean {
  const options = { dot: true };
  const wanted = include.some((glob) => glob === "**" || glob === "*")
    ? undefined
    : picomatch([...include], options);
  const unwanted = exclude.length === 0 ? undefined : picomatch([...exclude], options);
  return (path) => (wanted?.(path) ?? true) && !(unwanted?.(path) ?? false);
}
