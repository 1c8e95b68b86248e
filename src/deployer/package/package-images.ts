import { OperatorError } from "../../lib/errors/index.ts";
import {
  type ContentStore,
  type Descriptor,
  digestHex,
  manifestLimitBytes,
  parseManifest,
  referencesOf,
  refNameAnnotation,
} from "../../oci/index.ts";
import { damaged, invalid, shown } from "./archive/package-content.ts";
import type { OpenPackage, PackageFile } from "./package-types.ts";

/** Name of an image in a package's own index; Zarf of before v0.50 knew only this one. */
const baseNameAnnotation = "org.opencontainers.image.base.name";
const indexPath = "images/index.json";

type Readable = Pick<OpenPackage, "files" | "readFile" | "openFile"> & { readonly label: string };

export const blobPath = ({ digest }: Pick<Descriptor, "digest">): string => `images/blobs/sha256/${digestHex(digest)}`;

/**
 * The images of a package. Names are found as Zarf finds them: by its own annotation, with and without `docker.io/`, then by the
 * usual one.
 *
 * @throws OperatorError PACKAGE_INVALID for an index that is none
 */
export async function packageImages(pkg: Readable, call: { readonly signal: AbortSignal }): Promise<ContentStore> {
  const references = referencesOf((await listedImages(pkg, call)).flatMap(namesOf));
  return {
    ...references,
    stat: async (digest) => pkg.files.get(blobPath({ digest }))?.sizeBytes,
    open: (digest, { start, end, signal }) => {
      const path = blobPath({ digest });
      const file = pkg.files.get(path);
      if (file === undefined)
        throw new OperatorError("PACKAGE_DAMAGED", `${pkg.label} lacks the image content ${digest}`, {
          next: ["get the package again; it was made or copied without all of its images"],
        });
      const whole = pkg.openFile(path, { signal });
      return start === undefined && end === undefined ? whole : partOf(whole, start ?? 0, end ?? file.sizeBytes);
    },
  };
}

/** A part of a verified whole; whoever wants a part gives up the last chunk's word on the rest. */
async function* partOf(whole: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of whole) {
    const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
    at += chunk.length;
    if (part.length > 0) yield part;
    if (at >= end) return;
  }
}

/** What the package's own index lists; nothing where it has none. */
async function listedImages(pkg: Readable, call: { readonly signal: AbortSignal }): Promise<readonly Descriptor[]> {
  if (!pkg.files.has(indexPath)) return [];
  const bytes = await pkg.readFile(indexPath, { limitBytes: manifestLimitBytes, ...call });
  // Go's reader asks for neither media type nor version here.
  const index = readIndex(pkg.label, bytes);
  return index;
}

function readIndex(label: string, bytes: Buffer): readonly Descriptor[] {
  try {
    const manifest = parseManifest(bytes, { what: "images/index.json" });
    if (manifest.kind === "index") return manifest.manifests;
  } catch (error) {
    throw invalid(label, "its images/index.json is not an index of images", error);
  }
  throw invalid(label, "its images/index.json is not an index of images");
}

function namesOf(descriptor: Descriptor): readonly Descriptor[] {
  const { annotations = {} } = descriptor;
  const names = [annotations[baseNameAnnotation], annotations[refNameAnnotation]];
  return [...new Set(names)].flatMap((name) =>
    name === undefined || name === ""
      ? []
      : [{ ...descriptor, annotations: { ...annotations, [refNameAnnotation]: name } }],
  );
}

/**
 * Sees that every image is there as a whole: the manifests that the index lists, and what they name. Of an index of platforms, those
 * that are there must be whole, and one must be.
 *
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_DAMAGED naming everything that is missing
 */
export async function checkPackageImages(pkg: Readable, call: { readonly signal: AbortSignal }): Promise<void> {
  const problems: string[] = [];
  const seen = new Set<string>();
  const check = async (descriptor: Descriptor, name: string, depth: number): Promise<void> => {
    if (seen.has(descriptor.digest)) return;
    seen.add(descriptor.digest);
    if (!isWhole(pkg.files, descriptor)) {
      problems.push(`image ${name} lacks its manifest ${descriptor.digest}`);
      return;
    }
    const bytes = await pkg.readFile(blobPath(descriptor), { limitBytes: manifestLimitBytes, ...call });
    const manifest = parseManifest(bytes, { what: `manifest of ${name}` });
    if (manifest.kind === "image") {
      for (const blob of [manifest.config, ...manifest.layers])
        if (!isWhole(pkg.files, blob)) problems.push(`image ${name} lacks ${blob.digest}`);
      return;
    }
    const there = manifest.manifests.filter((child) => isWhole(pkg.files, child));
    if (there.length === 0) problems.push(`image ${name} has none of its platforms`);
    if (depth > 2) problems.push(`image ${name} is an index of indexes of indexes`);
    else for (const child of there) await check(child, name, depth + 1);
  };
  for (const descriptor of await listedImages(pkg, call)) {
    const { annotations = {} } = descriptor;
    const name = annotations[baseNameAnnotation] ?? annotations[refNameAnnotation] ?? descriptor.digest;
    await check(descriptor, shown(name), 0);
  }
  if (problems.length > 0) throw damaged(pkg.label, problems);
}

function isWhole(files: ReadonlyMap<string, PackageFile>, descriptor: Descriptor): boolean {
  const file = files.get(blobPath(descriptor));
  // A layer that is said to be elsewhere ("foreign") is still a layer that nobody brings.
  return file?.sizeBytes === descriptor.size;
}
