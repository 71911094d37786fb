import { handEdits, mergeStackFile } from "../../../sandbox/project/merge";

const committed = { config: { "federation:role": "member", "federation:member": { a: 1 } } };
const overlaid = { "federation:member": { a: 2 } };

describe("the generated stack file", () => {
  it("is the committed file under the overlay", () => {
    expect(mergeStackFile(committed, overlaid, undefined)).toEqual({
      config: { "federation:role": "member", "federation:member": { a: 2 } },
    });
  });

  it("carries over the salt and what init wrote, and nothing else", () => {
    const generated = {
      encryptionsalt: "v1:salt",
      config: {
        "federation:kubeconfig": { secure: "x" },
        "federation:clusterUid": "uid",
        "federation:hubSecrets": { secure: "y" },
        "federation:role": "hub",
        "federation:stray": "left by hand",
      },
    };
    expect(mergeStackFile(committed, overlaid, generated)).toEqual({
      encryptionsalt: "v1:salt",
      config: {
        "federation:role": "member",
        "federation:member": { a: 2 },
        "federation:kubeconfig": { secure: "x" },
        "federation:clusterUid": "uid",
        "federation:hubSecrets": { secure: "y" },
      },
    });
  });
});

describe("edits by hand", () => {
  const written = { config: { "federation:role": "member", "federation:member": { a: 2 } } };

  it("finds none where only init wrote", () => {
    expect(handEdits({ config: { ...written.config, "federation:clusterUid": "uid" } }, written)).toEqual([]);
  });

  it("names changed, added and removed keys", () => {
    expect(handEdits({ config: { "federation:member": { a: 3 }, "federation:new": 1 } }, written)).toEqual([
      "federation:member",
      "federation:new",
      "federation:role",
    ]);
  });
});
