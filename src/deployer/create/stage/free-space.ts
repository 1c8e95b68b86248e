import { stat, statfs } from "node:fs/promises";
import path from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";

/** Bytes that are going to be written below a folder, which need not be there yet. */
export interface SpaceNeed {
  readonly folder: string;
  readonly bytes: number;
}

/** Where a folder will lie: its file system, and the bytes that are free on it for a user without privileges. */
export type DiskOf = (folder: string) => Promise<{ readonly device: number; readonly freeBytes: number }>;

/**
 * Refuses what does not fit, before anything is written; needs on one disk are added up.
 *
 * @throws OperatorError PACKAGE_NO_SPACE
 */
export async function checkSpace(needs: readonly SpaceNeed[], diskOf: DiskOf = systemDisk): Promise<void> {
  const disks = new Map<number, { readonly folder: string; readonly freeBytes: number; neededBytes: number }>();
  for (const { folder, bytes } of needs) {
    const { device, freeBytes } = await diskOf(folder);
    const disk = disks.get(device) ?? { folder, freeBytes, neededBytes: 0 };
    disk.neededBytes += bytes;
    disks.set(device, disk);
  }
  for (const { folder, freeBytes, neededBytes } of disks.values())
    if (neededBytes > freeBytes) throw noSpace(folder, neededBytes, freeBytes);
}

const systemDisk: DiskOf = async (folder) => {
  const place = await nearestThatIsThere(path.resolve(folder));
  const [{ bavail, bsize }, { dev }] = [await statfs(place), await stat(place)];
  return { device: dev, freeBytes: bavail * bsize };
};

async function nearestThatIsThere(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  const above = path.dirname(folder);
  return isThere || above === folder ? folder : await nearestThatIsThere(above);
}

/** The error for a disk that became full although there was room before; undefined for any other failure. */
export function diskFull(file: string, error: unknown): OperatorError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT") return undefined;
  return new OperatorError("PACKAGE_NO_SPACE", `the disk of ${file} is full`, {
    where: { file },
    next,
    retry: "later",
    cause: error,
  });
}

const next = ["make room, or choose other disks with --out and TMPDIR"];

function noSpace(folder: string, neededBytes: number, freeBytes: number): OperatorError {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`;
  return new OperatorError(
    "PACKAGE_NO_SPACE",
    `up to ${gigabytes(neededBytes)} are to be written to the disk of ${folder}, which has ${gigabytes(freeBytes)} free`,
    { where: { file: folder }, next, retry: "later" },
  );
}
