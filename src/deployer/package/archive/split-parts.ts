import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { readTextFile } from "../../../lib/files.ts";
import { type ByteFile, joinByteFiles, openByteFile, unreadable } from "./byte-file.ts";
import { damaged, invalid, shown } from "./package-content.ts";

/** Go reads keys in any case, so the header of a split package is read that way too. */
const SplitHeader = z
  .record(z.string(), z.unknown())
  .transform((object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key.toLowerCase(), value])))
  .pipe(
    z.object({
      sha256sum: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: z.int().min(0),
      count: z.int().min(1).max(999),
    }),
  );

export interface SplitFile {
  /** The parts in a row. */
  readonly file: ByteFile;
  /** Name of the whole file: what its format is told by. */
  readonly wholeName: string;
  /** Takes bytes as they are read in order; `end` says whether they were the right ones. */
  readonly check: {
    readonly update: (chunk: Uint8Array) => void;
    /** @throws OperatorError PACKAGE_DAMAGED */
    readonly end: () => void;
  };
}

/**
 * Opens the parts of a split package; they are read where they lie and stay there.
 *
 * @param header - path of `….part000`
 * @throws OperatorError FILE_UNREADABLE, PACKAGE_INVALID for a header that is none, PACKAGE_DAMAGED for missing, extra or cut parts
 */
export async function openSplit(header: string): Promise<SplitFile> {
  const stem = basename(header).replace(/\.part000$/, "");
  const folder = dirname(header);
  const label = join(folder, stem);
  const { sha256sum, bytes, count } = await readHeader(header);
  const names = Array.from({ length: count }, (_, index) => `${stem}.part${String(index + 1).padStart(3, "0")}`);
  await assertParts({ folder, label, stem, names });
  const parts: ByteFile[] = [];
  try {
    for (const name of names) parts.push(await openByteFile(join(folder, name)));
    const file = joinByteFiles(label, parts);
    if (file.sizeBytes !== bytes)
      throw damaged(label, [`its parts have ${file.sizeBytes} bytes together, not the ${bytes} that ${header} says`]);
    const hash = createHash("sha256");
    return {
      file,
      wholeName: stem,
      check: {
        update: (chunk) => {
          hash.update(chunk);
        },
        end: () => {
          const found = hash.digest("hex");
          if (found !== sha256sum) throw damaged(label, [`its parts together have the sum ${found}, not ${sha256sum}`]);
        },
      },
    };
  } catch (error) {
    for (const part of parts) await part.close();
    throw error;
  }
}

async function readHeader(header: string): Promise<z.infer<typeof SplitHeader>> {
  const text = await readTextFile(header, { sizeLimitBytes: 64 * 1024 });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid(header, "the header of a split package must be JSON", error);
  }
  const parsed = SplitHeader.safeParse(json);
  if (!parsed.success)
    throw invalid(header, "the header of a split package must have Sha256Sum, Bytes and Count", parsed.error);
  return parsed.data;
}

async function assertParts(split: {
  readonly folder: string;
  readonly label: string;
  readonly stem: string;
  readonly names: readonly string[];
}): Promise<void> {
  const there = await readdir(split.folder).catch((error: unknown) => {
    throw unreadable(split.folder, error);
  });
  const parts = there.filter((name) => name.startsWith(`${split.stem}.part`) && name !== `${split.stem}.part000`);
  const missing = split.names.filter((name) => !parts.includes(name));
  const extra = parts.filter((name) => !split.names.includes(name));
  const problems = [
    ...missing.map((name) => `its part ${shown(name)} is missing`),
    ...extra.map((name) => `${shown(name)} lies beside its ${split.names.length} parts and is none of them`),
  ];
  if (problems.length > 0) throw damaged(split.label, problems);
}
