import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import * as fc from "fast-check";
import {
  commentLimit,
  errorsOf,
  headAndTail,
  operationCounts,
  previewComment,
  resourcesOf,
} from "../../../scripts/previewComment";

const root = path.join(__dirname, "../../..");
const fixture = (name: string): string => fs.readFileSync(path.join(__dirname, "fixtures", name), "utf8");
const commit = "0123456789abcdef0123456789abcdef01234567";
const comment = (output: string, more: Partial<Parameters<typeof previewComment>[0]> = {}): string =>
  previewComment({ stack: "cloud", output, exitCode: 0, commit, ...more });

/** What stands in the folded block, unchanged. */
const folded = (text: string): string => /\n(`{3,})text\n([^]*)\n\1\n\n<\/details>\n$/.exec(text)?.[2] ?? "";

describe("a preview with changes", () => {
  const text = comment(fixture("changes.txt"));

  it("says stack, commit and result, then counts, then what is deleted and replaced by name, then the output", () => {
    expect(text.slice(0, text.indexOf("Previewing update"))).toBe(
      [
        "<!-- federation preview: cloud -->",
        "### Preview of `cloud` at `0123456789ab`: succeeded",
        "",
        "| create | update | replace | delete | unchanged |",
        "| ---: | ---: | ---: | ---: | ---: |",
        "| 1 | 2 | 1 | 1 | 4 |",
        "",
        "**Deleted (1)**",
        "",
        "- `kubernetes:core/v1:Service prometheus-old`",
        "",
        "**Replaced (1)**",
        "",
        "- `kubernetes:core/v1:ConfigMap prometheus-config`",
        "",
        "<details><summary>Output (134 lines)</summary>",
        "",
        "```text",
        "",
      ].join("\n"),
    );
  });

  it("keeps every line of the output but the secret value", () => {
    const before = fixture("changes.txt").trimEnd().split("\n");
    const after = folded(text).split("\n");
    expect(after).toHaveLength(before.length);
    const different = before.flatMap((line, at) =>
      line === after[at] ? [] : [[line.trim(), after[at]?.trim()]],
    );
    expect(different).toEqual([['~ value: "tok-old-123456" => "tok-new-123456"', "~ value: [scrubbed]"]]);
  });
});

describe("other endings", () => {
  it("says so when nothing changes", () => {
    const text = comment("Previewing update (hpc):\nResources:\n    31 unchanged\n", { stack: "hpc" });
    expect(text).toBe(
      [
        "<!-- federation preview: hpc -->",
        "### Preview of `hpc` at `0123456789ab`: no changes",
        "",
        "| create | update | replace | delete | unchanged |",
        "| ---: | ---: | ---: | ---: | ---: |",
        "| 0 | 0 | 0 | 0 | 31 |",
        "",
        "<details><summary>Output (3 lines)</summary>",
        "",
        "```text",
        "Previewing update (hpc):\nResources:\n    31 unchanged",
        "```",
        "",
        "</details>",
        "",
      ].join("\n"),
    );
  });

  it("shows the policies that refused it", () => {
    const text = comment(fixture("refused.txt"), { exitCode: 255 });
    expect(text.slice(0, text.indexOf("**Deleted"))).toBe(
      [
        "<!-- federation preview: cloud -->",
        "### Preview of `cloud` at `0123456789ab`: failed (exit code 255)",
        "",
        "```text",
        "federation@v0.1.0 [mandatory]  require-pinned-images  (kubernetes:apps/v1:StatefulSet: prometheus)Images are pinned by digest",
        "spec.template.spec.containers[0].image is quay.io/prometheus/prometheus:v3.16.0: pin it by digest",
        "error: preview failed",
        "```",
        "",
        "| create | update | replace | delete | unchanged |",
        "| ---: | ---: | ---: | ---: | ---: |",
        "| 1 | 2 | 1 | 1 | 4 |",
        "",
        "The counts are those that were reached before the failure.",
        "",
        "",
      ].join("\n"),
    );
  });

  it("shows all lines of a program's error, without stack frames, when there is no summary", () => {
    const output = [
      "error: Running program 'index.ts' failed with an unhandled exception:",
      "Error: Pulumi.cloud.yaml: 2 problems",
      "  federation:role: got spoke, allowed hub, member",
      "  federation:hub.members[0].url: got http://x, must be https",
      "    at Object.<anonymous> (index.ts:14:25)",
      "    at Module._compile (node:internal:1760:14)",
    ].join("\n");
    expect(errorsOf(output)).toEqual(
      output
        .split("\n")
        .slice(0, 4)
        .map((line) => line.trim()),
    );
    expect(comment(output, { exitCode: 1 })).toContain(
      "```\n\nThe preview ended before its summary: there are no counts.\n\n<details><summary>Output (6 lines)</summary>\n",
    );
  });

  it.each([
    [0, "succeeded"],
    [137, "failed (exit code 137)"],
  ])("says so when the command printed nothing and ended with %d", (exitCode, result) => {
    expect(comment("\n\n", { exitCode })).toBe(
      `<!-- federation preview: cloud -->\n### Preview of \`cloud\` at \`0123456789ab\`: ${result}\n\nThe preview ended before its summary: there are no counts.\n\nThe command printed nothing.\n`,
    );
  });

  it.each<[string, Parameters<typeof previewComment>[0], string]>([
    [
      "a short commit",
      { stack: "cloud", output: "", exitCode: 0, commit: "0123abc" },
      "commit is no full commit id: 0123abc",
    ],
    [
      "markup in the stack",
      { stack: "a`--><b>", output: "", exitCode: 0, commit },
      "no stack has the name a`--><b>",
    ],
    [
      "a limit too small",
      { stack: "a", output: "", exitCode: 0, commit, limit: 4095 },
      "limit is 4095, must be at least 4096",
    ],
  ])("refuses %s", (_what, run, message) => {
    expect(() => previewComment(run)).toThrow(message);
  });
});

