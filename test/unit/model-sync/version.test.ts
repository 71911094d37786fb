import { createHash } from "node:crypto";
import { ManifestText, buildManifest } from "../../../workloads/model-sync/publish/manifest";
import type { PublishedVersion } from "../../../workloads/model-sync/publish/version";
import { publishedState, versionOf, versionOfText } from "../../../workloads/model-sync/publish/version";
import type { ModelState } from "../../../workloads/model-sync/state/types";
import { noCounters } from "../../../workloads/model-sync/state/types";

const manifest = buildManifest(
  { member: "hpc", model: "m", snapshot: "0".repeat(32) },
  [{ path: "a", size: 3, sha256: "ab".repeat(32), crc32: "AAAAAA==", versionId: "v", etag: '"e"' }],
  {
    source: "/m",
    trained: "2026-03-01T10:00:00.000Z",
    quiescent: "2026-03-01T10:01:00.000Z",
    uploaded: "2026-03-01T10:02:00.000Z",
    verified: "2026-03-01T10:03:00.000Z",
  },
);
const begin = Date.parse("2026-03-01T10:00:00Z") / 1000;
const stages = {
  trained: begin,
  quiescent: begin + 60,
  hashed: begin + 120,
  uploaded: begin + 120,
  verified: begin + 180,
};
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const textOf = (content: string): ManifestText => new ManifestText(Buffer.from(content), "key");

describe("a published version", () => {
  const known: PublishedVersion = {
    snapshot: manifest.snapshot,
    digest: "digest",
    files: 7,
    bytes: 9,
    manifest: sha256("not even JSON"),
    identity: "looks",
    stages: { trained: 1 },
  };

  it("is what its manifest says", () => {
    const version = {
      snapshot: manifest.snapshot,
      digest: manifest.digest,
      files: 1,
      bytes: 3,
      stages,
    };
    expect(versionOf(manifest)).toEqual(version);
    const text = JSON.stringify(manifest);
    for (const before of [undefined, known])
      expect(versionOfText(textOf(text), before)).toEqual({ ...version, manifest: sha256(text) });
  });

  it("is what the state says of the very same text, which is not read again", () => {
    expect(versionOfText(textOf("not even JSON"), known)).toBe(known);
  });

  it.each([
    ["is not JSON", "not even JSON", "not JSON"],
    ["lost its files", JSON.stringify({ ...manifest, files: [] }), "its files do not give its digest"],
  ])("is not believed when its manifest %s", (_, text, told) => {
    const { manifest: _sum, ...unread } = known;
    expect(() => versionOfText(textOf(text), unread)).toThrow(told);
    expect(() => versionOfText(textOf(`${text} `), known)).toThrow(told);
  });
});

describe("the state of a version", () => {
  const before = (published: PublishedVersion): ModelState => ({
    published,
    outcome: "unchanged",
    seen: "",
    counters: noCounters,
  });
  const found = { ...versionOf(manifest), manifest: "sum" };
  const registered = { version: { name: "hpc-m", version: "3" }, at: 5000 };

  it("keeps what was reached before by the same version", () => {
    const earlier = { ...found, identity: "old", version: { name: "hpc-m", version: "2" } };
    const reached = { ...earlier, stages: { ...stages, trained: 1, registered: 2 } };
    expect(publishedState(found, before(reached), "looks", undefined)).toEqual({
      ...reached,
      identity: "looks",
    });
    expect(publishedState(found, before(reached), undefined, registered)).toEqual({
      ...found,
      version: registered.version,
      stages: reached.stages,
    });
  });

  it("takes nothing from another version, and notes when it was registered first", () => {
    const other = before({ ...found, snapshot: "1".repeat(32), stages: { trained: 1, registered: 2 } });
    expect(publishedState(found, other, undefined, undefined)).toEqual(found);
    expect(publishedState(found, other, "looks", registered)).toEqual({
      ...found,
      identity: "looks",
      version: registered.version,
      stages: { ...stages, registered: 5 },
    });
  });
});
