import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** A private folder for what is fetched and unpacked while a package is made; gone with all in it when it is removed. */
export interface StagingFolder {
  readonly path: string;
  /** A new empty folder in it. */
  readonly newFolder: () => Promise<string>;
  readonly remove: () => Promise<void>;
}

/**
 * @param parent - the folder it is made in; default the system's for temporary files
 */
export async function makeStagingFolder(parent: string = tmpdir()): Promise<StagingFolder> {
  const folder = await mkdtemp(path.join(parent, "skerry-package-"));
  let count = 0;
  return {
    path: folder,
    newFolder: async () => {
      count += 1;
      const made = path.join(folder, String(count));
      await mkdir(made, { mode: 0o700 });
      return made;
    },
    remove: async () => await rm(folder, { recursive: true, force: true }),
  };
}
