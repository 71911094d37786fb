import { containsUnknown, isTree, type Tree } from "../properties";

/** Where a command runs and as whom, with the official defaults filled in. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** The only key the host may prove itself by: `ssh-ed25519 AAAA...`. */
  readonly hostKey: string;
  /** Failed attempts to connect that are tolerated; -1: any number. */
  readonly dialErrorLimit: number;
  /** Seconds an attempt may take; 0: as long as it likes. */
  readonly perDialTimeout: number;
}

const defaults: Tree = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };

const types: Readonly<Record<keyof Connection, "string" | "number">> = {
  host: "string",
  port: "number",
  user: "string",
  privateKey: "string",
  hostKey: "string",
  dialErrorLimit: "number",
  perDialTimeout: "number",
};

const required = ["host", "privateKey", "hostKey"] as const;

/** A plain connection with the official defaults; values that are not known yet stay so. */
export function withDefaults(given: unknown): unknown {
  return isTree(given) ? { ...defaults, ...given } : given;
}

/** What is wrong with a plain connection, by property; what is not known yet is right. No value is shown. */
export function connectionProblems(
  given: unknown,
): readonly { readonly property: string; readonly reason: string }[] {
  if (!isTree(given))
    return containsUnknown(given)
      ? []
      : [{ property: "connection", reason: "connection is to be an object" }];
  const present = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  const names = Object.keys(types).join(", ");
  return [
    ...required
      .filter((key) => !present.some(([name]) => name === key))
      .map((key) => ({
        property: `connection.${key}`,
        reason: `connection.${key} is missing: the offline stand-in connects by key, to hosts whose key is pinned`,
      })),
    ...present.flatMap(([key, value]) => {
      const property = `connection.${key}`;
      if (!(key in types))
        return [
          { property, reason: `${property} is not served by the offline stand-in, which knows ${names}` },
        ];
      const type = types[key as keyof Connection];
      return typeof value === type || containsUnknown(value)
        ? []
        : [{ property, reason: `${property} is to be of type ${type}` }];
    }),
  ];
}
