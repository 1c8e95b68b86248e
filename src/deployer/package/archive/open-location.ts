import { stat } from "node:fs/promises";
import { OperatorError } from "../../../lib/errors/index.ts";
import { openByteFile, unreadable } from "./byte-file.ts";
import { folderContent } from "./folder-content.ts";
import type { PackageContent } from "./package-content.ts";
import { openSplit, type SplitFile } from "./split-parts.ts";
import { type SpoolOptions, spoolContent } from "./spool.ts";
import { tarContent } from "./tar-content.ts";

/**
 * Opens a package where it lies on disk: a `.tar.zst`, a `.tar`, the header of a split one (`….part000`) or a folder it was
 * unpacked into.
 *
 * @throws OperatorError FILE_UNREADABLE, PACKAGE_INVALID, PACKAGE_DAMAGED, PACKAGE_TOO_LARGE, PACKAGE_NO_SPACE
 */
export async function openLocation(path: string, options: SpoolOptions): Promise<PackageContent> {
  const status = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (status.isDirectory()) return await folderContent(path, options);
  if (path.endsWith(".part000")) return await openParts(await openSplit(path), options);
  if (isCompressed(path)) {
    const file = await openByteFile(path);
    try {
      return await spoolContent(file, options);
    } finally {
      await file.close();
    }
  }
  if (!path.endsWith(".tar")) throw unknownKind(path);
  const file = await openByteFile(path);
  return await tarContent(file, options).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
}

const isCompressed = (name: string): boolean => name.endsWith(".tar.zst") || name.endsWith(".tzst");

async function openParts({ file, wholeName, check }: SplitFile, options: SpoolOptions): Promise<PackageContent> {
  if (isCompressed(wholeName)) {
    try {
      const content = await spoolContent(file, { ...options, onRead: check.update });
      try {
        check.end();
        return content;
      } catch (error) {
        await content.close();
        throw error;
      }
    } finally {
      await file.close();
    }
  }
  try {
    if (!wholeName.endsWith(".tar")) throw unknownKind(wholeName);
    // Read in place afterwards, so the sum is taken before.
    for await (const chunk of file.stream({ start: 0, end: file.sizeBytes }, options)) check.update(chunk);
    check.end();
    return await tarContent(file, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function unknownKind(path: string): OperatorError {
  return new OperatorError("PACKAGE_INVALID", `${path} is not a package by its name`, {
    where: { file: path },
    next: ["name a .tar.zst, a .tar, the .part000 of a split package, a folder, or oci://registry/repository:tag"],
  });
}
