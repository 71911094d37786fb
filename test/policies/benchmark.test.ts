import { InferenceBenchmark } from "../../components/performance/inferenceBenchmark";
import { policies } from "../../policies/policies";
import { record } from "../support/mocks";
import { benchmarkArgs } from "../unit/components/performance/samples";
import { violations } from "./engine";
import type { Props } from "./fixtures";

/** Values as CrossGuard sees them: secrets unwrapped. */
const unwrapped = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  if ("4dabf18193072939515e22adb298388d" in value && "value" in value) return unwrapped(value.value);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, unwrapped(inner)]])),
  );
};

it("a benchmark breaks no policy, whatever it declares", async () => {
  const registrations = await record(() => new InferenceBenchmark("bench", benchmarkArgs()));
  const objects = registrations.filter(({ type }) => type.startsWith("kubernetes:"));
  expect(objects.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["kubernetes:batch/v1:Job", "kubernetes:batch/v1:CronJob"]),
  );
  const found = await Promise.all(
    policies.flatMap((policy) =>
      objects.map(({ type, inputs }) =>
        violations(policy, type.slice("kubernetes:".length), unwrapped(inputs) as Props),
      ),
    ),
  );
  expect(found.flat()).toEqual([]);
});
