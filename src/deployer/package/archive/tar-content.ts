import { OperatorError } from "../../../lib/errors/index.ts";
import { ZstdError } from "../../../lib/zstd/index.ts";
import type { ByteFile } from "./byte-file.ts";
import { createFileList, damaged, invalid, type PackageContent, shown } from "./package-content.ts";
import { TarError } from "./tar-header.ts";
import { tarInFile } from "./tar-input.ts";
import { type TarEntry, walkTar } from "./walk-tar.ts";

interface Place {
  readonly sizeBytes: number;
  readonly offset: number;
}

/** Place of a file that was hashed as it passed, and is not at hand. */
export const notKept = -1;

/** Entries of a package's archive must be files or folders; nothing else is ever made of them. */
export function assertPlain(label: string, entry: TarEntry): void {
  if (entry.type === "file" || entry.type === "folder") return;
  const what = { link: "a link", "hard-link": "a link", other: "a device, a pipe or something else" }[entry.type];
  throw invalid(label, `its entry ${shown(entry.name)} is ${what}, not a file or a folder`);
}

/**
 * A package in a plain `.tar`, read in place: only the headers are looked at now.
 *
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_DAMAGED, PACKAGE_TOO_LARGE, FILE_UNREADABLE
 */
export async function tarContent(file: ByteFile, call: { readonly signal: AbortSignal }): Promise<PackageContent> {
  const { label } = file;
  const list = createFileList<Place>(label);
  try {
    for await (const entry of walkTar(tarInFile(file, call))) {
      const path = list.pathOf(entry.name);
      assertPlain(label, entry);
      if (entry.type === "file" && path !== undefined)
        list.add(path, { sizeBytes: entry.sizeBytes, offset: entry.offset });
    }
  } catch (error) {
    throw archiveError(label, error);
  }
  return inPlace(file, list.files);
}

/** Files that lie in another, each in one piece. */
export function inPlace(
  file: ByteFile,
  files: ReadonlyMap<string, Place>,
  options: { readonly isPrivate?: boolean } = {},
): PackageContent {
  const placeOf = (path: string): Place => {
    const place = files.get(path);
    if (place === undefined || place.offset === notKept) throw new Error(`the file ${path} was not kept`);
    return place;
  };
  return {
    label: file.label,
    files,
    canSeek: true,
    isPrivate: options.isPrivate ?? false,
    readAt: (path, offset, length) => {
      const place = placeOf(path);
      return file.read(place.offset + offset, Math.max(0, Math.min(length, place.sizeBytes - offset)));
    },
    open: (path, { start = 0, end, signal }) => {
      const place = placeOf(path);
      const last = Math.min(end ?? place.sizeBytes, place.sizeBytes);
      return file.stream({ start: place.offset + start, end: place.offset + last }, { signal });
    },
    close: () => file.close(),
  };
}

/** The faults of an archive in the words of a package. */
export function archiveError(label: string, error: unknown): unknown {
  if (error instanceof TarError) {
    const said = `its archive ${error.message}`;
    return error.isTruncated ? damaged(label, [said], error) : invalid(label, said, error);
  }
  if (!(error instanceof ZstdError)) return error;
  switch (error.fault) {
    case "truncated":
      return damaged(label, ["its end is missing"], error);
    case "damaged":
      return damaged(label, ["its compressed data are broken"], error);
    case "trailing":
      return invalid(label, "something follows its last Zstandard frame that is none", error);
    case "foreign":
      return invalid(label, "it is named .tar.zst but is not Zstandard", error);
    case "window":
      return invalid(label, "it needs more memory to be read than a package may (128 MiB)", error);
    case "too-large":
      return tooLarge(label, error.message, error);
  }
}

export function tooLarge(label: string, said: string, cause?: unknown): OperatorError {
  return new OperatorError("PACKAGE_TOO_LARGE", `${label} is refused: ${said}`, {
    where: { file: label },
    next: ["where it is meant to be like that: zstd -d it, and use the .tar"],
    cause,
  });
}
