import { lstat, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import { isWithin } from "../file-plan.ts";

export type Found = "nothing" | "file" | "folder" | "link" | "other";

/** What lies at a path, not following a link. */
export async function lookAt(path: string): Promise<Found> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (found === undefined) return "nothing";
  if (found.isSymbolicLink()) return "link";
  if (found.isFile()) return "file";
  return found.isDirectory() ? "folder" : "other";
}

/**
 * Refuses a target at which something lies that must not be written over or through: a link where a file or a folder goes, a
 * folder where a file goes; and a target below the working folder that a link on the way leads out of it.
 *
 * @throws OperatorError PACKAGE_TARGET_UNSAFE
 */
export async function checkTarget(
  target: string,
  options: { readonly kind: "file" | "folder" | "link"; readonly folder: string },
): Promise<Found> {
  const found = await lookAt(target);
  const isFine = {
    file: found === "nothing" || found === "file",
    folder: found === "nothing" || found === "folder",
    link: found === "nothing" || found === "link" || found === "file",
  }[options.kind];
  if (!isFine)
    throw unsafe(
      target,
      `a ${found === "other" ? "device or pipe" : found} is there, and a ${options.kind} is to go there`,
    );
  if (isWithin(target, options.folder)) await checkWay(target, options.folder);
  return found;
}

async function checkWay(target: string, folder: string): Promise<void> {
  let parent = dirname(target);
  while ((await lookAt(parent)) === "nothing" && parent !== dirname(parent)) parent = dirname(parent);
  const [real, realFolder] = await Promise.all([realpath(parent), realpath(folder)]);
  if (!isWithin(real, realFolder) && isWithin(parent, folder))
    throw unsafe(target, `a link on the way to it leads to ${real}`);
}

function unsafe(target: string, reason: string): OperatorError {
  return new OperatorError("PACKAGE_TARGET_UNSAFE", `${target} is not written: ${reason}`, {
    where: { file: target },
    next: [`look at ${target}, and remove what is in the way if it is not wanted`],
  });
}
