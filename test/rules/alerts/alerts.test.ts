import { keyOf, keyOfCase, kinds, places, scenariosOf } from "./tests";
import type { Place } from "./tests";
import type { Placed } from "./site";
import { verdicts } from "./verdicts";

const casesOf = ({ cases }: Place, { rule }: Placed) => cases.filter((one) => keyOfCase(one) === keyOf(rule));

describe.each(places)("alerts evaluated on the $name", (place) => {
  const tests = place.rules.flatMap((placed) =>
    casesOf(place, placed).flatMap((one, index) =>
      scenariosOf(place, placed, one).map((scenario) => ({
        name: `${keyOf(placed.rule)} [${index + 1}]: ${scenario.name}`,
        key: keyOf(placed.rule),
        kind: scenario.kind,
        groups: [{ ...placed.group, rules: [placed.rule] }],
        scenarios: [scenario],
      })),
    ),
  );
  const found = verdicts(tests);

  it("have names that tell them apart, and no case without a rule", () => {
    const keys = place.rules.map(({ rule }) => keyOf(rule));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    expect(place.cases.map(keyOfCase).filter((key) => !keys.includes(key))).toEqual([]);
  });

  it("are all shown firing, not yet firing, never firing, and with a second cluster", () => {
    const lacking = place.rules.flatMap(({ rule }) =>
      kinds
        .filter((kind) => !tests.some((test) => test.key === keyOf(rule) && test.kind === kind))
        .map((kind) => `${keyOf(rule)}: ${kind}`),
    );
    expect(lacking).toEqual([]);
  });

  it.each(tests.map(({ name }) => name))("%s", (name) => {
    expect(found.get(name)).toBe("");
  });
});
