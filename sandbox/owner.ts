import * as fs from "node:fs";
import { repository } from "./paths";

/** Which checkout the running sandbox belongs to; there is one sandbox a machine. */
const ownerFile = "/run/federation-sandbox.owner";

/** The checkout that owns the sandbox, or undefined. */
function owner(): string | undefined {
  return fs.existsSync(ownerFile) ? fs.readFileSync(ownerFile, "utf8").trim() : undefined;
}

export function own(): void {
  fs.writeFileSync(ownerFile, `${repository}\n`);
}

export function disown(): void {
  fs.rmSync(ownerFile, { force: true });
}

/** Throws when a sandbox that still runs belongs to another checkout. */
export function refuseOthers(running: boolean): void {
  const other = owner();
  if (running && other !== undefined && other !== repository && fs.existsSync(other))
    throw new Error(
      `a sandbox of another checkout is running (${other}): run \`npm run sandbox:down\` there first`,
    );
}
