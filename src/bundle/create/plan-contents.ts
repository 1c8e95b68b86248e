import {
  type Descriptor,
  type Digest,
  digestOf,
  formatReference,
  mediaTypes,
  parseManifest,
  parseReference,
} from "../../oci/index.ts";
import { artifactManifest, documentArtifact, emptyConfig, type MadeBlob, madeBlob } from "../format/artifact.ts";
import { type Closure, sortClosure } from "../format/closure.ts";
import { type IndexDocument, indexBytes, topDescriptors } from "../format/index-document.ts";
import { blobSectionBytes } from "../format/layout.ts";
import type { PlatformName } from "../format/manifest.ts";
import { mentionOrder } from "../format/mention-order.ts";
import { ANNOTATION, MEDIA } from "../format/names.ts";
import type { AssetInput, BlobSource, CreateBundleOptions, PackageInput } from "./options.ts";
import type { ResolvedImages } from "./resolve-images.ts";

/** Everything about a bundle but the bytes of its layers. */
export interface PlannedContents {
  readonly index: IndexDocument;
  readonly indexBytes: Buffer;
  /** Every blob once, in the order of the file. */
  readonly blobs: readonly Descriptor[];
  /** What manifests list, as stored, by digest. */
  readonly children: ReadonlyMap<string, readonly string[]>;
  /** Blobs that are in memory or lie on this machine, by digest; the others come from registries. */
  readonly local: ReadonlyMap<string, BlobSource>;
}

/**
 * Works out the index and the list of blobs. The same images, packages and assets always give the same bytes, in whatever
 * order they were found.
 */
export async function planContents(
  options: Pick<CreateBundleOptions, "definition" | "versions" | "packages" | "assets">,
  resolved: ResolvedImages,
  platforms: ReadonlySet<PlatformName>,
): Promise<PlannedContents> {
  const made = new Map<string, MadeBlob>();
  const make = (blob: MadeBlob): Descriptor => {
    made.set(blob.descriptor.digest, blob);
    return blob.descriptor;
  };
  for (const { descriptor, bytes } of resolved.manifests.values()) make({ descriptor, bytes: Buffer.from(bytes) });

  const byReference = new Map(resolved.images.map((image) => [image.reference, image]));
  const inputs =
    typeof options.packages === "function"
      ? options.packages((reference) => byReference.get(formatReference(parseReference(reference))))
      : options.packages;
  const packages = inputs.map((input) => {
    assertWhole(input, resolved);
    make(madeBlob(MEDIA.zarfConfig, Buffer.from(input.config)));
    const descriptor = make(madeBlob(mediaTypes.ociManifest, Buffer.from(input.manifest)));
    return { name: input.name, version: input.version, descriptor };
  });
  const closure = sortClosure({
    versions: [...options.versions],
    images: resolved.images.map(({ reference, descriptor, why, platforms: on }) => ({
      reference,
      digest: descriptor.digest,
      why: [...why],
      platforms: [...on],
    })),
    packages: packages.map(({ name, version, descriptor }) => ({
      name,
      ...(version === undefined ? {} : { version }),
      digest: descriptor.digest,
    })),
    assets: options.assets.map(closureAsset),
  });
  const [definition, definitionLayer] = documentArtifact(MEDIA.definition, options.definition);
  const [closureManifest, closureLayer] = documentArtifact(MEDIA.closure, closure);
  const assets = closure.assets.length === 0 ? undefined : makeAssets(closure.assets, make);
  for (const blob of [definition, definitionLayer, closureManifest, closureLayer, emptyConfig]) make(blob);

  const document: Omit<IndexDocument, "blobSectionBytes"> = {
    definition: definition.descriptor,
    closure: closureManifest.descriptor,
    images: resolved.images.map(({ reference, descriptor }) => ({ reference, descriptor })),
    packages: packages.map(({ name, descriptor }) => ({ name, descriptor })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(assets === undefined ? {} : { assets }),
  };
  const contents = await mentionOrder(
    topDescriptors({ ...document, blobSectionBytes: 0 }),
    platforms,
    async ({ digest }) => {
      const bytes = made.get(digest)?.bytes;
      return bytes === undefined ? undefined : parseManifest(bytes, { what: digest });
    },
  );
  const [wrong] = [...contents.conflicts, ...contents.unread];
  if (wrong !== undefined) throw new Error(`the parts of the bundle contradict each other about ${wrong}`);
  const index = { ...document, blobSectionBytes: blobSectionBytes(contents.blobs) };
  return {
    index,
    indexBytes: indexBytes(index),
    blobs: contents.blobs,
    children: contents.children,
    local: localBlobs(inputs, options.assets, made),
  };
}

/** What does not fit together is the caller's bug. Layers that are not given must be content of the bundle's images. */
function assertWhole({ name, manifest, config, layers }: PackageInput, resolved: ResolvedImages): void {
  const parsed = parseManifest(manifest, { what: `manifest of package ${name}` });
  if (parsed.kind !== "image" || parsed.config.mediaType !== MEDIA.zarfConfig)
    throw new Error(`${name} is not a package`);
  if (digestOf(config) !== parsed.config.digest) {
    throw new Error(`package ${name} has another config than its manifest says`);
  }
  const given = new Set<string>(layers.map(({ descriptor }) => descriptor.digest));
  const lacking = parsed.layers.find(
    ({ digest }) => !given.has(digest) && !resolved.sources.has(digest) && !resolved.manifests.has(digest),
  );
  if (lacking !== undefined) throw new Error(`package ${name} lacks its layer ${lacking.digest}`);
}

function makeAssets(assets: Closure["assets"], make: (blob: MadeBlob) => Descriptor): Descriptor {
  const layers = assets.map(
    ({ name, digest, sizeBytes }): Descriptor => ({
      mediaType: MEDIA.file,
      digest: digest as Digest,
      size: sizeBytes,
      annotations: { [ANNOTATION.title]: name },
    }),
  );
  return make(artifactManifest(MEDIA.assets, layers));
}

function closureAsset({ name, kind, architecture, schematic, blob }: AssetInput): Closure["assets"][number] {
  const { digest, size: sizeBytes } = blob.descriptor;
  return { name, kind, architecture, ...(schematic === undefined ? {} : { schematic }), digest, sizeBytes };
}

function localBlobs(
  packages: readonly PackageInput[],
  assets: readonly AssetInput[],
  made: ReadonlyMap<string, MadeBlob>,
): ReadonlyMap<string, BlobSource> {
  const lying = [...packages.flatMap(({ layers }) => layers), ...assets.map(({ blob }) => blob)];
  const inMemory = [...made.values()].map(({ descriptor, bytes }) => ({ descriptor, open: () => once(bytes) }));
  return new Map([...lying, ...inMemory].map((source) => [source.descriptor.digest, source]));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
