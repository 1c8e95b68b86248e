import path from "node:path";
import { OperatorError } from "../src/lib/errors/index.ts";
import { buildPart, readSources } from "./build-part.ts";
import { type CacheEntry, ensureEntry } from "./cache.ts";
import { partsCacheFolder } from "./cache-folder.ts";
import { type Part, type PartName, parts } from "./catalog.ts";
import { goVersion } from "./go-toolchain.ts";
import { partKey } from "./part-key.ts";
import type { Report } from "./report.ts";

const partsFolder = import.meta.dirname;

export interface EnsureOptions<Name extends PartName = PartName> {
  /** default: every part */
  readonly only?: readonly Name[];
  readonly signal: AbortSignal;
  /** default: silent */
  readonly report?: Report;
}

/**
 * Makes sure that parts are built, building what the cache lacks (kube-apiserver takes minutes, cold). Every binary is
 * checked against its digest. Safe to repeat and to run several times at once; needs no network when all is cached.
 *
 * @returns absolute path of each part's binary for this machine
 * @throws OperatorError PARTS_TOOL_MISSING, PARTS_BUILD_FAILED, PARTS_MACHINE_UNSUITABLE
 */
export async function ensureParts<const Name extends PartName = PartName>(
  options: EnsureOptions<Name>,
): Promise<Readonly<Record<Name, string>>> {
  const names: readonly PartName[] = options.only ?? parts.map((part) => part.name);
  const version = await goVersionHere(options);
  const paths: Partial<Record<PartName, string>> = {};
  for (const part of parts) {
    if (!names.includes(part.name)) continue;
    paths[part.name] = path.join(await ensurePart(part, version, options), part.name);
  }
  return paths as Record<Name, string>;
}

/** The keys of these parts, without building anything. */
export async function partKeys(
  names: readonly PartName[],
  options: { readonly signal: AbortSignal },
): Promise<Readonly<Record<string, string>>> {
  const version = await goVersionHere(options);
  const keys: Record<string, string> = {};
  for (const part of parts) {
    if (names.includes(part.name)) keys[part.name] = (await partEntry(part, version)).key;
  }
  return keys;
}

async function ensurePart(part: Part, version: string, options: EnsureOptions): Promise<string> {
  const entry = await partEntry(part, version);
  const report = options.report ?? (() => undefined);
  return ensureEntry(entry, {
    version: part.version,
    action: "building",
    thorough: true,
    signal: options.signal,
    report,
    make: (folder) => buildPart(part, folder, { moduleFolder: moduleFolder(part), signal: options.signal, report }),
  });
}

async function partEntry(part: Part, version: string): Promise<CacheEntry> {
  const sources = await readSources(moduleFolder(part));
  return { root: partsCacheFolder(), name: part.name, key: partKey(part, { goVersion: version, sources }) };
}

function moduleFolder(part: Part): string {
  return path.join(partsFolder, part.folder);
}

async function goVersionHere(options: { readonly signal: AbortSignal }): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new OperatorError(
      "PARTS_MACHINE_UNSUITABLE",
      `the parts run on linux x64, this machine is ${process.platform} ${process.arch}`,
      { next: ["Run this on a 64-bit Intel or AMD Linux machine."] },
    );
  }
  return goVersion(partsFolder, options);
}
