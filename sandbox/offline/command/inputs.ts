import { containsUnknown, isSecret, plain, secret, type Tree } from "../properties";
import type { Checked } from "../provider";
import { connectionProblems, withDefaults } from "./connection";

/** The inputs of a remote command, and whether a known value is one. */
const inputs: Readonly<Record<string, { readonly is: string; readonly test: (value: unknown) => boolean }>> =
  {
    connection: { is: "an object", test: () => true },
    create: { is: "a string", test: isString },
    update: { is: "a string", test: isString },
    delete: { is: "a string", test: isString },
    stdin: { is: "a string", test: isString },
    triggers: { is: "a list", test: Array.isArray },
    logging: {
      is: "one of stdout, stderr, stdoutAndStderr, none",
      test: (value) => ["stdout", "stderr", "stdoutAndStderr", "none"].includes(String(value)),
    },
    addPreviousOutputInEnv: {
      is: "false: the offline stand-in sets no variables on a host",
      test: (value) => value === false,
    },
  };

/** Names of the inputs of a remote command. */
export const inputNames: readonly string[] = Object.keys(inputs);

function isString(value: unknown): boolean {
  return typeof value === "string";
}

/** Fills in the official defaults of the connection, marks it as a secret, and says what is wrong. */
export function checkInputs(news: Tree): Checked {
  const given = Object.fromEntries(
    Object.entries(news).filter(
      ([key, value]) => !key.startsWith("__") && value !== undefined && value !== null,
    ),
  );
  const connection = plain(given.connection);
  const failures = [
    ...Object.entries(given).flatMap(([property, value]) => {
      const rule = inputs[property];
      if (rule === undefined)
        return [
          {
            property,
            reason: `${property} is not served by the offline stand-in, which knows ${inputNames.join(", ")}`,
          },
        ];
      return containsUnknown(value) || rule.test(plain(value))
        ? []
        : [{ property, reason: `${property} is to be ${rule.is}` }];
    }),
    ...(given.addPreviousOutputInEnv === undefined
      ? [
          {
            property: "addPreviousOutputInEnv",
            reason: `addPreviousOutputInEnv is to be ${inputs.addPreviousOutputInEnv?.is ?? ""}`,
          },
        ]
      : []),
    ...(given.connection === undefined
      ? [{ property: "connection", reason: "connection is missing" }]
      : connectionProblems(connection)),
  ];
  const marked = given.connection === undefined ? {} : { connection: secret(withDefaults(connection)) };
  return { inputs: { ...given, ...marked }, failures };
}

/** The state of a command: its inputs, secret as they are, and what it printed. */
export function stateOf(news: Tree, stdout: unknown, stderr: unknown): Tree {
  const connection =
    news.connection === undefined || isSecret(news.connection) ? {} : { connection: secret(news.connection) };
  return { ...news, ...connection, stdout, stderr };
}
