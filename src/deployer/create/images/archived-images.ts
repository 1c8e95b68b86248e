import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { isOperatorError, OperatorError } from "../../../lib/errors/index.ts";
import {
  choosePlatform,
  type Descriptor,
  type Digest,
  digestHex,
  digestOf,
  type Manifest,
  manifestLimitBytes,
  parseManifest,
  parseReference,
} from "../../../oci/index.ts";
import { fullReference } from "../../package/package.ts";
import type { PackageImage } from "../assemble/image-layers.ts";
import { openTar } from "../fetch/extract-file.ts";
import { stagedFile } from "../stage/read-folder.ts";
import type { StagedFile } from "../stage/staged.ts";
import { contentOf, type HeldImages } from "./held-images.ts";

export interface ArchiveCall {
  /** The archive on disk; its name says how it is packed. */
  readonly file: string;
  /** Images that it must hold, as the definition lists them. */
  readonly images: readonly string[];
  readonly architecture: string;
  /** An empty folder, for what is in it. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Images out of an archive: an OCI layout, as `docker save` (since 25), `skopeo` and `crane` write it.
 *
 * @throws OperatorError PACKAGE_SOURCE_UNUSABLE, PACKAGE_IMAGES_MISSING
 */
export async function readImageArchive(call: ArchiveCall): Promise<HeldImages> {
  const blobs = await unpack(call);
  const index = await readIndex(call);
  const images = new Map<string, PackageImage>();
  for (const listed of call.images) {
    const reference = fullReference(listed);
    images.set(reference, await imageOf(reference, index.manifests, call));
  }
  const wanted = new Map<Digest, StagedFile>();
  for (const { digest } of [...images.values()].flatMap(contentOf)) {
    const blob = blobs.get(digest);
    if (blob === undefined) throw unusable(call.file, `lacks ${digest}, which one of its images needs`);
    wanted.set(digest, await stagedFile(blob, 0o444));
  }
  return { images, blobs: wanted };
}

/** Blobs whose content is what their names say, and the two files of a layout; nothing else is written. */
async function unpack(call: ArchiveCall): Promise<ReadonlyMap<Digest, string>> {
  const { file, folder, signal } = call;
  const tar = openTar(
    file,
    `${path.basename(file)}${/\.(tar|t?gz|tzst|zst|br|tbr)$/i.test(file) ? "" : ".tar"}`,
    signal,
  );
  if (tar === undefined) throw unusable(file, "is packed in a way that is not read; use tar, tar.gz or tar.zst");
  const found = new Map<Digest, string>();
  const reader = extract();
  const entries = (async () => {
    for await (const entry of reader) {
      const name = entry.header.name.replace(/^\.\//, "");
      const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
      if (entry.header.type === "file" && (hex !== undefined || name === "index.json")) {
        const target = path.join(folder, hex ?? "index.json");
        await mkdir(folder, { recursive: true });
        const hash = createHash("sha256");
        const hashed = async function* (source: AsyncIterable<Uint8Array>) {
          for await (const chunk of source) {
            hash.update(chunk);
            yield chunk;
          }
        };
        await pipeline(entry as AsyncIterable<Uint8Array>, hashed, createWriteStream(target), { signal });
        if (hex !== undefined && hash.digest("hex") !== hex)
          throw unusable(file, `is damaged: blob ${hex} has other bytes`);
        if (hex !== undefined) found.set(`sha256:${hex}` as Digest, target);
      } else entry.resume();
    }
  })();
  try {
    await Promise.all([pipeline(tar, reader, { signal }), entries]);
  } catch (error) {
    signal.throwIfAborted();
    await rm(folder, { recursive: true, force: true });
    throw isOperatorError(error) ? error : unusable(file, "is not a whole archive", error);
  }
  return found;
}

async function readIndex({ file, folder }: ArchiveCall): Promise<Extract<Manifest, { kind: "index" }>> {
  const place = path.join(folder, "index.json");
  const size = await stat(place).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined || size > manifestLimitBytes)
    throw unusable(file, "has no index.json: save the image again with Docker 25 or newer, skopeo or crane");
  const index = parseManifest(await readFile(place), { what: `index of ${file}` });
  if (index.kind !== "index") throw unusable(file, "has an index.json that is none");
  return index;
}

/** How the writers of archives name an image: containerd's full name, or a reference that may be short. */
function isNamed({ annotations = {} }: Descriptor, reference: string): boolean {
  const names = [annotations["io.containerd.image.name"], annotations["org.opencontainers.image.ref.name"]];
  return names.some((name) => {
    if (name === undefined) return false;
    try {
      return fullReference(name) === reference;
    } catch (error) {
      if (isOperatorError(error, "REFERENCE_INVALID")) return false;
      throw error;
    }
  });
}

function isFromRegistry({ annotations = {}, digest }: Descriptor, reference: string): boolean {
  const { registry, repository, digest: wanted } = parseReference(reference);
  return wanted === digest && annotations[`containerd.io/distribution.source.${registry}`] === repository;
}

async function imageOf(reference: string, listed: readonly Descriptor[], call: ArchiveCall): Promise<PackageImage> {
  const found = listed.find((one) => isNamed(one, reference)) ?? listed.find((one) => isFromRegistry(one, reference));
  if (found === undefined) throw missing(call, reference, listed);
  const read = async (descriptor: Descriptor): Promise<Manifest> => {
    const file = path.join(call.folder, digestHex(descriptor.digest));
    const bytes = descriptor.size > manifestLimitBytes ? undefined : await readFile(file).catch(() => undefined);
    if (bytes === undefined || digestOf(bytes) !== descriptor.digest)
      throw unusable(call.file, `lacks the manifest of ${reference}`);
    return parseManifest(bytes, { what: `manifest of ${reference}` });
  };
  const below = async (descriptor: Descriptor): Promise<readonly Descriptor[]> => {
    const manifest = await read(descriptor);
    if (manifest.kind === "image") return [manifest.config, ...manifest.layers];
    const children = await Promise.all(manifest.manifests.map(async (child) => [child, ...(await below(child))]));
    return children.flat();
  };
  const top = await read(found);
  const { annotations: _, ...plain } = found;
  if (top.kind === "image" || parseReference(reference).digest !== undefined)
    return { descriptor: plain, blobs: await below(found) };
  const chosen = choosePlatform(top, { os: "linux", architecture: call.architecture });
  if (chosen === undefined) throw missing(call, `${reference} for linux/${call.architecture}`, listed);
  const { platform: __, annotations: ___, ...child } = chosen;
  return { descriptor: child, blobs: await below(chosen) };
}

function missing(call: ArchiveCall, what: string, listed: readonly Descriptor[]): OperatorError {
  const names = listed.map(
    ({ annotations = {}, digest }) =>
      annotations["io.containerd.image.name"] ?? annotations["org.opencontainers.image.ref.name"] ?? digest,
  );
  return new OperatorError(
    "PACKAGE_IMAGES_MISSING",
    `${call.file} does not hold ${what}; it holds ${names.join(", ") || "no image"}`,
    {
      where: { file: call.file },
      next: ["correct the images of the image archive in zarf.yaml"],
    },
  );
}

function unusable(file: string, reason: string, cause?: unknown): OperatorError {
  return new OperatorError("PACKAGE_SOURCE_UNUSABLE", `${file} ${reason}`, {
    where: { file },
    next: ["check imageArchives in zarf.yaml"],
    cause,
  });
}
