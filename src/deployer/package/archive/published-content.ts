import type { ContentStore, Digest, ImageManifest } from "../../../oci/index.ts";
import { configMediaType, titleAnnotation } from "../media-types.ts";
import { type ContentFile, createFileList, invalid, type PackageContent } from "./package-content.ts";

/** A package in published form, wherever it lies: a bundle, a registry. */
export interface PackageSource {
  /** For messages; default: its digest. */
  readonly label?: string;
  /** Of the manifest. */
  readonly digest: Digest;
  readonly manifest: Pick<ImageManifest, "config" | "layers">;
  /** The bytes of a whole layer; they are measured and hashed here. */
  readonly readBlob: (digest: Digest, options: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  /** A part of a layer, where the place allows it: archives of components are then read in place. */
  readonly openBlob?: ContentStore["open"];
  readonly close?: () => Promise<void>;
}

/** @throws OperatorError PACKAGE_INVALID, PACKAGE_TOO_LARGE */
export function publishedContent(source: PackageSource): PackageContent {
  const label = source.label ?? source.digest;
  const { config, layers } = source.manifest;
  if (config.mediaType !== configMediaType)
    throw invalid(label, `its config is ${config.mediaType}, not ${configMediaType}`);
  const list = createFileList<ContentFile & { readonly digest: Digest }>(label);
  for (const { annotations, digest, size } of layers) {
    const path = list.pathOf(annotations?.[titleAnnotation] ?? "");
    if (path === undefined) throw invalid(label, "one of its layers has no title");
    list.add(path, { sizeBytes: size, digest });
  }
  const { openBlob } = source;
  return {
    label,
    files: list.files,
    canSeek: openBlob !== undefined,
    open: (path, { start, end, signal }) => {
      const file = list.files.get(path);
      if (file === undefined) throw new Error(`no file ${path}`);
      if (start === undefined && end === undefined) return source.readBlob(file.digest, { signal });
      if (openBlob === undefined) throw new Error("a part of a layer cannot be read here");
      return openBlob(file.digest, {
        ...(start === undefined ? {} : { start }),
        ...(end === undefined ? {} : { end }),
        signal,
      });
    },
    close: source.close ?? (() => Promise.resolve()),
  };
}
