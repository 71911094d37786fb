import { checkInputs, stateOf } from "../../../../sandbox/offline/command/inputs";
import { secret, unknownString, type Tree } from "../../../../sandbox/offline/properties";

const connection = { host: "192.168.100.11", privateKey: "key", hostKey: "ssh-ed25519 AAAA" };
const given = (more: Tree = {}): Tree => ({
  connection,
  create: "true",
  addPreviousOutputInEnv: false,
  ...more,
});
const reasons = (news: Tree): string[] => checkInputs(news).failures.map(({ reason }) => reason);

describe("the inputs of a remote command", () => {
  it("get the official defaults of the connection, which is a secret", () => {
    expect(checkInputs(given())).toEqual({
      inputs: given({
        connection: secret({ user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15, ...connection }),
      }),
      failures: [],
    });
    const own = { ...connection, user: "admin", port: 2222, dialErrorLimit: -1, perDialTimeout: 0 };
    expect(
      checkInputs(given({ connection: secret({ ...own, privateKey: secret("key") }) })).inputs.connection,
    ).toEqual(secret(own));
  });

  it("may be unknown, whole or in part", () => {
    expect(reasons(given({ connection: unknownString, stdin: unknownString }))).toEqual([]);
    const { inputs, failures } = checkInputs(
      given({ connection: { ...connection, privateKey: unknownString } }),
    );
    expect(failures).toEqual([]);
    expect(inputs.connection).toEqual(
      expect.objectContaining({ value: expect.objectContaining({ privateKey: unknownString }) as unknown }),
    );
  });

  it.each<[string, Tree, readonly string[]]>([
    ["no connection", { connection: undefined }, ["connection is missing"]],
    ["a connection that is none", { connection: "host" }, ["connection is to be an object"]],
    [
      "no host key",
      { connection: { host: "a", privateKey: "key" } },
      ["connection.hostKey is missing: the offline stand-in connects by key, to hosts whose key is pinned"],
    ],
    [
      "a password",
      { connection: { ...connection, password: "p" } },
      [
        "connection.password is not served by the offline stand-in, which knows host, port, user, privateKey, hostKey, dialErrorLimit, perDialTimeout",
      ],
    ],
    [
      "a port of the wrong type",
      { connection: { ...connection, port: "22" } },
      ["connection.port is to be of type number"],
    ],
    ["a command that is no string", { create: 1 }, ["create is to be a string"]],
    ["triggers that are no list", { triggers: "a" }, ["triggers is to be a list"]],
    [
      "logging unknown",
      { logging: "all" },
      ["logging is to be one of stdout, stderr, stdoutAndStderr, none"],
    ],
    [
      "previous output in the environment",
      { addPreviousOutputInEnv: undefined },
      ["addPreviousOutputInEnv is to be false: the offline stand-in sets no variables on a host"],
    ],
    [
      "environment",
      { environment: { A: "1" } },
      [
        "environment is not served by the offline stand-in, which knows connection, create, update, delete, stdin, triggers, logging, addPreviousOutputInEnv",
      ],
    ],
  ])("with %s are refused", (_, more, expected) => {
    expect(reasons(given(more))).toEqual(expected);
  });

  it("are the state, with what was printed; the connection is a secret in any case", () => {
    expect(stateOf(given(), "out", "err")).toEqual({
      ...given({ connection: secret(connection) }),
      stdout: "out",
      stderr: "err",
    });
  });
});
