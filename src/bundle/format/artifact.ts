import { canonicalJson, type JsonValue } from "../../lib/json.ts";
import { type Descriptor, digestOf, mediaTypes } from "../../oci/index.ts";

/** A blob that is made here and held in memory. */
export interface MadeBlob {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** The config that an artifact without one has. @see https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor */
export const emptyConfig: MadeBlob = madeBlob(mediaTypes.ociEmpty, Buffer.from("{}"));

export function madeBlob(mediaType: string, bytes: Buffer): MadeBlob {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** An OCI artifact: a manifest of this type over layers. */
export function artifactManifest(artifactType: string, layers: readonly Descriptor[]): MadeBlob {
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType,
    config: emptyConfig.descriptor,
    layers,
  };
  return madeBlob(mediaTypes.ociManifest, Buffer.from(canonicalJson(manifest as unknown as JsonValue)));
}

/** A document as an artifact with one layer of the same type: the manifest, then the document. */
export function documentArtifact(type: string, document: JsonValue): readonly [manifest: MadeBlob, layer: MadeBlob] {
  const layer = madeBlob(type, Buffer.from(canonicalJson(document)));
  return [artifactManifest(type, [layer.descriptor]), layer];
}
