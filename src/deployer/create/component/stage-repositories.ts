import { mkdir } from "node:fs/promises";
import path from "node:path";
import { cloneRepository } from "../fetch/clone-repository.ts";
import { shownUrl, splitRepository } from "../fetch/repository-url.ts";
import { readFolder } from "../stage/read-folder.ts";
import type { StagedTree, TreeBuilder } from "../stage/staged.ts";
import type { StageContext } from "./stage-context.ts";

/** `repos/<repo>-<crc32>/`: a clone with its working files and `.git`. */
export async function stageRepositories(
  tree: TreeBuilder,
  repos: readonly string[],
  context: StageContext,
): Promise<void> {
  for (const listed of repos) {
    const { url, folder } = splitRepository(listed);
    context.onProgress?.({ kind: "fetching", what: shownUrl(url) });
    const clone = path.join(await context.staging.newFolder(), folder);
    await mkdir(clone);
    await cloneRepository(listed, clone, context);
    tree.add(`repos/${folder}`, { type: "folder", mode: 0o755 }, 0o755);
    tree.addTree(`repos/${folder}`, readOnlyPacks(await readFolder(clone, context)));
  }
}

/** Git keeps packs from being written to. */
function readOnlyPacks(tree: StagedTree): StagedTree {
  const isPack = (inner: string) => inner.startsWith(".git/objects/") && /\.(pack|idx)$/.test(inner);
  return new Map(
    [...tree].map(([inner, entry]) => [
      inner,
      entry.type === "file" && isPack(inner) ? { ...entry, mode: 0o444 } : entry,
    ]),
  );
}
