import { child, descendants, parse, text } from "../../metrics/promqlTree";
import type { BuiltDashboard } from "../../dashboards";
import { panelsOf, targetsOf, valuesFor } from "./evaluate";
import type { Asking } from "./evaluate";
import { interpolate } from "./interpolate";
import { builtIn } from "./window";

/** A selector of a panel, asked alone. */
export interface AskedSelector {
  readonly dashboard: string;
  readonly panel: string;
  readonly selector: string;
  readonly series: number;
  /** Why it may be empty; absent where it may not. */
  readonly emptyIsGood?: string;
}

/** The selectors of an expression as they stand in it, each once; with its range where it has one. */
export function selectorTexts(expression: string): readonly string[] {
  const tree = parse(expression);
  const nodes = descendants(tree);
  const ranges = nodes.filter(
    (node) => node.node.name === "MatrixSelector" && child(node, "VectorSelector") !== undefined,
  );
  const inside = (from: number): boolean => ranges.some(({ node }) => node.from <= from && from < node.to);
  const plain = nodes.filter(({ node }) => node.name === "VectorSelector" && !inside(node.from));
  return [...new Set([...ranges, ...plain].map(text))];
}

/** How many series a selector has; one with a range counts all that had a sample in it. */
const counting = (selector: string): string =>
  selector.endsWith("]") ? `count(last_over_time(${selector}))` : `count(${selector})`;

interface Source {
  readonly panel: string;
  readonly query: string;
  readonly emptyIsGood?: string;
}

function sourcesOf({ model, notes }: BuiltDashboard, asking: Asking): readonly Source[] {
  const reasons = new Map(notes.map(({ panel, emptyIsGood }) => [panel, emptyIsGood]));
  const ofPanels = panelsOf(model).flatMap((panel) => {
    const emptyIsGood = reasons.get(panel.id ?? 0);
    return targetsOf(panel).map(({ expr }) => ({
      panel: panel.title ?? "",
      query: interpolate(expr, valuesFor(panel, asking)),
      ...(emptyIsGood === undefined ? {} : { emptyIsGood }),
    }));
  });
  const values = {
    ...asking.values,
    ...builtIn(asking.window, asking.scrapeInterval, asking.scrapeInterval),
  };
  const ofAnnotations = (model.annotations.list ?? []).map(({ name, expr = "" }) => ({
    panel: `annotation ${name}`,
    query: interpolate(expr, values),
  }));
  return [...ofPanels, ...ofAnnotations];
}

/** Asks every selector of every panel and annotation alone, at the end of the window. */
export async function askSelectors(dashboard: BuiltDashboard, asking: Asking): Promise<AskedSelector[]> {
  const asked = new Map<string, Promise<number>>();
  const count = (selector: string): Promise<number> => {
    const known = asked.get(selector);
    if (known !== undefined) return known;
    const answer = asking.prometheus
      .instant(counting(selector), asking.window.to)
      .then(([found]) => found?.samples[0]?.[1] ?? 0);
    asked.set(selector, answer);
    return answer;
  };
  const wanted = new Map(
    sourcesOf(dashboard, asking).flatMap(({ query, ...source }) =>
      selectorTexts(query).map(
        (selector) => [`${source.panel}\n${selector}`, { ...source, selector }] as const,
      ),
    ),
  );
  return await Promise.all(
    [...wanted.values()].map(async (one) => ({
      dashboard: dashboard.title,
      ...one,
      series: await count(one.selector),
    })),
  );
}

/** The selectors that return nothing and should. */
export const emptyOnes = (asked: readonly AskedSelector[]): readonly AskedSelector[] =>
  asked.filter(({ series, emptyIsGood }) => series === 0 && emptyIsGood === undefined);
