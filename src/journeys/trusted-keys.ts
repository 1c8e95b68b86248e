import { resolve } from "node:path";
import type { Trust } from "../bundle/index.ts";
import { readTextFile } from "../lib/files.ts";
import type { Site } from "../site/index.ts";

const MAX_KEY_BYTES = 64 * 1024;

/** Whom a site trusts, with its key files read. */
export async function trustOf(site: Site): Promise<Trust> {
  return {
    keys: await readKeys(site.trust.keys.map((name) => resolve(site.folder, name))),
    allowUnsigned: site.trust.allowUnsigned,
  };
}

export async function readKeys(files: readonly string[]): Promise<Trust["keys"]> {
  return await Promise.all(
    files.map(async (file) => ({ file, pem: await readTextFile(file, { sizeLimitBytes: MAX_KEY_BYTES }) })),
  );
}
