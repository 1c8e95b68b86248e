import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Architecture, binaryName, findPart, type PartName } from "../catalog.ts";
import { digestFolder } from "../digest-files.ts";
import type { Image, ImageFile } from "../image-catalog.ts";
import {
  configMediaType,
  type Descriptor,
  imageConfig,
  imageIndex,
  imageManifest,
  indexMediaType,
  manifestMediaType,
  referenceAnnotation,
} from "./documents.ts";
import type { LayerEntry } from "./layer.ts";
import { packLayer } from "./pack-layer.ts";

/** Where the content of images comes from. */
export interface ImageSources {
  /** Folder of a part's binaries. */
  readonly partFolders: Readonly<Record<string, string>>;
  /** Folder of the trees of `debian-tools.ts`. */
  readonly debianFolder: string;
}

/**
 * Writes images as one OCI image layout, in which equal blobs are stored once.
 *
 * @param onImage - told each reference before its image is packed
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export async function writeLayout(
  folder: string,
  images: readonly Image[],
  sources: ImageSources,
  options: { readonly signal: AbortSignal; readonly onImage: (reference: string) => void },
): Promise<void> {
  await mkdir(path.join(folder, "blobs", "sha256"), { recursive: true });
  await writeFile(path.join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const manifests: Descriptor[] = [];
  for (const image of [...images].sort((a, b) => (a.reference < b.reference ? -1 : 1))) {
    options.onImage(image.reference);
    const descriptor = await writeImage(folder, image, sources, options);
    manifests.push({ ...descriptor, annotations: { [referenceAnnotation]: image.reference } });
  }
  await writeFile(path.join(folder, "index.json"), JSON.stringify(imageIndex(manifests)));
}

async function writeImage(
  folder: string,
  image: Image,
  sources: ImageSources,
  options: { readonly signal: AbortSignal },
): Promise<Descriptor> {
  const manifests: Descriptor[] = [];
  for (const architecture of image.architectures) {
    const layers = [];
    for (const files of image.layers) {
      const entries = await Promise.all(files.map((file) => layerEntries(file, architecture, sources, options)));
      layers.push(await writeLayer(folder, entries.flat(), options));
    }
    const diffIds = layers.map((layer) => layer.diffId);
    const config = imageConfig(image, architecture, { diffIds, labels: sourceLabels(image) });
    const configDescriptor = await writeDocument(folder, configMediaType, config);
    const manifest = imageManifest(
      configDescriptor,
      layers.map((layer) => layer.descriptor),
    );
    const descriptor = await writeDocument(folder, manifestMediaType, manifest);
    manifests.push({ ...descriptor, platform: { architecture, os: "linux" } });
  }
  const [only, ...others] = manifests;
  if (only === undefined) throw new Error(`${image.reference} has no architecture`);
  if (others.length > 0) return writeDocument(folder, indexMediaType, imageIndex(manifests));
  return { mediaType: only.mediaType, digest: only.digest, size: only.size };
}

/** What one row of a table stands for, with its content from `sources`. */
export async function layerEntries(
  file: ImageFile,
  architecture: Architecture,
  sources: ImageSources,
  options: { readonly signal: AbortSignal },
): Promise<readonly LayerEntry[]> {
  switch (file.kind) {
    case "directory":
      return [{ kind: "directory", path: file.path.slice(1), mode: file.mode }];
    case "link":
      return [{ kind: "link", path: file.path.slice(1), target: file.target }];
    case "text":
      return [{ kind: "bytes", path: file.path.slice(1), mode: 0o644, bytes: Buffer.from(file.text) }];
    case "part":
      return [
        { kind: "file", path: file.path.slice(1), mode: 0o755, file: binaryFile(file.part, architecture, sources) },
      ];
    case "debian": {
      const tree = path.join(sources.debianFolder, file.tools);
      const names = Object.keys(await digestFolder(tree, options));
      return names.map((name) => ({ kind: "file", path: name, mode: 0o755, file: path.join(tree, name) }));
    }
  }
}

function binaryFile(name: PartName, architecture: Architecture, sources: ImageSources): string {
  const part = findPart(name);
  const folder = sources.partFolders[name];
  if (part === undefined || folder === undefined) throw new Error(`no binaries of ${name} were given`);
  return path.join(folder, binaryName(part, architecture));
}

function sourceLabels(image: Image): Readonly<Record<string, string>> {
  const names = image.layers.flat().flatMap((file) => (file.kind === "part" ? [file.part] : []));
  const modules = names.flatMap((name) => {
    const part = findPart(name);
    return part === undefined ? [] : [`${part.module}@${part.version}`];
  });
  return {
    "org.opencontainers.image.title": image.reference.replace(/^.*\//, "").replace(/:.*$/, ""),
    ...(modules.length === 0 ? {} : { "dev.skerry.built-from": modules.join(" ") }),
  };
}

async function writeLayer(
  folder: string,
  entries: readonly LayerEntry[],
  options: { readonly signal: AbortSignal },
): Promise<Awaited<ReturnType<typeof packLayer>>> {
  const temporary = path.join(folder, randomUUID());
  const layer = await packLayer(entries, temporary, options);
  await rename(temporary, blobFile(folder, layer.descriptor.digest));
  return layer;
}

async function writeDocument(folder: string, mediaType: string, value: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await writeFile(blobFile(folder, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

/** File of a blob in a layout. */
export function blobFile(layoutFolder: string, digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new Error(`${digest} is not a sha256 digest`);
  return path.join(layoutFolder, "blobs", "sha256", hex);
}
