import { createCipheriv } from "node:crypto";
import { createRegistryClient, type Descriptor, digestOf, layoutStore, mediaTypes } from "../../../src/oci/index.ts";
import { testLayout } from "../../support/layout.ts";

/** Images that every registry under the contract gets. */
export interface PullSample {
  readonly folder: string;
  readonly image: {
    readonly repository: string;
    readonly tag: string;
    readonly manifest: Descriptor;
    readonly blobs: readonly Descriptor[];
    readonly big: Descriptor;
  };
  readonly index: {
    readonly repository: string;
    readonly tag: string;
    readonly manifest: Descriptor;
    readonly entries: readonly Descriptor[];
  };
  readonly unknownDigest: string;
  readonly bytesOf: (digest: string) => Buffer;
}

const bigBytes = 9 * 1024 * 1024 + 12_345;

/** Writes the sample as a layout; all names are in `registry`. */
export async function writeSample(folder: string, registry: string): Promise<PullSample> {
  const layout = await testLayout(folder);
  const kept = new Map<string, Buffer>();
  const keep = (bytes: Buffer): Buffer => {
    kept.set(digestOf(bytes), bytes);
    return bytes;
  };
  const layers = [keep(scrambled(bigBytes)), keep(Buffer.from("a small layer"))];
  const blobs = await Promise.all(layers.map((layer) => layout.addBlob(layer)));
  const config = await layout.addBlob(Buffer.from('{"architecture":"amd64","os":"linux"}'), mediaTypes.ociConfig);
  const image = { repository: "team/big", tag: "1.0" };
  const manifest = await layout.addManifest(
    { config, layers: blobs },
    { name: `${registry}/${image.repository}:${image.tag}` },
  );

  const entries = [];
  for (const architecture of ["amd64", "arm64"]) {
    const layer = Buffer.from(`for ${architecture}`);
    entries.push(await layout.addImage([layer], { platform: { architecture, os: "linux" } }));
  }
  const index = { repository: "team/multi", tag: "2" };
  const name = `${registry}/${index.repository}:${index.tag}`;
  const list = await layout.addManifest({ mediaType: mediaTypes.ociIndex, manifests: entries }, { name });
  const big = blobs[0] ?? config;
  return {
    folder,
    image: { ...image, manifest, blobs: [config, ...blobs], big },
    index: { ...index, manifest: list, entries },
    unknownDigest: digestOf("nobody has this"),
    bytesOf: (digest) => kept.get(digest) ?? Buffer.alloc(0),
  };
}

/** Puts the sample into a registry with our own client. */
export async function pushSample(sample: PullSample, apiRoot: string): Promise<void> {
  const store = await layoutStore(sample.folder);
  const { signal } = new AbortController();
  const client = createRegistryClient({ apiRoot });
  const read = async (descriptor: Descriptor): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of store.open(descriptor.digest, { signal })) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const pushImage = async (repository: string, reference: string, manifest: Descriptor): Promise<void> => {
    const bytes = await read(manifest);
    const { config, layers = [] } = JSON.parse(bytes.toString()) as { config?: Descriptor; layers?: Descriptor[] };
    for (const blob of [...(config === undefined ? [] : [config]), ...layers]) {
      await client.pushBlob(repository, blob, () => store.open(blob.digest, { signal }), { signal });
    }
    await client.pushManifest(repository, reference, { mediaType: manifest.mediaType, bytes }, { signal });
  };
  try {
    await pushImage(sample.image.repository, sample.image.tag, sample.image.manifest);
    for (const entry of sample.index.entries) await pushImage(sample.index.repository, entry.digest, entry);
    await pushImage(sample.index.repository, sample.index.tag, sample.index.manifest);
  } finally {
    await client.close();
  }
}

/** Bytes without any pattern, always the same. */
function scrambled(size: number): Buffer {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16)).update(Buffer.alloc(size));
}
