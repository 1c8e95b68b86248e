import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { JsonValue } from "../src/lib/json.ts";
import { ensureEntry, entryFolder, inspectEntry } from "./cache.ts";
import { partsCacheFolder } from "./cache-folder.ts";
import { debianKey, ensureDebianTools } from "./debian-tools.ts";
import { ensureParts, partKeys } from "./ensure-parts.ts";
import { images, partsOfImages } from "./image-catalog.ts";
import { writeLayout } from "./images/layout.ts";
import { cacheKey } from "./part-key.ts";
import type { Report } from "./report.ts";

export interface BuiltImages {
  /** Changes whenever any image may have changed. */
  readonly key: string;
  /** An OCI image layout; each image has its full reference as `org.opencontainers.image.ref.name`. */
  readonly layoutFolder: string;
}

/**
 * Makes sure that the images of the test internet are built, with the parts they are made of. Safe to repeat; when the
 * images are cached the parts are not even looked at.
 *
 * @throws OperatorError as `ensureParts` does
 */
export async function ensureImages(options: {
  readonly signal: AbortSignal;
  readonly report?: Report;
}): Promise<BuiltImages> {
  const { signal } = options;
  const report = options.report ?? (() => undefined);
  const key = await imagesKey(options);
  const entry = { root: partsCacheFolder(), name: "images", key };
  const version = `(${images.length} images)`;
  const layoutFolder = path.join(entryFolder(entry), "layout");
  if ((await inspectEntry(entry, { thorough: false, signal })).kind === "whole") {
    report({ kind: "cached", name: entry.name, version });
    return { key, layoutFolder };
  }
  const binaries = await ensureParts({ only: partsOfImages(), signal, report });
  const partFolders = Object.fromEntries(Object.entries(binaries).map(([name, file]) => [name, path.dirname(file)]));
  const debianFolder = await ensureDebianTools({ signal, report });
  await ensureEntry(entry, {
    version,
    action: "packing",
    thorough: false,
    signal,
    report,
    make: (folder) =>
      writeLayout(
        path.join(folder, "layout"),
        images,
        { partFolders, debianFolder },
        {
          signal,
          onImage: (reference) => report({ kind: "detail", name: entry.name, detail: reference }),
        },
      ),
  });
  return { key, layoutFolder };
}

/** Over everything the bytes depend on: the table, the keys of parts and tools, the code that packs, and zlib. */
async function imagesKey(options: { readonly signal: AbortSignal }): Promise<string> {
  const code = path.join(import.meta.dirname, "images");
  const recipe: Record<string, string> = {};
  for (const name of (await readdir(code)).sort()) recipe[name] = await readFile(path.join(code, name), "utf8");
  return cacheKey({
    debian: await debianKey(),
    images: JSON.parse(JSON.stringify(images)) as JsonValue,
    parts: await partKeys(partsOfImages(), options),
    recipe,
    zlib: process.versions.zlib,
  });
}
