import { parseToolSet } from "../../../sandbox/setup";
import { toolSetNames } from "../../../sandbox/setup/tools";

describe("sets of tools", () => {
  it("are asked for by name", () => {
    expect(toolSetNames.map(parseToolSet)).toEqual(toolSetNames);
    expect(toolSetNames).toContain("sandbox");
  });

  it("that are not there are refused with the names of those that are", () => {
    expect(() => parseToolSet("everything")).toThrow(
      `no set of tools everything; there are ${toolSetNames.join(", ")}`,
    );
  });
});
