import { partsOfUrn, uniqueName } from "../../../sandbox/offline/names";

describe("names", () => {
  it("reads the type and the logical name from a URN with parents", () => {
    const urn = "urn:pulumi:s::p::a:b:C$kubernetes:core/v1:Secret::name::with::colons";
    expect(partsOfUrn(urn)).toEqual({
      type: "kubernetes:core/v1:Secret",
      name: "name::with::colons",
    });
  });

  it("makes a name unique by hexadecimal characters, the same for the same seed only", () => {
    const name = uniqueName("web-", Uint8Array.of(1), 8);
    expect(name).toMatch(/^web-[0-9a-f]{8}$/);
    expect(uniqueName("web-", Uint8Array.of(1), 8)).toBe(name);
    expect(uniqueName("web-", Uint8Array.of(2), 8)).not.toBe(name);
    expect(uniqueName("web-", new Uint8Array(), 8)).not.toBe(uniqueName("web-", new Uint8Array(), 8));
  });
});
