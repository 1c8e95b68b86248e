import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Descriptor,
  digestHex,
  digestOf,
  mediaTypes,
  type Platform,
  refNameAnnotation,
} from "../../src/oci/index.ts";

export interface TestLayout {
  readonly folder: string;
  readonly addBlob: (bytes: Uint8Array, mediaType?: string) => Promise<Descriptor>;
  /** A manifest or index; with a name it is listed in index.json. */
  readonly addManifest: (
    manifest: object,
    options?: { readonly name?: string; readonly platform?: Platform },
  ) => Promise<Descriptor>;
  readonly addImage: (
    layers: readonly Uint8Array[],
    options?: { readonly name?: string; readonly platform?: Platform },
  ) => Promise<Descriptor>;
}

/** Writes an OCI image layout into a folder, piece by piece; it is whole after every call. */
export async function testLayout(folder: string): Promise<TestLayout> {
  const blobs = join(folder, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const entries: Descriptor[] = [];
  const writeIndex = (): Promise<void> =>
    writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: entries }));
  await writeIndex();

  const addBlob: TestLayout["addBlob"] = async (bytes, mediaType = mediaTypes.ociLayerGzip) => {
    const digest = digestOf(bytes);
    await writeFile(join(blobs, digestHex(digest)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const addManifest: TestLayout["addManifest"] = async (manifest, { name, platform } = {}) => {
    const { mediaType = mediaTypes.ociManifest } = manifest as { mediaType?: string };
    const descriptor = await addBlob(
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...manifest })),
      mediaType,
    );
    if (name !== undefined) {
      entries.push({ ...descriptor, annotations: { [refNameAnnotation]: name } });
      await writeIndex();
    }
    return platform === undefined ? descriptor : { ...descriptor, platform };
  };
  return {
    folder,
    addBlob,
    addManifest,
    addImage: async (layers, options = {}) => {
      const { architecture, os } = options.platform ?? { architecture: "amd64", os: "linux" };
      const config = await addBlob(Buffer.from(JSON.stringify({ architecture, os })), mediaTypes.ociConfig);
      const descriptors = await Promise.all(layers.map((layer) => addBlob(layer)));
      return addManifest({ config, layers: descriptors }, options);
    },
  };
}
