import { rename, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { partsCacheFolder } from "./cache-folder.ts";

/** Leads the link `<cache>/skerry/<name>` to a target, in one step: whoever follows it finds the old one or the new one. */
export async function pointAt(target: string, name: string): Promise<void> {
  const link = path.join(path.dirname(partsCacheFolder()), name);
  const temporary = `${link}.${process.pid}`;
  await rm(temporary, { force: true });
  await symlink(path.relative(path.dirname(link), target), temporary);
  await rename(temporary, link);
}
