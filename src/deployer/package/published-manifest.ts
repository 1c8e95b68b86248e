import { type Descriptor, type Digest, digestOf, mediaTypes } from "../../oci/index.ts";
import type { PackageDefinition } from "./definition.ts";
import { goJson } from "./go-json.ts";
import { configMediaType, layerMediaType, titleAnnotation } from "./media-types.ts";
import type { PackageFile } from "./package-types.ts";
import { zarfJson } from "./zarf-json.ts";

/** A package's manifest in published form, in the very bytes that Zarf gives for it. */
export interface PublishedManifest {
  readonly digest: Digest;
  readonly manifestBytes: Buffer;
  readonly configBytes: Buffer;
  readonly config: Descriptor;
  /** One per file, by digest. */
  readonly layers: readonly Descriptor[];
}

/**
 * @param files - every file of the package, zarf.yaml and checksums.txt among them, by path
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md
 */
export function publishedManifest(
  definition: PackageDefinition,
  files: ReadonlyMap<string, PackageFile>,
): PublishedManifest {
  const configBytes = Buffer.from(goJson(zarfJson(definition, { files: "written" })));
  const config = { mediaType: configMediaType, digest: digestOf(configBytes), size: configBytes.length };
  const layers = [...files]
    .map(([path, { digest, sizeBytes }]) => ({
      mediaType: layerMediaType,
      digest,
      size: sizeBytes,
      annotations: { [titleAnnotation]: path },
    }))
    .sort((a, b) => (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers,
    annotations: publishedAnnotations(definition),
  };
  const manifestBytes = Buffer.from(goJson(manifest));
  return { digest: digestOf(manifestBytes), manifestBytes, configBytes, config, layers };
}

/** What is known of a package without pulling it; its own annotations win. @see https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md */
export function publishedAnnotations({ metadata, build }: PackageDefinition): Readonly<Record<string, string>> {
  const { name, description, url, authors, documentation, source, vendor } = metadata;
  const known = { url, authors, documentation, source, vendor };
  const named = Object.entries(known).flatMap(([key, value]) =>
    value === undefined || value === "" ? [] : [[`org.opencontainers.image.${key}`, value] as const],
  );
  const all = {
    "org.opencontainers.image.title": name,
    // Zarf writes it also where there is none.
    "org.opencontainers.image.description": description ?? "",
    ...Object.fromEntries(named),
    ...metadata.annotations,
    "org.opencontainers.image.created": createdAt(build?.timestamp),
  };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `Mon, 02 Jan 2006 15:04:05 -0700` as RFC 3339 in UTC; what is not such a time is Go's zero time. */
function createdAt(timestamp = ""): string {
  const isKnown = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}$/.test(timestamp);
  const milliseconds = isKnown ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(milliseconds)) return "0001-01-01T00:00:00Z";
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}
