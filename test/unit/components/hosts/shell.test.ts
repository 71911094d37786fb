import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { shellCommand, shellQuote } from "../../../../components/hosts/shell";

/** The words that a shell makes of a command's arguments. */
const read = (command: string): readonly string[] =>
  execFileSync("sh", ["-c", `for word in ${command}; do printf '%s\\0' "$word"; done`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);

const awkward = [
  "",
  " ",
  "it's",
  "'",
  "''",
  "\\",
  "\\'",
  "$(reboot)",
  "`reboot`",
  "$HOME",
  "a\nb\n",
  '"',
  "*",
  "~",
  "!",
  "-n",
  "ä☃",
  "; rm -rf /",
];

it("gives a shell back exactly the words it was given", () => {
  expect(read(shellCommand(...awkward))).toEqual(awkward);
});

it("does so for any words", () => {
  const word = fc
    .string({ unit: "binary", maxLength: 20 })
    .filter((text) => !text.includes("\0") && !/\p{Surrogate}/u.test(text));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 200 }), (words) => {
      expect(read(shellCommand(...words))).toEqual(words);
    }),
    { numRuns: 20 },
  );
});

it("refuses what no word of a shell can hold", () => {
  expect(() => shellQuote("a\0b")).toThrow("a word for a shell can not hold NUL");
});
