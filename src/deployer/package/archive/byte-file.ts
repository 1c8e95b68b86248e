import { type FileHandle, open } from "node:fs/promises";
import { OperatorError } from "../../../lib/errors/index.ts";
import { readInChunks } from "../../../oci/index.ts";

/** Bytes that can be read at any place: a file, or several in a row. */
export interface ByteFile {
  /** As the operator named it. */
  readonly label: string;
  readonly sizeBytes: number;
  /** Fewer than `length` only at the end. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
  /** @param range.end - byte after the last one */
  readonly stream: (
    range: { readonly start: number; readonly end: number },
    call: { readonly signal: AbortSignal },
  ) => AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** @throws OperatorError FILE_UNREADABLE */
export async function openByteFile(path: string): Promise<ByteFile> {
  const handle = await open(path, "r").catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw unreadable(path, undefined, "it is not a file");
    return byteFileOf(handle, path, status.size);
  } catch (error) {
    await handle.close();
    throw error instanceof OperatorError ? error : unreadable(path, error);
  }
}

/** Over an open file, which it closes at the end. */
export function byteFileOf(handle: FileHandle, label: string, sizeBytes: number): ByteFile {
  const readInto = async (buffer: Uint8Array, position: number): Promise<number> => {
    let filled = 0;
    while (filled < buffer.length && position + filled < sizeBytes) {
      const { bytesRead } = await handle
        .read(buffer, filled, buffer.length - filled, position + filled)
        .catch((error: unknown) => {
          throw unreadable(label, error);
        });
      if (bytesRead === 0) throw unreadable(label, undefined, "it has become shorter while it was read");
      filled += bytesRead;
    }
    return filled;
  };
  return {
    label,
    sizeBytes,
    read: async (offset, length) => {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, sizeBytes - offset)));
      await readInto(buffer, offset);
      return buffer;
    },
    stream: ({ start, end }, { signal }) =>
      readInChunks({ start, end: Math.min(end, sizeBytes), read: readInto, signal }),
    close: () => handle.close(),
  };
}

/** Several files as if they were one. */
export function joinByteFiles(label: string, parts: readonly ByteFile[]): ByteFile {
  let sizeBytes = 0;
  const places = parts.map((file) => {
    const start = sizeBytes;
    sizeBytes += file.sizeBytes;
    return { file, start, end: sizeBytes };
  });
  async function* stream(
    range: { readonly start: number; readonly end: number },
    call: { readonly signal: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    for (const { file, start, end } of places)
      if (end > range.start && start < range.end)
        yield* file.stream({ start: Math.max(0, range.start - start), end: Math.min(end, range.end) - start }, call);
  }
  return {
    label,
    sizeBytes,
    stream,
    read: async (offset, length) => {
      const chunks: Buffer[] = [];
      for (const { file, start, end } of places)
        if (end > offset && start < offset + length) {
          const from = Math.max(0, offset - start);
          chunks.push(await file.read(from, Math.min(end, offset + length) - start - from));
        }
      return Buffer.concat(chunks);
    },
    close: async () => {
      for (const { close } of parts) await close();
    },
  };
}

export function unreadable(file: string, cause: unknown, reason?: string): OperatorError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "unknown";
  const said = reason ?? (code === "ENOENT" ? "there is no such file" : `the system says ${code}`);
  return new OperatorError("FILE_UNREADABLE", `${file} could not be read: ${said}`, {
    where: { file },
    next: [`check that ${file} is the file you mean`],
    retry: "later",
    cause,
  });
}
