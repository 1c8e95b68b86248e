import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { ComponentEntry } from "../package/package-types.ts";

/** A file that a component puts on this machine, as its definition says it. */
export interface ComponentFile {
  readonly source: string;
  readonly target: string;
  readonly shasum?: string | undefined;
  readonly executable?: boolean | undefined;
  readonly symlinks?: readonly string[] | undefined;
  readonly extractPath?: string | undefined;
  readonly template?: boolean | undefined;
}

/** Where files go on this machine. */
export interface FilePlace {
  /** What relative targets are below. */
  readonly folder: string;
  /** What `~` is. */
  readonly home: string;
  /** What `###ZARF_TEMP###` is: a private folder that goes away with the run. */
  readonly temporary: string;
}

/** One file, or a folder with all in it, that placing would write. */
export interface PlannedFile {
  /** Absolute. */
  readonly target: string;
  readonly kind: "file" | "folder";
  /** Of all files together, before templates are filled in. */
  readonly sizeBytes: number;
  readonly isExecutable: boolean;
  /** Whether something of this name is there: a file is replaced, a folder added to. */
  readonly isThere: boolean;
  /** Links to the target, absolute. */
  readonly links: readonly string[];
}

/** One entry of the package and where it goes. */
export interface Move {
  /** Below the component's folder in the package. */
  readonly path: string;
  readonly entry: ComponentEntry;
  readonly target: string;
}

/** Where a path of the definition leads: `~` at its start, `###ZARF_TEMP###` once, else below the folder. */
export function targetOf(path: string, { folder, home, temporary }: FilePlace): string {
  const filled = path.replace("###ZARF_TEMP###", () => temporary);
  const atHome = filled === "~" || filled.startsWith("~/") ? join(home, filled.slice(1)) : filled;
  return resolve(folder, atHome);
}

/** What a link says: the target as it is where that is absolute, else the way from the link to it. */
export function linkText(file: ComponentFile, link: string, place: FilePlace): string {
  const target = targetOf(file.target, place);
  return isAbsolute(file.target) || !isWithin(target, place.folder) ? target : relative(dirname(link), target);
}

/** Where the package keeps the file of this index: `files/3/web.conf`. */
export function storedPath(index: number, { target }: ComponentFile): string {
  return `files/${index}/${basename(target)}`;
}

/** Everything that one file of the definition brings: itself, or the folder with all below it, folders first. */
export function movesOf(
  index: number,
  file: ComponentFile,
  options: { readonly entries: ReadonlyMap<string, ComponentEntry>; readonly place: FilePlace },
): readonly Move[] {
  const root = storedPath(index, file);
  const target = targetOf(file.target, options.place);
  return [...options.entries]
    .filter(([path]) => path === root || path.startsWith(`${root}/`))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, entry]) => ({ path, entry, target: join(target, path.slice(root.length)) }));
}

export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}
