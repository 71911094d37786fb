import type { Registration } from "../../support/mocks";
import { run } from "../index/run";
import { benchmarked, hub, landingZone, member, modelSync } from "../index/samples";
import { blocks, pages, spans } from "./pages";

type Labels = Readonly<Record<string, string>>;
interface Declared {
  readonly metadata?: { readonly name?: string; readonly labels?: Labels };
  readonly spec?: { readonly template?: { readonly metadata?: { readonly labels?: Labels } } };
}

let objects: readonly Registration[] = [];
beforeAll(async () => {
  const runs = [await run({ ...hub, landingZone, ...benchmarked }), await run({ ...member, modelSync })];
  objects = runs.flatMap(({ registrations }) => registrations);
});

/** Every line of code in what people read; a benchmark's target by the name of the one that is declared here. */
const lines = pages.flatMap(([page, text]) =>
  [...spans(text), ...blocks(text).flatMap((block) => block.split("\n"))].map((line) => ({
    page,
    line: line.replace("<target>", "llama-a6000"),
  })),
);

/** The labels that objects, and their pods, carry. */
const labels = (): readonly Labels[] =>
  objects.flatMap(({ inputs }) => {
    const { metadata, spec } = inputs as Declared;
    return [metadata?.labels ?? {}, spec?.template?.metadata?.labels ?? {}];
  });

const fits = (selector: string, carried: Labels): boolean =>
  selector.split(",").every((pair) => {
    const [name = "", value] = pair.split("=");
    return carried[name] === value;
  });

it("what a command selects by this project's labels is declared", () => {
  const selectors = lines.flatMap(({ page, line }) =>
    [...line.matchAll(/-l (app\.kubernetes\.io\/\S+)/g)].map(([, selector = ""]) => ({ page, selector })),
  );
  expect(selectors.length).toBeGreaterThan(5);
  expect(selectors.filter(({ selector }) => !labels().some((carried) => fits(selector, carried)))).toEqual(
    [],
  );
});

it("a CronJob that a command names is declared", () => {
  const named = lines.flatMap(({ page, line }) =>
    [...line.matchAll(/\bcronjob[/ ]([a-z][\w-]*)/g)].map(([, name = ""]) => ({ page, name })),
  );
  const declared = objects
    .filter(({ type }) => type === "kubernetes:batch/v1:CronJob")
    .map(({ inputs }) => (inputs as Declared).metadata?.name ?? "");
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter(({ name }) => !declared.includes(name) && name !== "benchmark-sandbox-tiny")).toEqual(
    [],
  );
});