describe("reading the output", () => {
  it("reads every operation of the summary and stops at its end", () => {
    const output =
      "Resources:\n    7 unchanged\nnoise\nResources:\n    + 12 to create\n    = 1 to import\n    +-3 to replace\n    16 changes. 40 unchanged\n\nPolicy Packs run:\n    9 unchanged";
    expect([...operationCounts(output)]).toEqual([
      ["create", 12],
      ["import", 1],
      ["replace", 3],
      ["unchanged", 40],
    ]);
    expect(comment(output)).toContain("| create | update | replace | delete | import | unchanged |\n");
    expect(operationCounts("Previewing update (cloud):").size).toBe(0);
  });

  it("names a resource once, though the CLI shows each step of its replacement", () => {
    const step = (mark: string, operation: string, name: string): string =>
      `    ${mark}kubernetes:apps/v1:StatefulSet: (${operation})\n        [id=x/${name}]\n        [urn=urn:pulumi:cloud::federation::a:b:C$kubernetes:apps/v1:StatefulSet::${name}]\n        [provider=urn:pulumi:cloud::federation::pulumi:providers:kubernetes::p::1]`;
    const output = [
      step("--", "delete-replaced", "b"),
      step("+-", "replace", "b"),
      step("++", "create-replacement", "b"),
      step("++", "create-replacement", "a::x"),
      step("- ", "delete", "gone"),
      step("~ ", "update", "c"),
    ].join("\n");
    expect(resourcesOf(output, ["replace", "create-replacement", "delete-replaced"])).toEqual([
      "kubernetes:apps/v1:StatefulSet a::x",
      "kubernetes:apps/v1:StatefulSet b",
    ]);
    expect(resourcesOf(output, ["delete"])).toEqual(["kubernetes:apps/v1:StatefulSet gone"]);
  });
});

