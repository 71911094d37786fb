import * as fs from "node:fs";
import * as path from "node:path";

/** Days after which what nobody has used is removed. */
const DAYS = 30;
const MILLISECONDS_A_DAY = 86_400_000;

/** Notes that something in the cache is in use: other checkouts, at other pins, share the cache and go by it. */
export function markUsed(folder: string): void {
  const now = new Date();
  fs.utimesSync(folder, now, now);
}

/**
 * Removes what lies in a folder of the cache under these names and has not been used for 30 days, such as builds of
 * earlier pins and the rest of builds that were interrupted; answers their names.
 *
 * @param now milliseconds since the epoch
 */
export function removeUnused(
  folder: string,
  matches: (name: string) => boolean = () => true,
  now = Date.now(),
): readonly string[] {
  const unused = fs
    .readdirSync(folder)
    .filter(matches)
    // another run may have removed it meanwhile
    .filter((name) => {
      const used = fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? now;
      return now - used > DAYS * MILLISECONDS_A_DAY;
    });
  for (const name of unused) fs.rmSync(path.join(folder, name), { recursive: true, force: true });
  return unused;
}
