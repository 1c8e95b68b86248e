import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import path from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { DataInjectionDefinition, FileDefinition } from "../../package/definition.ts";
import { extractWanted } from "../fetch/extract-file.ts";
import { shownUrl } from "../fetch/repository-url.ts";
import { isUrl, targetName } from "../source/paths.ts";
import { readSourceTree } from "../stage/read-folder.ts";
import type { TreeBuilder } from "../stage/staged.ts";
import type { StageContext } from "./stage-context.ts";
import { fileLimitBytes, takeSource } from "./take-source.ts";

/** `files/<i>/<name of the target>`: files 0600, or 0700 where executable or a folder. */
export async function stageFiles(
  tree: TreeBuilder,
  files: readonly FileDefinition[],
  context: StageContext,
): Promise<void> {
  for (const [index, file] of files.entries()) {
    const place = `files/${index}`;
    const source = await takeSource(file.source, context, { limitBytes: fileLimitBytes });
    if (file.extractPath !== undefined) await stageExtracted(tree, place, { ...file, archive: source }, context);
    else await stageOne(tree, `${place}/${targetName(file.target)}`, { ...file, from: source }, context);
  }
}

async function stageOne(
  tree: TreeBuilder,
  to: string,
  file: FileDefinition & { readonly from: string },
  context: StageContext,
): Promise<void> {
  const { top, below } = await readSourceTree(file.from, context);
  if (top.type === "folder") {
    tree.add(to, { type: "folder", mode: 0o700 });
    tree.addTree(to, below);
    if (file.shasum !== undefined) throw mismatch(file, "is a folder, which has no checksum");
    return;
  }
  if (file.shasum !== undefined) await checkSum(file.from, file, context.signal);
  tree.add(to, { ...top, ...(top.type === "file" ? { mode: file.executable ? 0o700 : 0o600 } : {}) });
}

/** What is taken out of an archive leaves the folders above it behind, empty, as Zarf's does. */
async function stageExtracted(
  tree: TreeBuilder,
  place: string,
  file: FileDefinition & { readonly archive: string },
  context: StageContext,
): Promise<void> {
  const { extractPath: wanted = "" } = file;
  const into = await context.staging.newFolder();
  const name = path.posix.basename(isUrl(file.source) ? new URL(file.source).pathname : file.source);
  await extractWanted({ archive: file.archive, name, wanted, into, signal: context.signal });
  tree.add(place, { type: "folder", mode: 0o755 }, 0o700);
  const parts = wanted.split("/");
  for (let depth = 1; depth < parts.length; depth++)
    tree.add(`${place}/${parts.slice(0, depth).join("/")}`, { type: "folder", mode: 0o755 });
  await stageOne(tree, `${place}/${targetName(file.target)}`, { ...file, from: path.join(into, wanted) }, context);
}

async function checkSum(from: string, file: FileDefinition, signal: AbortSignal): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(from, { signal, highWaterMark: 1 << 18 })) hash.update(chunk as Buffer);
  const found = hash.digest("hex");
  if (found !== file.shasum?.toLowerCase()) throw mismatch(file, `has the checksum ${found}, not ${file.shasum}`);
}

function mismatch(file: FileDefinition, reason: string): OperatorError {
  const shown = isUrl(file.source) ? shownUrl(file.source) : file.source;
  return new OperatorError("PACKAGE_FILE_MISMATCH", `${shown} ${reason}`, {
    where: { file: shown },
    next: ["find out which of the two is right, the file or its shasum in zarf.yaml, before you correct one"],
  });
}

/** `data/<i>/<name of the target's path>` with everything as it is. */
export async function stageInjections(
  tree: TreeBuilder,
  injections: readonly DataInjectionDefinition[],
  context: StageContext,
): Promise<void> {
  for (const [index, { source, target }] of injections.entries()) {
    const from = await takeSource(source, context, { limitBytes: fileLimitBytes });
    const { top, below } = await readSourceTree(from, context);
    const to = `data/${index}/${targetName(target.path)}`;
    tree.add(to, top);
    tree.addTree(to, below);
  }
}
