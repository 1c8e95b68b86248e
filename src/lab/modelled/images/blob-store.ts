import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync, mkdirSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** Bytes by digest, shared by the machines of a rack: each downloads all it pulls, what is equal is kept once. */
export interface BlobStore {
  readonly has: (digest: string) => boolean;
  readonly path: (digest: string) => string;
  /** Manifests and configs; at most 4 MiB are read. */
  readonly read: (digest: string) => Promise<Buffer>;
  readonly stream: (digest: string) => AsyncIterable<Buffer>;
  /**
   * Takes a stream in. What was announced is checked; nothing wrong is kept.
   *
   * @param expected.digest - refused when the bytes have another; absent: whatever it is
   * @param expected.sizeBytes - refused as soon as more come or when fewer came
   */
  readonly ingest: (
    source: AsyncIterable<Uint8Array>,
    expected: {
      readonly digest?: string;
      readonly sizeBytes?: number;
      readonly progress?: (doneBytes: number) => void;
    },
  ) => Promise<{ readonly digest: string; readonly sizeBytes: number }>;
}

/** Bound of what is read into memory, in bytes. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** @param folder - `store/blobs` of the rack */
export function openBlobStore(folder: string): BlobStore {
  const path = (digest: string) => join(folder, "sha256", hexOf(digest));
  return {
    has: (digest) => existsSync(path(digest)),
    path,
    read: async (digest) => {
      const bytes = await readFile(path(digest));
      if (bytes.length > MAX_DOCUMENT_BYTES) throw new Error(`${digest} is larger than ${MAX_DOCUMENT_BYTES} bytes`);
      return bytes;
    },
    stream: (digest) => createReadStream(path(digest), { highWaterMark: 1024 * 1024 }),
    ingest: async (source, expected) => {
      // A blob that is there already is still downloaded and checked, as every machine would, but not written twice.
      const keep = expected.digest === undefined || !existsSync(path(expected.digest));
      mkdirSync(join(folder, "ingest"), { recursive: true });
      mkdirSync(join(folder, "sha256"), { recursive: true });
      const temporary = join(folder, "ingest", randomBytes(8).toString("hex"));
      const handle = keep ? await open(temporary, "wx", 0o600) : undefined;
      try {
        const taken = await drain(source, expected, async (chunk) => {
          await handle?.writeFile(chunk);
        });
        await handle?.close();
        if (keep) await rename(temporary, path(taken.digest));
        return taken;
      } catch (error) {
        await handle?.close();
        await rm(temporary, { force: true });
        throw error;
      }
    },
  };
}

async function drain(
  source: AsyncIterable<Uint8Array>,
  expected: { readonly digest?: string; readonly sizeBytes?: number; readonly progress?: (doneBytes: number) => void },
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<{ readonly digest: string; readonly sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (expected.sizeBytes !== undefined && sizeBytes > expected.sizeBytes) {
      throw new Error(`size validation failed: more than ${expected.sizeBytes} bytes`);
    }
    hash.update(chunk);
    await write(chunk);
    expected.progress?.(sizeBytes);
  }
  if (expected.sizeBytes !== undefined && sizeBytes !== expected.sizeBytes) {
    throw new Error(`unexpected EOF: ${sizeBytes} of ${expected.sizeBytes} bytes`);
  }
  const digest = `sha256:${hash.digest("hex")}`;
  if (expected.digest !== undefined && digest !== expected.digest) {
    throw new Error(`unexpected commit digest ${digest}, expected ${expected.digest}: failed precondition`);
  }
  return { digest, sizeBytes };
}

function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new Error(`unsupported digest ${JSON.stringify(digest)}`);
  return hex;
}
