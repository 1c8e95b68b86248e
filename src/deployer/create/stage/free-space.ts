import { statfs } from "node:fs/promises";
import { OperatorError } from "../../../lib/errors/index.ts";

/** Free bytes of the file system that a folder is on, for a user without privileges. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** The error for a disk that is too small for what is to be fetched. */
export function noSpace(folder: string, neededBytes: number, freeBytes: number): OperatorError {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`;
  return new OperatorError(
    "PACKAGE_NO_SPACE",
    `${gigabytes(neededBytes)} of images are to be fetched into ${folder}, and its disk has ${gigabytes(freeBytes)} free`,
    {
      where: { file: folder },
      next: ["make room, or set TMPDIR to a folder on another disk"],
      retry: "later",
    },
  );
}
