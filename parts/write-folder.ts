import { constants } from "node:fs";
import { chmod, copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { type LayerEntry, orderLayer } from "./images/layer.ts";

/** Writes the entries of a layer as files below `folder`, which need not exist, each with exactly its mode. */
export async function writeFolder(
  folder: string,
  entries: readonly LayerEntry[],
  options: { readonly signal: AbortSignal },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  for (const entry of orderLayer(entries)) {
    options.signal.throwIfAborted();
    const target = path.join(folder, entry.path);
    switch (entry.kind) {
      case "directory":
        await mkdir(target);
        break;
      case "link":
        await symlink(entry.target, target);
        continue;
      case "bytes":
        await writeFile(target, entry.bytes, { flag: "wx" });
        break;
      case "file":
        await copyFile(entry.file, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    }
    await chmod(target, entry.mode);
  }
}
