import { createHash } from "node:crypto";
import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { OperatorError } from "../../lib/errors/index.ts";
import { makeFolder } from "../../lib/files.ts";
import type { ComponentFiles } from "../package/package-types.ts";
import { checkTarget, lookAt } from "./edge/target-check.ts";
import { writeLink, writeStreamWhole } from "./edge/write-entry.ts";
import { type FileTemplates, fileContent } from "./file-content.ts";
import {
  type ComponentFile,
  type FilePlace,
  linkText,
  type Move,
  movesOf,
  type PlannedFile,
  storedPath,
  targetOf,
} from "./file-plan.ts";

/** Folders on the way to a target, as Zarf makes them. */
const parentMode = 0o700;

export interface FilesRequest {
  readonly component: string;
  readonly files: readonly ComponentFile[];
  readonly source: ComponentFiles;
  readonly place: FilePlace;
}

/**
 * What placing a component's files would write, in order. Writes nothing.
 *
 * @throws OperatorError PACKAGE_INVALID for a file that the package does not hold, PACKAGE_TARGET_UNSAFE
 */
export async function planFiles(request: FilesRequest): Promise<readonly PlannedFile[]> {
  const planned: PlannedFile[] = [];
  for (const [index, file] of request.files.entries()) {
    const moves = movesIn(request, index, file);
    const found = await checkMoves(moves, request.place);
    const links = (file.symlinks ?? []).map((link) => targetOf(link, request.place));
    for (const link of links) await checkTarget(link, { kind: "link", folder: request.place.folder });
    planned.push({
      target: targetOf(file.target, request.place),
      kind: moves[0]?.entry.type === "folder" ? "folder" : "file",
      sizeBytes: moves.reduce((sum, { entry }) => sum + entry.sizeBytes, 0),
      isExecutable: file.executable === true,
      isThere: found,
      links,
    });
  }
  return planned;
}

/**
 * Puts a component's files on this machine: checksums first, then each file whole or not at all. Safe to repeat.
 *
 * @throws OperatorError PACKAGE_FILE_MISMATCH, PACKAGE_TARGET_UNSAFE, FILE_UNWRITABLE, PACKAGE_INVALID, PACKAGE_DAMAGED,
 *   CHART_TEMPLATE_INVALID
 */
export async function placeFiles(
  request: FilesRequest,
  options: {
    readonly templates: FileTemplates;
    readonly onPlaced?: (target: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { signal } = options;
  for (const [index, file] of request.files.entries()) await checkSum(request, index, file, signal);
  for (const [index, file] of request.files.entries()) {
    const moves = movesIn(request, index, file);
    await checkMoves(moves, request.place);
    const target = targetOf(file.target, request.place);
    await makeFolder(dirname(target), { mode: parentMode });
    for (const move of moves) await place(move, file, request, options);
    for (const link of file.symlinks ?? []) {
      const path = targetOf(link, request.place);
      await checkTarget(path, { kind: "link", folder: request.place.folder });
      await makeFolder(dirname(path), { mode: parentMode });
      await writeLink(path, linkText(file, path, request.place));
    }
    options.onPlaced?.(target);
  }
}

async function place(
  { path, entry, target }: Move,
  file: ComponentFile,
  { source }: FilesRequest,
  { templates, signal }: { readonly templates: FileTemplates; readonly signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const mode = entry.mode & 0o777;
  if (entry.type === "folder") {
    const isNew = (await lookAt(target)) === "nothing";
    await makeFolder(target, { mode });
    // The umask may have taken bits away; what was there keeps its own.
    if (isNew) await chmod(target, mode);
  } else if (entry.type === "link") await writeLink(target, entry.linkTarget ?? "");
  else {
    const content = fileContent(source.open(path, { signal }), {
      name: file.target,
      isTemplate: file.template === true,
      templates,
      signal,
    });
    await writeStreamWhole(target, content, { mode: file.executable === true ? mode | 0o100 : mode, signal });
  }
}

function movesIn({ component, source, place }: FilesRequest, index: number, file: ComponentFile): readonly Move[] {
  const moves = movesOf(index, file, { entries: source.entries, place });
  if (moves[0]?.path === storedPath(index, file)) return moves;
  throw new OperatorError(
    "PACKAGE_INVALID",
    `component ${component} has a file for ${file.target} that the package does not hold`,
  );
}

/** Whether the first of them is there already. */
async function checkMoves(moves: readonly Move[], { folder }: FilePlace): Promise<boolean> {
  const found = [];
  for (const { entry, target } of moves) found.push(await checkTarget(target, { kind: entry.type, folder }));
  return found[0] !== undefined && found[0] !== "nothing";
}

async function checkSum(
  { component, source }: FilesRequest,
  index: number,
  file: ComponentFile,
  signal: AbortSignal,
): Promise<void> {
  if (file.shasum === undefined || file.shasum === "") return;
  const path = storedPath(index, file);
  if (source.entries.get(path)?.type !== "file") throw mismatch(component, file, "it is no single file");
  const hash = createHash("sha256");
  for await (const chunk of source.open(path, { signal })) hash.update(chunk);
  const found = hash.digest("hex");
  if (found !== file.shasum.toLowerCase())
    throw mismatch(component, file, `its SHA-256 is ${found}, not ${file.shasum}`);
}

function mismatch(component: string, { target }: ComponentFile, reason: string): OperatorError {
  return new OperatorError(
    "PACKAGE_FILE_MISMATCH",
    `the file for ${target} of component ${component} is another: ${reason}`,
    {
      next: ["have the package made again"],
    },
  );
}
