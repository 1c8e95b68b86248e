import { OperatorError, type Problem } from "../../../lib/errors/index.ts";
import type { Digest } from "../../../oci/index.ts";
import { pathProblem } from "../path-rules.ts";

export interface ContentFile {
  readonly sizeBytes: number;
  /** Of the bytes that were seen, or that whoever stores them promises; absent where they have not been looked at yet. */
  readonly digest?: Digest;
}

/** The files of a package where they lie. What comes out has not been held against `checksums.txt`. */
export interface PackageContent {
  /** For messages. */
  readonly label: string;
  /** By path in the package; folders are left out. */
  readonly files: ReadonlyMap<string, ContentFile>;
  /** Whether `start` and `end` may be given. */
  readonly canSeek: boolean;
  /** Bytes that were hashed on their way into a place that is ours alone: they need not be hashed again before parts are read. */
  readonly isPrivate?: boolean;
  /** Where `isPrivate`: a part of a file; fewer bytes than `length` only at its end. */
  readonly readAt?: (path: string, offset: number, length: number) => Promise<Buffer>;
  readonly open: (
    path: string,
    call: { readonly start?: number; readonly end?: number; readonly signal: AbortSignal },
  ) => AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** No package has more files; what says so would fill the memory with names. */
export const maxPackageFiles = 100_000;

export function invalid(
  label: string,
  what: string,
  cause?: unknown,
  problems: readonly Problem[] = [],
): OperatorError {
  return new OperatorError("PACKAGE_INVALID", `${label} is not a package: ${what}`, { cause, problems });
}

export function damaged(label: string, problems: readonly string[], cause?: unknown): OperatorError {
  return new OperatorError("PACKAGE_DAMAGED", `package ${label} is not what it was: ${problems.join("; ")}`, {
    problems: problems.map((message) => ({ message })),
    next: ["copy the package again from where it came from, or make it again"],
    cause,
  });
}

/** A name as it may be shown: quoted, not endless. */
export const shown = (name: string): string => JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);

/** Collects the files of a package by their names, refusing what Zarf's own extractor would. */
export function createFileList<T>(label: string): {
  readonly files: Map<string, T>;
  /** The path that a stored name means, or undefined for the package's own folder. @throws OperatorError PACKAGE_INVALID */
  readonly pathOf: (name: string) => string | undefined;
  readonly add: (path: string, file: T) => void;
} {
  const files = new Map<string, T>();
  return {
    files,
    pathOf: (name) => {
      // A package rebuilt by another tar may say ./zarf.yaml; it means the same file.
      const path = name.replace(/^(\.\/)+/, "").replace(/\/$/, "");
      if (path === "" || path === ".") return undefined;
      const problem = pathProblem(path);
      if (problem !== undefined) throw invalid(label, `its file ${shown(name)} ${problem}`);
      return path;
    },
    add: (path, file) => {
      if (files.has(path)) throw invalid(label, `it has two files ${shown(path)}`);
      if (files.size >= maxPackageFiles)
        throw new OperatorError("PACKAGE_TOO_LARGE", `${label} has more than ${maxPackageFiles} files`);
      files.set(path, file);
    },
  };
}
