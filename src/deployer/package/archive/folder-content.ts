import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { byteFileOf, unreadable } from "./byte-file.ts";
import { createFileList, invalid, type PackageContent, shown } from "./package-content.ts";

/**
 * A package that was unpacked into a folder. Links and devices in it are refused.
 *
 * @throws OperatorError FILE_UNREADABLE, PACKAGE_INVALID, PACKAGE_TOO_LARGE
 */
export async function folderContent(folder: string, call: { readonly signal: AbortSignal }): Promise<PackageContent> {
  const list = createFileList<{ readonly sizeBytes: number }>(folder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  for (const entry of entries) {
    call.signal.throwIfAborted();
    const full = join(entry.parentPath, entry.name);
    const path = list.pathOf(full.slice(join(folder, "/").length));
    if (path === undefined || entry.isDirectory()) continue;
    if (!entry.isFile()) throw invalid(folder, `its entry ${shown(path)} is not a file or a folder`);
    const file = await openPlain(full);
    list.add(path, { sizeBytes: file.sizeBytes });
    await file.close();
  }
  async function* read(
    path: string,
    range: { readonly start?: number; readonly end?: number; readonly signal: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    const file = await openPlain(join(folder, path));
    try {
      yield* file.stream({ start: range.start ?? 0, end: range.end ?? file.sizeBytes }, range);
    } finally {
      await file.close();
    }
  }
  return { label: folder, files: list.files, canSeek: true, open: read, close: () => Promise.resolve() };
}

/** Never through a link, also one that came after the folder was read. */
async function openPlain(path: string) {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return byteFileOf(handle, path, (await handle.stat()).size);
}
