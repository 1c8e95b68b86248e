import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { readTextFile } from "../../lib/files.ts";
import type { ContentStore } from "../content/content-store.ts";
import { type Digest, digestHex } from "../content/digest.ts";
import { type ImageIndex, manifestLimitBytes, parseManifest } from "../content/manifest.ts";
import { readInChunks } from "../content/read-in-chunks.ts";
import { referencesOf } from "../content/references-of.ts";

/**
 * Serves an OCI image layout in a folder: images are told apart by `org.opencontainers.image.ref.name` with a full reference.
 * The index is read once, now; blobs are opened as they are asked for.
 *
 * @throws OperatorError FILE_UNREADABLE, MANIFEST_INVALID
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export async function layoutStore(folder: string): Promise<ContentStore> {
  const file = join(folder, "index.json");
  const text = await readTextFile(file, { sizeLimitBytes: manifestLimitBytes });
  const index = parseManifest(Buffer.from(text), { what: `index ${file}` });
  if (index.kind !== "index") {
    throw new OperatorError("MANIFEST_INVALID", `${file} is not an image index`, { where: { file } });
  }
  return storeOf(folder, index);
}

function storeOf(folder: string, index: ImageIndex): ContentStore {
  const references = referencesOf(index.manifests);
  const blobFile = (digest: Digest): string => join(folder, "blobs", "sha256", digestHex(digest));
  return {
    ...references,
    stat: async (digest) => {
      try {
        return (await stat(blobFile(digest))).size;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw unreadable(blobFile(digest), error);
      }
    },
    open: (digest, options) => readBlob(blobFile(digest), options),
  };
}

async function* readBlob(
  file: string,
  { start = 0, end = Number.POSITIVE_INFINITY, signal }: { start?: number; end?: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  let handle: FileHandle | undefined;
  try {
    const opened = await open(file, "r");
    handle = opened;
    const { size } = await opened.stat();
    const read = async (buffer: Uint8Array, position: number): Promise<number> =>
      (await opened.read(buffer, 0, buffer.length, position)).bytesRead;
    yield* readInChunks({ start, end: Math.min(end, size), read, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw isOperatorError(error) ? error : unreadable(file, error);
  } finally {
    await handle?.close();
  }
}

function unreadable(file: string, cause: unknown): OperatorError {
  const { code } = cause as NodeJS.ErrnoException;
  return new OperatorError("FILE_UNREADABLE", `${file} could not be read (${code ?? "unknown"})`, {
    where: { file },
    next: [`check that ${file} is there and can be read`],
    retry: "later",
    cause,
  });
}
