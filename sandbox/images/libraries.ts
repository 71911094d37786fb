import { spawnSync } from "node:child_process";

/** The shared libraries of programs and their loader, each once by absolute path; none of a static one. */
export function sharedLibraries(...programs: readonly string[]): string[] {
  if (programs.length === 0) return [];
  const { stdout, stderr, status, error } = spawnSync("ldd", programs, {
    encoding: "utf8",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    maxBuffer: 64 << 20,
  });
  if (error) throw error;
  if (programs.length === 1 && /not a dynamic executable|statically linked/.test(stdout + stderr)) return [];
  if (status !== 0)
    throw new Error(`ldd ${programs.join(" ")} ended with ${status ?? "a signal"}:\n${stdout}${stderr}`);
  return [...new Set(parseLdd(stdout))];
}

/**
 * Paths in what `ldd` prints; the kernel's own library has none.
 *
 * @throws naming each library that was not found
 */
export function parseLdd(text: string): string[] {
  const missing = [...text.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name]) => name);
  if (missing.length > 0) throw new Error(`shared libraries not found: ${missing.join(", ")}`);
  return [...text.matchAll(/(?:^|=>)\s*(\/\S+) \(0x[0-9a-f]+\)$/gm)].flatMap(([, path]) => path ?? []);
}
