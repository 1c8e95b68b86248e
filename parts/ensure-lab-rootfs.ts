import { readFile } from "node:fs/promises";
import path from "node:path";
import type { JsonValue } from "../src/lib/json.ts";
import { ensureEntry, entryFolder, inspectEntry } from "./cache.ts";
import { partsCacheFolder } from "./cache-folder.ts";
import { debianKey, ensureDebianTools } from "./debian-tools.ts";
import { ensureParts, partKeys } from "./ensure-parts.ts";
import { partsOf } from "./image-catalog.ts";
import { layerEntries } from "./images/layout.ts";
import { labRootfs } from "./lab-rootfs-catalog.ts";
import { cacheKey } from "./part-key.ts";
import { pointAt } from "./point-at.ts";
import type { Report } from "./report.ts";
import { writeFolder } from "./write-folder.ts";

const name = "lab-rootfs";
const version = "(a node's root)";

/**
 * Makes sure that the root filesystem of simulated nodes is there, with the parts in it, and that the link
 * `<cache>/skerry/lab-rootfs` leads to it: that is where `skerry`, which has no parts, looks. Every file is checked
 * against its digest. Safe to repeat and to run several times at once. Nobody may write into the folder.
 *
 * @returns the absolute folder that is to be the root
 * @throws OperatorError as `ensureParts` and `ensureDebianTools` do
 */
export async function ensureLabRootfs(options: {
  readonly signal: AbortSignal;
  /** default: silent */
  readonly report?: Report;
}): Promise<string> {
  const { signal } = options;
  const report = options.report ?? (() => undefined);
  const entry = { root: partsCacheFolder(), name, key: await rootfsKey(options) };
  const root = path.join(entryFolder(entry), "root");
  if ((await inspectEntry(entry, { thorough: true, signal })).kind === "whole") {
    report({ kind: "cached", name, version });
  } else {
    const binaries = await ensureParts({ only: partsOf(labRootfs), signal, report });
    const partFolders = Object.fromEntries(Object.entries(binaries).map(([part, file]) => [part, path.dirname(file)]));
    const sources = { partFolders, debianFolder: await ensureDebianTools({ signal, report }) };
    const make = async (folder: string): Promise<void> => {
      const entries = await Promise.all(labRootfs.map((file) => layerEntries(file, "amd64", sources, options)));
      await writeFolder(path.join(folder, "root"), entries.flat(), options);
    };
    await ensureEntry(entry, { version, action: "laying out", thorough: true, signal, report, make });
  }
  await pointAt(root, name);
  return root;
}

/** Over everything the files depend on: the table, the keys of parts and tools, and the code that writes them. */
async function rootfsKey(options: { readonly signal: AbortSignal }): Promise<string> {
  return cacheKey({
    debian: await debianKey(),
    files: JSON.parse(JSON.stringify(labRootfs)) as JsonValue,
    parts: await partKeys(partsOf(labRootfs), options),
    recipe: await readFile(path.join(import.meta.dirname, "write-folder.ts"), "utf8"),
  });
}
