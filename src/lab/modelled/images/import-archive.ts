import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import {
  choosePlatform,
  digestOf,
  formatReference,
  type ImageManifest,
  mediaTypes,
  type Platform,
  parseManifest,
  parseReference,
} from "../../../oci/index.ts";
import { at, list, mapping, text, texts } from "../../node/read-values.ts";
import type { BlobStore } from "./blob-store.ts";
import type { KeptImage } from "./image-table.ts";

interface Entry {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** More entries than any image archive has; bounds memory. */
const MAX_ENTRIES = 10_000;
const TAR_BLOCK_BYTES = 512;

/**
 * Takes in an archive of images as `ctr images import` does: an OCI layout or what `docker save` writes. Every file goes into the
 * store by its digest, which must be the one that its path in a layout claims.
 *
 * @returns the images that have a name, in the archive's order
 * @throws Error with the reason, as containerd would say it
 */
export async function importArchive(
  archive: AsyncIterable<Uint8Array>,
  options: { readonly store: BlobStore; readonly platform: Platform; readonly now: Date; readonly signal: AbortSignal },
): Promise<readonly KeptImage[]> {
  const entries = await takeIn(archive, options);
  const layout = entries.get("index.json");
  const docker = entries.get("manifest.json");
  if (layout !== undefined) return fromLayout(layout, options);
  if (docker !== undefined) return fromDocker(docker, entries, options);
  throw new Error("unrecognized image format");
}

async function takeIn(
  archive: AsyncIterable<Uint8Array>,
  { store, signal }: { readonly store: BlobStore; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  const tar = extract();
  const reading = (async () => {
    for await (const entry of tar) {
      const name = entry.header.name.replace(/^\.\//, "");
      if (entry.header.type !== "file") entry.resume();
      else {
        if (entries.size >= MAX_ENTRIES) throw new Error(`the archive has more than ${MAX_ENTRIES} files`);
        const claimed = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
        entries.set(
          name,
          await store.ingest(
            entry as AsyncIterable<Buffer>,
            claimed === undefined ? {} : { digest: `sha256:${claimed}` },
          ),
        );
      }
    }
  })();
  let sizeBytes = 0;
  const counted = async function* () {
    for await (const piece of archive) {
      sizeBytes += piece.length;
      yield piece;
    }
  };
  try {
    await Promise.all([pipeline(Readable.from(counted()), tar, { signal }), reading]);
  } catch (error) {
    signal.throwIfAborted();
    // Go's word for an archive that ends inside one of its blocks.
    if (sizeBytes % TAR_BLOCK_BYTES !== 0) throw new Error("unexpected EOF", { cause: error });
    throw error;
  }
  return entries;
}

type Target = { readonly store: BlobStore; readonly platform: Platform; readonly now: Date };

async function fromLayout(layout: Entry, target: Target): Promise<readonly KeptImage[]> {
  const index = parseManifest(await target.store.read(layout.digest), { what: "index.json of the archive" });
  if (index.kind !== "index") throw new Error("index.json is not an image index");
  const images: KeptImage[] = [];
  for (const descriptor of index.manifests) {
    const annotations = descriptor.annotations ?? {};
    const name = annotations["io.containerd.image.name"] ?? annotations["org.opencontainers.image.ref.name"];
    if (name === undefined) continue;
    const top = parseManifest(await target.store.read(descriptor.digest), { what: `manifest of ${name}` });
    const chosen = top.kind === "index" ? choosePlatform(top, target.platform)?.digest : descriptor.digest;
    if (chosen === undefined) throw new Error(`no match for platform in manifest ${descriptor.digest}: not found`);
    const manifest = parseManifest(await target.store.read(chosen), { what: `manifest of ${name}` });
    if (manifest.kind !== "image") throw new Error(`unexpected index inside the index of ${name}`);
    images.push(keep(name, descriptor.digest, chosen, manifest, target));
  }
  return images;
}

async function fromDocker(
  docker: Entry,
  entries: ReadonlyMap<string, Entry>,
  target: Target,
): Promise<readonly KeptImage[]> {
  const described = JSON.parse((await target.store.read(docker.digest)).toString("utf8")) as unknown;
  const entryOf = (path: unknown): Entry => {
    const entry = entries.get(text(path) ?? "");
    if (entry === undefined) throw new Error(`${String(path)}: not found in the archive`);
    return entry;
  };
  const images: KeptImage[] = [];
  for (const item of list(described).map(mapping)) {
    const config = entryOf(item["Config"]);
    const layers = texts(item["Layers"]).map(entryOf);
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: { mediaType: mediaTypes.ociConfig, digest: config.digest, size: config.sizeBytes },
        layers: layers.map((layer) => ({
          mediaType: "application/vnd.oci.image.layer.v1.tar",
          digest: layer.digest,
          size: layer.sizeBytes,
        })),
      }),
    );
    const digest = digestOf(bytes);
    await target.store.ingest(Readable.from([bytes]), { digest });
    const manifest = parseManifest(bytes, { what: "manifest of a docker archive" });
    if (manifest.kind !== "image") throw new Error("unexpected index in a docker archive");
    for (const tag of texts(at(item, "RepoTags"))) images.push(keep(tag, digest, digest, manifest, target));
  }
  return images;
}

function keep(
  name: string,
  digest: string,
  manifestDigest: string,
  manifest: ImageManifest,
  { store, now }: Target,
): KeptImage {
  for (const blob of [manifest.config, ...manifest.layers]) {
    if (!store.has(blob.digest)) throw new Error(`content digest ${blob.digest}: not found`);
  }
  const reference = parseReference(name);
  return {
    name: formatReference(reference),
    repository: `${reference.registry}/${reference.repository}`,
    digest,
    manifestDigest,
    manifest,
    sizeBytes: [manifest.config, ...manifest.layers].reduce((sum, blob) => sum + blob.size, 0),
    createdAt: now.toISOString(),
  };
}
