import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { ensureEntry } from "./cache.ts";
import { partsCacheFolder } from "./cache-folder.ts";
import { capMemory } from "./chart-engine/cap-memory.ts";
import { snapshot } from "./chart-engine/snapshot.ts";
import { writeModule } from "./chart-engine/wasm-file.ts";
import { ensureParts, partKeys } from "./ensure-parts.ts";
import { cacheKey } from "./part-key.ts";
import { pointAt } from "./point-at.ts";
import type { Report } from "./report.ts";

const name = "chart-engine";
const version = "(Helm's, for Node)";
const recipeFolder = path.join(import.meta.dirname, "chart-engine");

/** Twice what the largest chart that is read has needed. */
const MAX_MEMORY_BYTES = 768 * 1024 * 1024;
/** 25 MB become 4; unpacking takes the same time at every level. */
const ZSTD_LEVEL = 19;

/**
 * Makes sure that the chart engine is there as it ships, and that the link `<cache>/skerry/chart-engine` leads to its
 * folder: that is where `skerry` looks in a clone. Safe to repeat and to run several times at once.
 *
 * @returns the absolute path of `chart-engine.wasm.zst`
 * @throws OperatorError as `ensureParts` does
 */
export async function ensureChartEngine(options: {
  readonly signal: AbortSignal;
  /** default: silent */
  readonly report?: Report;
}): Promise<string> {
  const { signal } = options;
  const report = options.report ?? (() => undefined);
  const entry = { root: partsCacheFolder(), name, key: await engineKey(options) };
  const make = async (folder: string): Promise<void> => {
    const { "helm-engine": file } = await ensureParts({ only: ["helm-engine"], signal, report });
    const module = writeModule(capMemory(snapshot(await readFile(file)), MAX_MEMORY_BYTES));
    const packed = await promisify(zstdCompress)(module, {
      params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
    });
    await writeFile(path.join(folder, "chart-engine.wasm.zst"), packed);
  };
  const folder = await ensureEntry(entry, { version, action: "packing", thorough: true, signal, report, make });
  await pointAt(folder, name);
  return path.join(folder, "chart-engine.wasm.zst");
}

/** Over the part it is made from, and the code that makes it. */
async function engineKey(options: { readonly signal: AbortSignal }): Promise<string> {
  const recipe: Record<string, string> = {};
  for (const file of (await readdir(recipeFolder)).sort()) {
    recipe[file] = await readFile(path.join(recipeFolder, file), "utf8");
  }
  return cacheKey({
    level: ZSTD_LEVEL,
    maxMemoryBytes: MAX_MEMORY_BYTES,
    part: await partKeys(["helm-engine"], options),
    recipe,
  });
}
