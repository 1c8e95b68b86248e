import { createCipheriv, createHash } from "node:crypto";
import { createRegistryClient, type Descriptor, type Digest, digestOf, mediaTypes } from "../../src/oci/index.ts";

const IMAGES = 8;
const PIECE_BYTES = 1024 * 1024;

export interface Layer {
  readonly repository: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/**
 * Fills a registry with images of two layers each, always of the same bytes.
 *
 * @param options.megabytes - MiB of all layers together
 */
export async function pushImages(
  apiRoot: string,
  options: { readonly megabytes: number; readonly signal: AbortSignal },
): Promise<{ readonly references: readonly string[]; readonly layers: readonly Layer[] }> {
  const { megabytes, signal } = options;
  const client = createRegistryClient({ apiRoot });
  const layers: Layer[] = [];
  const references: string[] = [];
  for (let image = 0; image < IMAGES; image += 1) {
    const repository = `bench/image-${image}`;
    const descriptors: Descriptor[] = [];
    for (const [at, share] of [0.75, 0.25].entries()) {
      const pieces = Math.round((megabytes / IMAGES) * share);
      const read = () => scrambled(2 * image + at, pieces);
      const layer = { mediaType: mediaTypes.ociLayerGzip, digest: await hashOf(read()), size: pieces * PIECE_BYTES };
      await client.pushBlob(repository, layer, read, { signal });
      descriptors.push(layer);
      layers.push({ repository, digest: layer.digest, sizeBytes: layer.size });
    }
    const configBytes = Buffer.from('{"architecture":"amd64","os":"linux"}');
    const config = { mediaType: mediaTypes.ociConfig, digest: digestOf(configBytes), size: configBytes.length };
    await client.pushBlob(repository, config, () => once(configBytes), { signal });
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: descriptors };
    const bytes = Buffer.from(JSON.stringify(manifest));
    await client.pushManifest(repository, "1", { mediaType: mediaTypes.ociManifest, bytes }, { signal });
    references.push(`ghcr.io/${repository}:1`);
  }
  await client.close();
  return { references, layers };
}

/** Bytes that no compression shrinks, the same for the same seed. */
async function* scrambled(seed: number, pieces: number): AsyncGenerator<Uint8Array> {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16));
  const zeros = Buffer.alloc(PIECE_BYTES);
  for (let piece = 0; piece < pieces; piece += 1) yield cipher.update(zeros);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function hashOf(pieces: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash("sha256");
  for await (const piece of pieces) hash.update(piece);
  return `sha256:${hash.digest("hex")}` as Digest;
}
