import { diffCommand } from "../../../../sandbox/offline/command/diff";
import { secret, unknownString, type Tree } from "../../../../sandbox/offline/properties";

const connection = { host: "a", port: 22 };
const inputs = (more: Tree = {}): Tree => ({
  connection: secret(connection),
  create: "one",
  triggers: ["a", 1],
  ...more,
});
const state = { ...inputs(), stdout: "out", stderr: "" };
const changes = (news: Tree, ignored: readonly string[] = []): object =>
  Object.fromEntries(diffCommand(state, news, ignored).changes);

describe("a remote command", () => {
  it("does not differ from itself, secret or not", () => {
    expect(changes(inputs())).toEqual({});
    expect(changes(inputs({ connection }))).toEqual({});
  });

  it("is updated in place when a command, its input or its connection changes", () => {
    expect(
      changes(inputs({ create: "two", stdin: "x", connection: secret({ host: "b", port: 22 }) })),
    ).toEqual({
      "connection.host": { kind: "update", replaces: false },
      create: { kind: "update", replaces: false },
      stdin: { kind: "add", replaces: false },
    });
    expect(changes(inputs({ create: undefined }))).toEqual({ create: { kind: "delete", replaces: false } });
    expect(changes(inputs({ create: unknownString }))).toEqual({
      create: { kind: "update", replaces: false },
    });
  });

  it("tells single triggers by their index, and is replaced when triggers come or go as a whole", () => {
    expect(changes(inputs({ triggers: ["b", 1, "c"] }))).toEqual({
      "triggers[0]": { kind: "update", replaces: false },
      "triggers[2]": { kind: "add", replaces: false },
    });
    expect(changes(inputs({ triggers: undefined }))).toEqual({
      triggers: { kind: "delete", replaces: true },
    });
  });

  it("leaves alone what the program told it to ignore", () => {
    expect(changes(inputs({ create: "two", triggers: [] }), ["create", "triggers"])).toEqual({});
  });

  it("is created before its predecessor is deleted", () => {
    const { deleteBeforeReplace, against } = diffCommand(state, inputs(), []);
    expect({ deleteBeforeReplace, against }).toEqual({ deleteBeforeReplace: false, against: "inputs" });
  });
});
