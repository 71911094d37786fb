import { FieldColorModeId } from "@grafana/grafana-foundation-sdk/dashboard";
import type { FieldConfig, Panel, ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { format } from "./format";

/** What a panel says of one series or column, overrides applied. */
export interface Field extends FieldConfig {
  /** Properties of the kind of panel, such as `lineStyle`. */
  readonly custom: Readonly<Record<string, unknown>>;
}

/** A value as it is shown. */
export interface Shown {
  readonly text: string;
  /** By a mapping or a limit; absent where the value has none. */
  readonly colour?: string;
}

function matches(matcher: { readonly id: string; readonly options?: unknown }, name: string): boolean {
  const options = String(matcher.options);
  switch (matcher.id) {
    case "byName":
      return options === name;
    case "byRegexp": {
      const [, body = options, flags = ""] = /^\/(.*)\/([a-z]*)$/.exec(options) ?? [];
      return new RegExp(body, flags).test(name);
    }
    default:
      throw new Error(`the field matcher ${matcher.id} is not known to the preview`);
  }
}

const CUSTOM = "custom.";

/** The configuration of the series or column of that name. */
export function fieldOf({ fieldConfig }: Panel, name: string): Field {
  const { defaults = {}, overrides = [] } = fieldConfig ?? {};
  const properties = overrides
    .filter(({ matcher }) => matches(matcher, name))
    .flatMap((override) => override.properties)
    .map(({ id, value }): [string, unknown] => [id, value]);
  const custom = properties.filter(([id]) => id.startsWith(CUSTOM));
  return {
    ...defaults,
    ...Object.fromEntries(properties.filter(([id]) => !id.startsWith(CUSTOM))),
    custom: {
      ...(defaults.custom as Readonly<Record<string, unknown>> | undefined),
      ...Object.fromEntries(custom.map(([id, value]) => [id.slice(CUSTOM.length), value])),
    },
  };
}

/** What a value, or a text, stands for; undefined where it stands for nothing. */
export function mapped(mappings: readonly ValueMapping[], value: number | string): Shown | undefined {
  for (const { type, options } of mappings as readonly { type: string; options: unknown }[]) {
    if (type !== "value") throw new Error(`value mappings of type ${type} are not known to the preview`);
    const found = (options as Readonly<Record<string, { text?: string; color?: string }>>)[String(value)];
    if (found !== undefined)
      return {
        text: found.text ?? String(value),
        ...(found.color === undefined ? {} : { colour: found.color }),
      };
  }
  return undefined;
}

/** The colour of the last limit that a value has reached. */
function limitColour({ thresholds }: FieldConfig, value: number): string | undefined {
  return thresholds?.steps.findLast(({ value: from }) => from === null || value >= from)?.color;
}

/** A value in the words, unit and colour of its field. */
export function show(field: Field, value: number): Shown {
  const state = mapped(field.mappings ?? [], value);
  if (state !== undefined) return state;
  const text = format(value, field.unit, field.decimals);
  const colour =
    field.color?.mode === FieldColorModeId.Fixed ? field.color.fixedColor : limitColour(field, value);
  return colour === undefined ? { text } : { text, colour };
}
