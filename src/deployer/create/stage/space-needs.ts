import { stat } from "node:fs/promises";
import path from "node:path";
import { hasCreateActions } from "../component/stage-component.ts";
import type { LoadedPackage } from "../source/load-package.ts";
import { isUrl } from "../source/paths.ts";
import { readSourceTree } from "./read-folder.ts";
import type { StagedEntry } from "./staged.ts";

/** What making a package writes, as far as it is known before: what is downloaded, and charts and manifests, come on top. */
export interface SpaceNeeds {
  /** In the staging folder, until the package is made. */
  readonly stagedBytes: number;
  /** The package itself, if nothing in it can be compressed. */
  readonly packageBytes: number;
}

/**
 * Adds up images, image archives, and the files and data that lie on this disk.
 *
 * @param imageBytes - of all images that are pulled, each blob once
 */
export async function spaceNeeds(
  { definition, folder }: Pick<LoadedPackage, "definition" | "folder">,
  imageBytes: number,
  call: { readonly signal: AbortSignal },
): Promise<SpaceNeeds> {
  const { components } = definition;
  const archives = new Set(
    components.flatMap(({ imageArchives }) => imageArchives.map((one) => path.resolve(folder, one.path))),
  );
  const archiveBytes = sum(await Promise.all([...archives].map(fileBytes)));
  const sources = components.flatMap(({ files, dataInjections }) => [...files, ...dataInjections]);
  let localBytes = 0;
  let extractedBytes = 0;
  for (const one of sources) {
    if (isUrl(one.source)) continue;
    const bytes = await treeBytes(path.resolve(folder, one.source), call);
    localBytes += bytes;
    if ("extractPath" in one && one.extractPath !== undefined) extractedBytes += bytes;
  }
  // Where commands of the package run, its sources are copied first.
  const copiedBytes = components.some(hasCreateActions) ? localBytes : 0;
  return {
    stagedBytes: imageBytes + archiveBytes + copiedBytes + extractedBytes,
    packageBytes: imageBytes + archiveBytes + localBytes,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** What is not there yet may be made by a command; whoever reads it says if it never comes. */
async function fileBytes(file: string): Promise<number> {
  return await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function treeBytes(source: string, call: { readonly signal: AbortSignal }): Promise<number> {
  const found = await stat(source).catch(() => undefined);
  if (found === undefined) return 0;
  const { top, below } = await readSourceTree(source, call);
  const sizeOf = (entry: StagedEntry): number => (entry.type === "file" ? entry.sizeBytes : 0);
  return sizeOf(top) + sum([...below.values()].map(sizeOf));
}
