import { constants } from "node:fs";
import { cp } from "node:fs/promises";
import path from "node:path";
import { downloadToFile } from "../fetch/download.ts";
import { shownUrl } from "../fetch/repository-url.ts";
import { isUrl } from "../source/paths.ts";
import type { StageContext } from "./stage-context.ts";

/** Manifests and values files are read into memory when they are deployed. */
export const manifestLimitBytes = 16 << 20;
/** Of a file from a URL. */
export const fileLimitBytes = 100 * 2 ** 30;

/**
 * Where a source lies on this disk: local ones where they are (or in a copy), others fetched.
 *
 * @throws OperatorError PACKAGE_FETCH_FAILED
 */
export async function takeSource(
  source: string,
  context: StageContext,
  limits: { readonly limitBytes: number },
): Promise<string> {
  if (isUrl(source)) return await fetchSource(source, context, limits.limitBytes);
  const file = path.resolve(context.folder, source);
  return context.mustCopy ? await copySource(file, context) : file;
}

async function fetchSource(url: string, context: StageContext, limitBytes: number): Promise<string> {
  const file = path.join(await context.staging.newFolder(), "fetched");
  context.onProgress?.({ kind: "fetching", what: shownUrl(url) });
  await downloadToFile(url, file, {
    signal: context.signal,
    limitBytes,
    onBytes: (bytes) => context.onProgress?.({ kind: "fetched", bytes }),
  });
  return file;
}

async function copySource(file: string, context: StageContext): Promise<string> {
  const copy = path.join(await context.staging.newFolder(), path.basename(file) || "root");
  try {
    await cp(file, copy, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    return copy;
  } catch (error) {
    // Whoever reads it next says what is wrong with it, by its own name.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return file;
    throw error;
  }
}
