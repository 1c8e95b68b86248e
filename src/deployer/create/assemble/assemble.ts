import { type Descriptor, digestHex, digestOf } from "../../../oci/index.ts";
import { formatChecksums } from "../../package/checksums.ts";
import type { PackageDefinition } from "../../package/definition.ts";
import { titleAnnotation } from "../../package/media-types.ts";
import { fullReference, packageImages } from "../../package/package.ts";
import { publishedManifest } from "../../package/published-manifest.ts";
import { zarfYaml } from "../../package/zarf-json.ts";
import { zarfVersion } from "../../package/zarf-version.ts";
import { migrations } from "../source/migrate.ts";
import type { StagedTree } from "../stage/staged.ts";
import { imageBlobsOf, imageIndexLayers, type PackageImage } from "./image-layers.ts";
import { bytesLayer, type PackageLayer } from "./package-layer.ts";
import { versionRequirements } from "./version-requirements.ts";

/** What a package is put together from. */
export interface PackageParts {
  /** Composed and by the rules; its `build` is made here. */
  readonly definition: PackageDefinition;
  /** Archives of components, values, documentation. */
  readonly content: readonly PackageLayer[];
  /** What is in the archive of each component that has one. */
  readonly trees: ReadonlyMap<string, StagedTree>;
  readonly flavor?: string;
  /** Version of the package that this is the difference to. */
  readonly differentialTo?: string;
  /** default 1970-01-01, because the same inputs must give the same bytes */
  readonly createdAt?: Date;
}

/** A package in Zarf's published-OCI form. Same inputs, same bytes. */
export interface BuiltPackage {
  readonly name: string;
  readonly version: string;
  readonly definition: PackageDefinition;
  /** The OCI image manifest. */
  readonly manifestBytes: Uint8Array;
  readonly configBytes: Uint8Array;
  /** The package's own files. */
  readonly layers: readonly PackageLayer[];
  /** Layers of the manifest that are image content and come with the images; empty until `attachImages`. */
  readonly imageBlobs: readonly Descriptor[];
  /** Full references of the images that it lists, those of image archives included. */
  readonly images: readonly string[];
  readonly parts: PackageParts;
}

/**
 * Puts a package together.
 *
 * @param images - content of every listed image by full reference. Without it the package names its images but does not
 *   carry them, as Zarf's own does when it is pulled for a connected cluster
 */
export function assemblePackage(
  parts: PackageParts,
  images: ReadonlyMap<string, PackageImage> = new Map(),
): BuiltPackage {
  const content = [...parts.content, ...imageIndexLayers(images)];
  const imageBlobs = imageBlobsOf(images);
  const checksums = Buffer.from(
    formatChecksums(
      [...content.map(({ descriptor }) => descriptor), ...imageBlobs].map((descriptor) => ({
        path: descriptor.annotations?.[titleAnnotation] ?? "",
        digest: descriptor.digest,
      })),
    ),
  );
  const definition = withBuild(parts, { checksums, images });
  const layers = [
    ...content,
    bytesLayer("checksums.txt", checksums),
    bytesLayer("zarf.yaml", Buffer.from(zarfYaml(definition))),
  ];
  return publishedForm(parts, { definition, layers, imageBlobs });
}

/** The manifest and config that a registry is given; also after signing changed the definition. */
export function publishedForm(
  parts: PackageParts,
  { definition, layers, imageBlobs }: Pick<BuiltPackage, "definition" | "layers" | "imageBlobs">,
): BuiltPackage {
  const files = [...layers.map(({ descriptor }) => descriptor), ...imageBlobs].map(
    ({ digest, size, annotations }) => [annotations?.[titleAnnotation] ?? "", { digest, sizeBytes: size }] as const,
  );
  const { manifestBytes, configBytes } = publishedManifest(definition, new Map(files));
  return {
    name: definition.metadata.name,
    version: definition.metadata.version ?? "",
    definition,
    manifestBytes,
    configBytes,
    layers,
    imageBlobs,
    images: allImages(definition),
    parts,
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
    wanted.set(reference, image);
  }
  return assemblePackage(built.parts, wanted);
}

/** Pulled ones and those of image archives, by full reference, each once. */
export function allImages(definition: PackageDefinition): readonly string[] {
  const archived = definition.components.flatMap(({ imageArchives }) => imageArchives.flatMap(({ images }) => images));
  return [...new Set([...packageImages({ definition }), ...archived.map(fullReference)])];
}

const createdAt = (parts: PackageParts): Date => parts.createdAt ?? new Date(0);

function withBuild(
  parts: PackageParts,
  made: { readonly checksums: Uint8Array; readonly images: ReadonlyMap<string, PackageImage> },
): PackageDefinition {
  const { definition, flavor, differentialTo } = parts;
  const { metadata } = definition;
  const version = definition.kind === "ZarfInitConfig" ? (metadata.version ?? zarfVersion) : metadata.version;
  return {
    ...definition,
    metadata: {
      ...metadata,
      ...(version === undefined ? {} : { version }),
      aggregateChecksum: digestHex(digestOf(made.checksums)),
    },
    build: {
      ...(metadata.architecture === undefined ? {} : { architecture: metadata.architecture }),
      timestamp: zarfTime(createdAt(parts)),
      version: zarfVersion,
      migrations: [...migrations],
      // Where images were pulled from belongs to whoever made the package.
      registryOverrides: {},
      differential: differentialTo !== undefined,
      ...(differentialTo === undefined ? {} : { differentialPackageVersion: differentialTo }),
      differentialMissing: [],
      ...(flavor === undefined ? {} : { flavor }),
      signed: false,
      versionRequirements: [...versionRequirements(definition, made.images)],
      provenanceFiles: ["checksums.txt"],
    },
  };
}

/** `Mon, 02 Jan 2006 15:04:05 +0000` */
const zarfTime = (time: Date): string => time.toUTCString().replace(/GMT$/, "+0000");
