import {
  containsUnknown,
  markSecrets,
  plain,
  secret,
  unknownString,
} from "../../../sandbox/offline/properties";

describe("secrets", () => {
  it("follow the inputs into the outputs, and no further than needed", () => {
    const outs = { spec: { a: "1", b: "2", list: ["x", "y"] }, status: {} };
    const ins = { spec: { a: secret("1"), b: "2", list: ["x", secret("y")] } };
    expect(markSecrets(outs, ins)).toEqual({
      spec: { a: secret("1"), b: "2", list: secret(["x", "y"]) },
      status: {},
    });
  });

  it("come out plain", () => {
    expect(plain({ a: secret({ b: secret("c") }), d: [secret(1)] })).toEqual({ a: { b: "c" }, d: [1] });
  });

  it("may hide something unknown", () => {
    expect(containsUnknown({ a: [secret({ b: unknownString })] })).toBe(true);
    expect(containsUnknown({ a: [secret({ b: "known" })] })).toBe(false);
  });
});
