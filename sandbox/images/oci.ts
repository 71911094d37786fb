import { createHash } from "node:crypto";
import { tar, type TarEntry } from "./tar";

/** What the runtime needs to know of an image, in the words of the OCI image configuration. */
export interface ImageConfig {
  readonly User?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env: readonly string[];
}

/** An image as one archive; `reference` names it by the digest of its manifest. */
export interface OciImage {
  readonly reference: string;
  readonly archive: Buffer;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

const media = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/**
 * An OCI image layout of one layer, as a tar archive that `ctr images import` reads. The annotation in its index
 * gives the image its name in the store; that is the reference by digest, the only name it ever has.
 */
export function ociImage(repository: string, layer: readonly TarEntry[], config: ImageConfig): OciImage {
  const layerBlob = tar(layer);
  const layerDescriptor = describe(media.layer, layerBlob);
  const configBlob = json({
    architecture: "amd64",
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: [layerDescriptor.digest] },
  });
  const manifestBlob = json({
    schemaVersion: 2,
    mediaType: media.manifest,
    config: describe(media.config, configBlob),
    layers: [layerDescriptor],
  });
  const manifest = describe(media.manifest, manifestBlob);
  const reference = `${repository}@${manifest.digest}`;
  const index = json({
    schemaVersion: 2,
    mediaType: media.index,
    manifests: [{ ...manifest, annotations: { "io.containerd.image.name": reference } }],
  });
  const archive = tar([
    { path: "oci-layout", content: json({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", content: index },
    { path: "blobs/" },
    { path: "blobs/sha256/" },
    ...[layerBlob, configBlob, manifestBlob].map((content) => ({
      path: `blobs/sha256/${sha256(content)}`,
      content,
    })),
  ]);
  return { reference, archive };
}

function describe(mediaType: string, blob: Buffer): Descriptor {
  return { mediaType, digest: `sha256:${sha256(blob)}`, size: blob.length };
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
