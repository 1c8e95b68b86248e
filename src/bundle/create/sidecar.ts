import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeFileWhole } from "../../lib/files.ts";
import { canonicalJson } from "../../lib/json.ts";

/**
 * What stands in `.partial.json` beside an unfinished bundle: for which index it is laid out, and which blobs were written and
 * verified. It is a hint: what it names is hashed again before it counts.
 */
const Sidecar = z.strictObject({
  /** Digest of the index that the partial file is laid out for. */
  index: z.string(),
  /** `signature.json` of that index, so that a resumed bundle gets the same ECDSA signature. */
  signature: z.string().optional(),
  finished: z.array(
    z.strictObject({
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
      offset: z.int().min(0),
      sizeBytes: z.int().min(0),
    }),
  ),
});

export type Sidecar = Readonly<z.infer<typeof Sidecar>>;
export type FinishedBlob = Sidecar["finished"][number];

/** The sidecar, or undefined where there is none that can be read. */
export async function readSidecar(path: string): Promise<Sidecar | undefined> {
  try {
    return Sidecar.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

export async function writeSidecar(path: string, sidecar: Sidecar): Promise<void> {
  await writeFileWhole(path, canonicalJson(sidecar));
}
