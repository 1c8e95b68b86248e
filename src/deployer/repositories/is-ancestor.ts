import type { PromiseFsClient } from "isomorphic-git";
import type { StoredRepository } from "./stored-repository.ts";

/** More than this is not held in memory for a question about the past. */
const packLimitBytes = 512 << 20;

/**
 * Whether one commit of the repository is behind another, so that a branch may move from it.
 *
 * @returns undefined where the repository does not know the older one
 */
export async function isAncestor(
  repository: StoredRepository,
  commits: { readonly older: string; readonly newer: string },
  call: { readonly signal: AbortSignal },
): Promise<boolean | undefined> {
  const { isDescendent, readCommit } = await import("isomorphic-git");
  const at = { fs: readOnly(repository, call), gitdir: `/${repository.gitFolder}`, cache: {} };
  try {
    await readCommit({ ...at, oid: commits.older });
  } catch (error) {
    call.signal.throwIfAborted();
    if ((error as { code?: unknown }).code === "NotFoundError") return undefined;
    throw error;
  }
  return await isDescendent({ ...at, oid: commits.newer, ancestor: commits.older, depth: -1 });
}

/** The files of the component as isomorphic-git wants to see them. */
function readOnly({ files }: StoredRepository, call: { readonly signal: AbortSignal }): PromiseFsClient {
  const absent = (path: string): Error => Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
  const refuse = (path: string): Promise<never> =>
    Promise.reject(Object.assign(new Error(`EROFS: ${path}`), { code: "EROFS" }));
  const entryOf = (path: string): { readonly isFile: boolean; readonly sizeBytes: number } => {
    const name = path.replace(/^\/+/, "");
    const entry = files.entries.get(name);
    if (entry !== undefined && entry.type !== "link")
      return { isFile: entry.type === "file", sizeBytes: entry.sizeBytes };
    if (entry === undefined && childrenOf(name).size > 0) return { isFile: false, sizeBytes: 0 };
    throw absent(path);
  };
  const childrenOf = (folder: string): ReadonlySet<string> =>
    new Set(
      [...files.entries.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1).split("/")[0] ?? ""),
    );
  const stat = async (path: string): Promise<unknown> => {
    const { isFile, sizeBytes } = entryOf(path);
    return {
      size: sizeBytes,
      mode: 0o644,
      isFile: () => isFile,
      isDirectory: () => !isFile,
      isSymbolicLink: () => false,
    };
  };
  return {
    promises: {
      readFile: async (path: string, options?: { encoding?: string } | string) => {
        if (!entryOf(path).isFile) throw absent(path);
        const bytes = await files.read(path.replace(/^\/+/, ""), { limitBytes: packLimitBytes, signal: call.signal });
        const encoding = typeof options === "string" ? options : options?.encoding;
        return encoding === undefined ? bytes : bytes.toString("utf8");
      },
      readdir: async (path: string) => {
        const found = [...childrenOf(path.replace(/^\/+/, ""))];
        if (found.length === 0) throw absent(path);
        return found;
      },
      stat,
      lstat: stat,
      readlink: refuse,
      writeFile: refuse,
      unlink: refuse,
      mkdir: refuse,
      rmdir: refuse,
      symlink: refuse,
    },
  };
}
