import fc from "fast-check";
import { selectors, syntaxErrors } from "../../../metrics/promql";

describe("syntaxErrors", () => {
  it.each([
    "up",
    "vector(time())",
    'sum by (cluster, job) (up{cluster="hpc"} == bool 0)',
    "rate(x_total[5m] offset 1m @ end()) > 0 # a comment",
    "max_over_time(sum by (cluster) (up)[1h:5m])",
    "a / on (cluster) group_left (job) b",
    `{"a.b", "c.d"=~'x\\'y', e!~\`\\d+\`}`,
    "-(up ^ 2) + 1e3",
  ])("accepts %s", (expr) => {
    expect(syntaxErrors(expr)).toEqual([]);
  });

  it.each([
    ["", "1:1: unexpected end of the expression"],
    ["  \n ", "2:2: unexpected end of the expression"],
    ["sum(", "1:5: unexpected end of the expression"],
    ["up) foo", '1:3: unexpected ")"'],
    ["foo(up)", '1:4: unknown function "foo"'],
    ['up{a="x}', '1:6: string "x} has no closing quote'],
    ["up{a=b}", '1:6: unexpected "b"'],
    ["sum by (cluster (up)", '1:17: unexpected "(up)"'],
    ["rate(up[5m)", '1:11: unexpected ")"'],
    ["1 +* 2", '1:4: unexpected "*"'],
    ["up +\n  foo bar", '2:7: unexpected "bar"'],
    ["up # comment\n + )", '2:4: unexpected ")"'],
  ])("names the place and the text in %j", (expr, problem) => {
    expect(syntaxErrors(expr)).toEqual([problem]);
  });

  it("answers for any text", () => {
    fc.assert(
      fc.property(fc.string(), (anything) => {
        for (const problem of syntaxErrors(anything)) {
          expect(problem).toMatch(/^\d+:\d+: \S/);
        }
      }),
    );
  });
});

describe("selectors", () => {
  it("finds every selector with metric and matchers, wherever it stands", () => {
    const expr = `sum by (cluster) (rate(a_total{b="c",d!="e"}[5m:1m] offset 1h)) / on (x) group_left (y) {__name__="f", g=~"h.*"} unless absent({"i", "j k"!~'l'})`;
    expect(selectors(expr)).toEqual([
      {
        metric: "a_total",
        matchers: [
          { label: "b", op: "=", value: "c" },
          { label: "d", op: "!=", value: "e" },
        ],
      },
      {
        metric: "f",
        matchers: [
          { label: "__name__", op: "=", value: "f" },
          { label: "g", op: "=~", value: "h.*" },
        ],
      },
      { metric: "i", matchers: [{ label: "j k", op: "!~", value: "l" }] },
    ]);
  });

  it("gives no metric where only matchers select", () => {
    expect(selectors('{__name__=~"fed_cluster:.+"}')).toEqual([
      { matchers: [{ label: "__name__", op: "=~", value: "fed_cluster:.+" }] },
    ]);
  });

  it("finds none in strings, comments and scalars", () => {
    expect(selectors('label_replace(vector(1), "a", "up", "", "") # up\n')).toEqual([]);
  });

  it("reads values back as they were quoted", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (value) => {
        expect(selectors(`up{a=${JSON.stringify(value)}}`)).toEqual([
          { metric: "up", matchers: [{ label: "a", op: "=", value }] },
        ]);
      }),
    );
  });

  it.each([
    ['"\\x41\\u0042\\U00000043\\104\\n\\""', 'ABCD\n"'],
    ["'it\\'s'", "it's"],
    ["`a\\n`", "a\\n"],
  ])("resolves escapes of %s", (literal, value) => {
    expect(selectors(`up{a=${literal}}`)[0]!.matchers[0]!.value).toBe(value);
  });
});
