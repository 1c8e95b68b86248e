import { createWriteStream, existsSync, mkdirSync } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import type { Descriptor } from "../../../oci/index.ts";
import type { BlobStore } from "./blob-store.ts";
import type { KeptImage } from "./image-table.ts";

/**
 * Takes one program out of an image's layers, the uppermost that has it, and makes it executable.
 *
 * @param path - in the image: `/usr/local/bin/etcd`
 * @param folder - `store/bin` of the rack; the program is kept there by the image's digest
 * @returns where the program is; taken out once per image
 * @throws Error when no layer has it
 */
export async function extractProgram(
  image: KeptImage,
  path: string,
  options: { readonly store: BlobStore; readonly folder: string; readonly signal: AbortSignal },
): Promise<string> {
  const folder = join(options.folder, image.manifestDigest.replace(":", "-"));
  const target = join(folder, basename(path));
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true });
  const wanted = path.replace(/^\/+/, "");
  for (const layer of [...image.manifest.layers].reverse()) {
    // A name of its own per attempt: two machines may take the same program out at once.
    const temporary = `${target}.${process.hrtime.bigint()}`;
    if (await takeOut(layer, wanted, temporary, options)) {
      await chmod(temporary, 0o755);
      await rename(temporary, target);
      return target;
    }
  }
  throw new Error(`exec: "${path}": stat ${path}: no such file or directory in ${image.name}`);
}

async function takeOut(
  layer: Descriptor,
  wanted: string,
  target: string,
  { store, signal }: { readonly store: BlobStore; readonly signal: AbortSignal },
): Promise<boolean> {
  if (layer.mediaType.endsWith("zstd")) throw new Error(`layer ${layer.digest} is compressed with zstd`);
  const tar = extract();
  let found = false;
  const reading = (async () => {
    for await (const entry of tar) {
      if (!found && entry.header.type === "file" && entry.header.name.replace(/^(\.?\/)+/, "") === wanted) {
        await pipeline(entry as unknown as Readable, createWriteStream(target, { mode: 0o600 }), { signal });
        found = true;
      } else entry.resume();
    }
  })();
  const unpack = layer.mediaType.endsWith("gzip") ? createGunzip({ chunkSize: 1024 * 1024 }) : new PassThrough();
  try {
    await Promise.all([pipeline(Readable.from(store.stream(layer.digest)), unpack, tar, { signal }), reading]);
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
  return found;
}