describe("hostile output", () => {
  it("can not end its code fence, with backticks of any number", () => {
    for (const run of [3, 4, 16, 17, 60_000]) {
      const text = comment(`a\n${"`".repeat(run)}\n</details>\n<b>out</b>`);
      const fence = "`".repeat(Math.min(run, 16) + 1);
      expect(text).toContain(
        `\n${fence}text\na\n${"`".repeat(Math.min(run, 16))}\n</details>\n<b>out</b>\n${fence}\n\n</details>\n`,
      );
      expect(text.split(fence)).toHaveLength(3);
    }
  });

  it("mentions nobody, in the output or in a resource's name, and breaks no code span", () => {
    const text = comment(
      "cc @octocat, (@org/team) me@example.org x@sha256:ab\n- k:v1:K: (delete)\n  [urn=urn:pulumi:s::p::k:v1:K::a`@all <b>]\nResources:\n    - 1 to delete",
    );
    expect(text).toContain("cc @\u200boctocat, (@\u200borg/team) me@example.org x@sha256:ab\n");
    expect(text).toContain("- `k:v1:K a'@\u200ball <b>`\n");
    expect(text).not.toMatch(/(?<![\w])@(?=\w)/);
  });

  it("hides secrets behind escape sequences too, and the values it was told", () => {
    const text = comment("pass\u001b[1mword: hun\u001b[0mter2\nsalt is swordfish", {
      secrets: ["swordfish"],
    });
    expect(folded(text)).toBe("password: [scrubbed]\nsalt is [scrubbed]");
  });

  it("keeps a secret out of the list of errors and names as well", () => {
    const text = comment("error: get https://a:hunter2@198.18.1.2/ failed\nerror: token: hunter2", {
      exitCode: 1,
    });
    expect(text).not.toContain("hunter2");
    expect(text).toContain(
      "```text\nerror: get https://[scrubbed]@\u200b198.18.1.2/ failed\nerror: token: [scrubbed]\n```\n",
    );
  });
});

describe("the size", () => {
  const summary = "\nResources:\n    + 1 to create";
  const around = comment(`x${summary}`).length - 1;

  it("is complete at exactly GitHub's limit, and cut at one character more", () => {
    const fits = comment(
      `${`${"y".repeat(99)}\n`.repeat(600)}${"x".repeat(commentLimit - around - 60_000 - 2)}${summary}`,
    );
    // the number of lines takes two digits more than in the small comment
    expect(fits).toHaveLength(commentLimit);
    expect(fits).not.toContain("left out");
    const over = comment(
      `${`${"y".repeat(99)}\n`.repeat(600)}${"x".repeat(commentLimit - around - 60_000 - 1)}${summary}`,
    );
    expect(over.length).toBeLessThanOrEqual(commentLimit);
    expect(over).toMatch(/\n… \d+ lines left out …\n/);
  });

  it("keeps first and last lines and says how many are missing between", () => {
    const lines = Array.from({ length: 5_000 }, (_, at) => `line ${at} ${"z".repeat(40)}`);
    const text = comment(`${lines.join("\n")}${summary}`);
    const shown = folded(text).split("\n");
    const gap = shown.findIndex((line) => line.includes("left out"));
    const missing = Number(/^… (\d+) lines left out …$/.exec(shown[gap] ?? "")?.[1]);
    expect(shown.slice(0, gap)).toEqual(lines.slice(0, gap));
    expect(shown.slice(gap + 1)).toEqual([...lines, "Resources:", "    + 1 to create"].slice(gap + missing));
    expect(gap).toBeGreaterThan(500);
    expect(shown.length - gap).toBeGreaterThan(500);
    expect(text.length).toBeGreaterThan(commentLimit - 60);
    expect(text).toContain("<summary>Output (5002 lines)</summary>");
  });

  it("never exceeds the limit, and never halves a character, whatever the output", () => {
    const resource = fc
      .tuple(fc.constantFrom("delete", "replace"), fc.integer({ min: 1, max: 300 }))
      .map(
        ([operation, size]) =>
          `- k:v1:K: (${operation})\n [urn=urn:pulumi:s::p::k:v1:K::${"n".repeat(size)}${size}]`,
      );
    const line = fc.oneof(
      resource,
      fc.constant("error: bad"),
      fc.constant("``````"),
      fc.integer({ min: 0, max: 6_000 }).map((size) => "🔒".repeat(size)),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 60 }),
        fc.integer({ min: 4_096, max: 70_000 }),
        fc.integer({ min: 0, max: 1 }),
        (lines, limit, exitCode) => {
          const text = comment(lines.join("\n"), { limit, exitCode });
          expect(text.length).toBeLessThanOrEqual(Math.min(limit, commentLimit));
          expect(Buffer.from(text).toString()).toBe(text);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("shortens one endless line but keeps the summary after it", () => {
    const text = comment(`${"🔒".repeat(100_000)}${summary}`);
    expect(folded(text)).toMatch(/^(?:🔒)+…\nResources:\n {4}\+ 1 to create$/u);
  });

  it("lists as many names as fit and counts the rest", () => {
    const names = Array.from(
      { length: 1_000 },
      (_, at) => `- k:v1:K: (delete)\n  [urn=urn:pulumi:s::p::k:v1:K::service-${at}]`,
    );
    const text = comment(names.join("\n"));
    const listed = text.match(/^- `k:v1:K service-\d+`$/gm)?.length ?? 0;
    expect(text).toContain("**Deleted (1000)**");
    expect(text).toContain(`\n- and ${1_000 - listed} more\n`);
    expect(listed).toBeGreaterThan(200);
  });

  it("cuts exactly: all lines when they fit, else both ends", () => {
    const lines = Array.from({ length: 30 }, (_, at) => String(at).padStart(9, "0"));
    expect(headAndTail(lines, 299)).toBe(lines.join("\n"));
    const less = headAndTail(lines, 298).split("\n");
    expect(less.join("\n").length).toBeLessThanOrEqual(298);
    expect(less).toEqual([...lines.slice(0, 14), "… 3 lines left out …", ...lines.slice(17)]);
  });
});

describe("the command", () => {
  const run = (args: readonly string[], input: string, env: Record<string, string> = {}) =>
    spawnSync(process.execPath, ["--import", "tsx", "scripts/previewComment.ts", ...args], {
      cwd: root,
      input,
      encoding: "utf8",
      env: { PATH: process.env.PATH ?? "", ...env },
    });

  it("reads the output, writes the comment, and hides the values of secret variables of its environment", () => {
    const { status, stdout } = run(
      ["--stack", "cloud", "--commit", commit, "--exit-code", "255"],
      "error: passed open sesame on",
      { PULUMI_CONFIG_PASSPHRASE: "open sesame", PWD: "/passed", TOKEN: "" },
    );
    expect(status).toBe(0);
    expect(stdout).toBe(comment("error: passed [scrubbed] on", { exitCode: 255 }));
  });

  it("says how it is used", () => {
    const { status, stdout, stderr } = run(["--stack", "cloud"], "");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(
      "usage: previewComment --stack NAME --commit SHA --exit-code N < output > comment.md",
    );
  });
});
