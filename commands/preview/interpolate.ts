/** The value of a variable: one, or a choice of many. */
export type VariableValue = string | readonly string[];

export type Values = Readonly<Record<string, VariableValue>>;

const VARIABLE = /\$\{(\w+)(?::(\w+))?\}|\$(\w+)/g;

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\\\$&");

/** As Grafana's Prometheus data source does: many values become a regular expression. */
function asPromql(value: VariableValue): string {
  if (typeof value === "string") return value;
  const [only, ...others] = value.map(escaped);
  return others.length === 0 ? (only ?? "") : `(${[only, ...others].join("|")})`;
}

const asText = (value: VariableValue): string => (typeof value === "string" ? value : value.join(" + "));

function replaced(text: string, values: Values, write: (value: VariableValue) => string): string {
  return text.replaceAll(VARIABLE, (whole, braced: string | undefined, format: string | undefined, bare) => {
    const name = braced ?? String(bare);
    const value = values[name];
    if (value === undefined) throw new Error(`${text}: the variable ${whole} is not known here`);
    if (format !== undefined) throw new Error(`${text}: the format of ${whole} is not understood`);
    return write(value);
  });
}

/** A query with its variables filled in; throws where one is unknown. */
export const interpolate = (query: string, values: Values): string => replaced(query, values, asPromql);

/** A title with its variables filled in. */
export const interpolateText = (text: string, values: Values): string => replaced(text, values, asText);
