import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setUpDefinitions } from "../../../sandbox/setup/crds";

const folder = mkdtempSync(join(tmpdir(), "federation-crds-"));
const tools = join(folder, "tools");
const { PATH } = process.env;
beforeAll(() => {
  process.env.PATH = `${folder}:${PATH ?? ""}`;
});
afterAll(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true });
});

/** A `go` that answers a download so. */
function goThatSays(answer: object, status: number): void {
  writeFileSync(
    join(folder, "go"),
    `#!/bin/sh\n[ "$1" = version ] && exit 0\necho '${JSON.stringify(answer)}'\nexit ${status}\n`,
  );
  chmodSync(join(folder, "go"), 0o755);
}

test("a module that is not the pinned one is refused, and nothing of it stays", () => {
  goThatSays({ Dir: folder, Sum: "h1:another" }, 0);
  expect(() => setUpDefinitions(() => undefined, tools)).toThrow(
    /^github\.com\/\S+ v\S+ is not what was pinned: h1:another in place of h1:\S{43}=$/,
  );
  expect(readdirSync(tools)).toEqual([]);
});

test("a module that can not be had is named, with what go said", () => {
  goThatSays({ Error: "no such host" }, 1);
  expect(() => setUpDefinitions(() => undefined, tools)).toThrow(
    /^github\.com\/\S+ v\S+ can not be loaded: no such host$/,
  );
  expect(readdirSync(tools)).toEqual([]);
});
