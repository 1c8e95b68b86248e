import { type Descriptor, type Digest, digestHex, digestOf, mediaTypes } from "../../oci/index.ts";
import { formatChecksums } from "./checksums.ts";
import type { PackageDefinition } from "./definition.ts";
import { zarfVersion } from "./features.ts";
import { configMediaType, layerMediaType, titleAnnotation } from "./media-types.ts";
import { fullReference, packageImages } from "./package.ts";
import { zarfJson, zarfYaml } from "./zarf-json.ts";

/** An image as it is stored beside the package: Zarf keeps one manifest per tag, an index only where a digest names it. */
export interface PackageImage {
  /** Of its manifest. */
  readonly descriptor: Descriptor;
  /** Everything the manifest names: config and layers. */
  readonly blobs: readonly Descriptor[];
}

/** One file of a package in published form. */
export interface PackageLayer {
  /** Path in the package: `zarf.yaml`, `components/web.tar`. */
  readonly title: string;
  readonly descriptor: Descriptor;
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** A package in Zarf's published-OCI form. Same inputs, same bytes. */
export interface BuiltPackage {
  readonly name: string;
  readonly version: string;
  /** The OCI image manifest. */
  readonly manifestBytes: Uint8Array;
  readonly configBytes: Uint8Array;
  /** The package's own files. */
  readonly layers: readonly PackageLayer[];
  /** Layers of the manifest that are image content and come with the images; empty until `attachImages`. */
  readonly imageBlobs: readonly Descriptor[];
  /** Full references of the images that it lists. */
  readonly images: readonly string[];
  readonly definition: PackageDefinition;
  /** Archive of each component that has files, by component. */
  readonly componentTars: ReadonlyMap<string, Uint8Array>;
}

/** Fixed, because the same inputs must give the same bytes. */
const builtAt = { timestamp: "Thu, 01 Jan 1970 00:00:00 +0000", created: "1970-01-01T00:00:00Z" };

function fileLayer(title: string, bytes: Uint8Array): PackageLayer {
  const descriptor = {
    mediaType: layerMediaType,
    digest: digestOf(bytes),
    size: bytes.length,
    annotations: { [titleAnnotation]: title },
  };
  return { title, descriptor, open: () => once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function blobDescriptor({ digest, size }: Descriptor): Descriptor {
  const annotations = { [titleAnnotation]: `images/blobs/sha256/${digestHex(digest)}` };
  return { mediaType: layerMediaType, digest, size, annotations };
}

const byDigest = (a: { readonly digest: Digest }, b: { readonly digest: Digest }): number =>
  a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0;

/** `images/index.json` and `images/oci-layout`: an OCI layout whose blobs are only named, because they come with the images. */
function imageIndexLayers(images: ReadonlyMap<string, PackageImage>): readonly PackageLayer[] {
  if (images.size === 0) return [];
  const manifests = [...images].map(([reference, { descriptor }]) => ({
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
    annotations: { "org.opencontainers.image.base.name": reference, "org.opencontainers.image.ref.name": reference },
    ...(descriptor.platform === undefined ? {} : { platform: descriptor.platform }),
  }));
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: manifests.sort(byDigest) };
  return [
    fileLayer("images/index.json", Buffer.from(JSON.stringify(index))),
    fileLayer("images/oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
  ];
}

/** The content of all images, each blob once. */
function imageBlobsOf(images: ReadonlyMap<string, PackageImage>): readonly Descriptor[] {
  const blobs = [...images.values()].flatMap(({ descriptor, blobs: below }) => [descriptor, ...below]);
  return [...new Map(blobs.map((blob) => [blob.digest, blobDescriptor(blob)])).values()];
}

const titleOf = (descriptor: Descriptor): string => descriptor.annotations?.[titleAnnotation] ?? "";

/** An index that is kept whole is what Zarf knows since 0.77. */
function requirementsOf(images: ReadonlyMap<string, PackageImage>) {
  const keepsIndex = [...images.values()].some(({ descriptor }) => {
    const { mediaType } = descriptor;
    return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerManifestList;
  });
  const reason = "This package contains a multi-platform image, which is only supported on v0.77.0+";
  return keepsIndex ? [{ version: "v0.77.0", reason }] : [];
}

/** Annotations of the published manifest; the package's own win. @see https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
function annotationsOf({ metadata }: PackageDefinition): Readonly<Record<string, string>> {
  const { name, description, url, authors, documentation, source, vendor } = metadata;
  const known = { title: name, description, url, authors, documentation, source, vendor, created: builtAt.created };
  const named = Object.entries(known).flatMap(([key, value]) =>
    value === undefined || value === "" ? [] : [[`org.opencontainers.image.${key}`, value] as const],
  );
  const all = Object.entries({ ...Object.fromEntries(named), ...metadata.annotations });
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Puts a package together from its definition and its components' archives.
 *
 * @param parts.images - content of every listed image by full reference. Without it the package names its images but does not
 *   carry them, as Zarf's own does when it is pulled for a connected cluster
 */
export function assemblePackage(parts: {
  readonly definition: PackageDefinition;
  readonly componentTars: ReadonlyMap<string, Uint8Array>;
  readonly images?: ReadonlyMap<string, PackageImage>;
}): BuiltPackage {
  const images = parts.images ?? new Map<string, PackageImage>();
  const content = [
    ...[...parts.componentTars].map(([name, bytes]) => fileLayer(`components/${name}.tar`, bytes)),
    ...imageIndexLayers(images),
  ];
  const imageBlobs = imageBlobsOf(images);
  const listed = [...content.map(({ descriptor }) => descriptor), ...imageBlobs];
  const checksums = Buffer.from(
    formatChecksums(listed.map((descriptor) => ({ path: titleOf(descriptor), digest: descriptor.digest }))),
  );
  const { architecture } = parts.definition.metadata;
  const definition: PackageDefinition = {
    ...parts.definition,
    metadata: { ...parts.definition.metadata, aggregateChecksum: digestHex(digestOf(checksums)) },
    build: {
      ...(architecture === undefined ? {} : { architecture }),
      timestamp: builtAt.timestamp,
      version: zarfVersion,
      signed: false,
      migrations: [],
      registryOverrides: {},
      differential: false,
      differentialMissing: [],
      versionRequirements: requirementsOf(images),
      provenanceFiles: ["checksums.txt"],
    },
  };
  const layers = [
    ...content,
    fileLayer("checksums.txt", checksums),
    fileLayer("zarf.yaml", Buffer.from(zarfYaml(definition))),
  ];
  const configBytes = Buffer.from(JSON.stringify(zarfJson(definition, { files: "written" })));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: configMediaType, digest: digestOf(configBytes), size: configBytes.length },
    layers: [...layers.map(({ descriptor }) => descriptor), ...imageBlobs].sort(byDigest),
    annotations: annotationsOf(definition),
  };
  return {
    name: definition.metadata.name,
    version: definition.metadata.version ?? "",
    manifestBytes: Buffer.from(JSON.stringify(manifest)),
    configBytes,
    layers,
    imageBlobs,
    images: packageImages({ definition }),
    definition,
    componentTars: parts.componentTars,
  };
}

/**
 * The same package with its images in it, so that it is whole by Zarf's rules: listed in `checksums.txt` and in `images/`.
 *
 * @param images - by reference as `built.images` names them; every one of them
 */
export function attachImages(built: BuiltPackage, images: ReadonlyMap<string, PackageImage>): BuiltPackage {
  const wanted = new Map<string, PackageImage>();
  for (const reference of built.images) {
    const image = images.get(reference);
    if (image === undefined) throw new Error(`attachImages: no content for ${reference}`);
    wanted.set(fullReference(reference), image);
  }
  return assemblePackage({ definition: built.definition, componentTars: built.componentTars, images: wanted });
}
