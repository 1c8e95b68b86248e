import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { OperatorError } from "../../lib/errors/index.ts";

/** A file open for reading at any place. The one edge through which bundles are read. */
export interface BundleFile {
  /** As the operator named it. */
  readonly file: string;
  /** Size when it was opened. */
  readonly sizeBytes: number;
  /** For workers of this process, which share its file descriptors. */
  readonly fd: number;
  /** Exactly these bytes, in memory of their own. */
  readonly read: (position: number, lengthBytes: number) => Promise<Buffer>;
  /** Fills a buffer of the caller's. */
  readonly readInto: (buffer: Uint8Array, position: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a file for reading only.
 *
 * @throws OperatorError FILE_UNREADABLE when it is not there or not a plain file
 */
export async function openBundleFile(file: string): Promise<BundleFile> {
  const handle = await open(file, constants.O_RDONLY).catch((error: unknown) => {
    throw unreadable(file, "it is not there or may not be read", error);
  });
  try {
    const { size, isFile } = await handle.stat().then((found) => ({ size: found.size, isFile: found.isFile() }));
    if (!isFile) throw unreadable(file, "it is not a file");
    return {
      file,
      sizeBytes: size,
      fd: handle.fd,
      read: async (position, lengthBytes) => {
        const buffer = Buffer.allocUnsafeSlow(lengthBytes);
        await fill(handle, file, buffer, position);
        return buffer;
      },
      readInto: async (buffer, position) => await fill(handle, file, buffer, position),
      close: async () => await handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function fill(handle: FileHandle, file: string, buffer: Uint8Array, position: number): Promise<void> {
  for (let filled = 0; filled < buffer.length; ) {
    const { bytesRead } = await handle
      .read(buffer, filled, buffer.length - filled, position + filled)
      .catch((error: unknown) => {
        throw readFailure(file, error);
      });
    // It was long enough when it was opened, so it shrank since.
    if (bytesRead === 0) throw gone(file);
    filled += bytesRead;
  }
}

/** What the kernel says when the medium under an open file is no longer there. */
const goneCodes = new Set([
  "EIO",
  "ENODEV",
  "ENXIO",
  "ESTALE",
  "ENOTCONN",
  "EHOSTDOWN",
  "ETIMEDOUT",
  "ENOMEDIUM",
  "EREMOTEIO",
]);

/** A failed read in our words: a medium that went away is BUNDLE_GONE, anything else a bug or a broken system. */
export function readFailure(file: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  return goneCodes.has(code) ? gone(file, error) : error;
}

function gone(file: string, cause?: unknown): OperatorError {
  return new OperatorError("BUNDLE_GONE", `${file} can no longer be read: its disk or stick is gone, or it was cut`, {
    where: { file },
    next: [`bring ${file} back (plug the stick in again) and run the same command again`],
    retry: "later",
    cause,
  });
}

function unreadable(file: string, reason: string, cause?: unknown): OperatorError {
  return new OperatorError("FILE_UNREADABLE", `${file} could not be opened: ${reason}`, {
    where: { file },
    next: ["name the bundle with --bundle FILE"],
    cause,
  });
}
