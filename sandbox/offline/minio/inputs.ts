import { uniqueName } from "../names";
import { containsUnknown, isSecret, isTree, listAt, plain, secret, type Tree } from "../properties";
import type { Checked } from "../provider";
import type { Property, ResourceType } from "./resourceType";

/** Where the inputs list, as the official provider's do, those that it filled in itself. */
const defaultsKey = "__defaults";

/**
 * Completes a resource's inputs with defaults and a name, and says what is wrong with them. `name` is the logical
 * name; `olds` are the inputs before, whose random name is kept.
 */
export function checkInputs(
  type: ResourceType,
  name: string,
  olds: Tree,
  news: Tree,
  seed: Uint8Array,
): Checked {
  const given = givenInputs(news);
  const strangers = Object.keys(given).filter((key) => !(key in type.inputs));
  const known = Object.keys(type.inputs).join(", ");
  const failures = [
    ...strangers.map((property) => ({
      property,
      reason: `${property} is not served by the offline stand-in, which knows ${known}`,
    })),
    ...Object.entries(type.inputs).flatMap(([property, rule]) => {
      const reason = problemOf(rule, given[property], property, given);
      return reason === undefined ? [] : [{ property, reason }];
    }),
  ];
  const kept = listAt(olds, defaultsKey);
  const filled = Object.entries(type.inputs).flatMap(([key, rule]): [string, unknown][] => {
    if (key in given) return [];
    if (rule.default !== undefined) return [[key, rule.default]];
    if (rule.autonamed !== true) return [];
    return [[key, kept.includes(key) ? olds[key] : uniqueName(`${name}-`, seed, 7)]];
  });
  const marked = Object.entries(given).map(([key, value]): [string, unknown] => [
    key,
    type.inputs[key]?.secret === true && !isSecret(value) ? secret(value) : value,
  ]);
  const inputs = {
    ...Object.fromEntries([...marked, ...filled]),
    [defaultsKey]: filled.map(([key]) => key).sort(),
  };
  return { inputs, failures };
}

/** What the program, or a default, wants: the plain inputs without what the engine and the provider add. */
export function wantedOf(inputs: Tree): Tree {
  return givenInputs(plain(inputs) as Tree);
}

/** The inputs that would lead to what an import found. */
export function inputsOf(type: ResourceType, found: Tree): Tree {
  const entries = Object.entries(found).filter(
    ([key, value]) => key in type.inputs && type.inputs[key]?.default !== value,
  );
  return { ...Object.fromEntries(entries), [defaultsKey]: [] };
}

/** The defaults of a type: what an import takes to be so where the server does not know. */
export function defaultsOf(type: ResourceType): Tree {
  const entries = Object.entries(type.inputs).map(([key, rule]) => [key, rule.default] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Inputs that are really there. */
function givenInputs(inputs: Tree): Tree {
  const entries = Object.entries(inputs).filter(
    ([key, value]) => !key.startsWith("__") && value !== undefined && value !== null,
  );
  return Object.fromEntries(entries);
}

function problemOf(rule: Property, value: unknown, property: string, given: Tree): string | undefined {
  if (value === undefined) return rule.required === true ? `${property} is missing` : undefined;
  if (rule.excludes !== undefined && rule.excludes in given)
    return `${property} and ${rule.excludes} can not be given together`;
  if (containsUnknown(value)) return undefined;
  const known = plain(value);
  const shown = rule.secret === true || isSecret(value) ? property : `${property} ${JSON.stringify(known)}`;
  const isRightType = rule.type === "object" ? isTree(known) : typeof known === rule.type;
  if (!isRightType) return `${shown} is to be of type ${rule.type}`;
  const problem = rule.problem?.(known);
  return problem === undefined ? undefined : `${shown} ${problem}`;
}
