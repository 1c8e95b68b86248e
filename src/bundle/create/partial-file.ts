import type { FileHandle } from "node:fs/promises";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import type { Layout, PlacedEntry } from "../format/layout.ts";
import { tarHeader } from "../format/tar-header.ts";
import { openBundleFile } from "../open/bundle-file.ts";
import { scanBundle } from "../open/scan.ts";
import { hashRanges } from "../verify/hash-ranges.ts";
import { type FinishedBlob, readSidecar, type Sidecar, writeSidecar } from "./sidecar.ts";
import { unwritable, writeAll } from "./write-blob.ts";

/** Names beside the bundle while it is made. */
export const partialNames = (output: string) => ({
  partial: `${output}.partial`,
  sidecar: `${output}.partial.json`,
  /** A partial file laid out for another index: its blobs are copied instead of fetched. */
  earlier: `${output}.earlier.partial`,
  earlierSidecar: `${output}.earlier.partial.json`,
});

/** So often is what was finished synced and noted: what a power cut may cost. */
const NOTE_INTERVAL_MS = 5000;
const NOTE_BYTES = 256 * 1024 * 1024;

/** The file a bundle grows in: its size and everything but the blobs are there from the start. */
export interface PartialFile {
  readonly target: { readonly handle: FileHandle; readonly path: string };
  /** Digests whose bytes are there, hashed again when the file was opened. */
  readonly present: ReadonlySet<string>;
  /** Notes a blob whose verified bytes were all written. */
  readonly finished: (blob: FinishedBlob) => Promise<void>;
  /** Syncs, looks at every header once more and renames the file to its name. */
  readonly complete: (options: { readonly signal: AbortSignal }) => Promise<void>;
  /** Syncs and notes what there is, for the next run. */
  readonly keep: () => Promise<void>;
}

/**
 * Opens `OUTPUT.partial` for a layout. One for the same index is taken up where it was left; one for another is set aside as a
 * source of blobs.
 *
 * @throws OperatorError FILE_UNWRITABLE
 */
export async function openPartialFile(
  output: string,
  plan: {
    readonly layout: Layout;
    readonly indexDigest: string;
    /** The entries before the blobs, in their order. */
    readonly heads: readonly Uint8Array[];
    readonly signature?: string;
  },
  options: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<PartialFile> {
  const names = partialNames(output);
  const { layout } = plan;
  const earlier = await readSidecar(names.sidecar);
  const isSame = earlier?.index === plan.indexDigest;
  if (earlier !== undefined && !isSame) {
    await rename(names.partial, names.earlier).catch(() => undefined);
    await rename(names.sidecar, names.earlierSidecar).catch(() => undefined);
  }
  // "a+" makes it where it is not there; writing at a place needs a handle that does not append.
  const handle = await open(names.partial, "a+")
    .then(async (made) => await made.close())
    .then(async () => await open(names.partial, "r+"))
    .catch((error: unknown) => {
      throw unwritable(names.partial, error);
    });
  const target = { handle, path: names.partial };
  try {
    // From nothing to its whole size: what is not written is zeros, as padding and trailer must be.
    if (!isSame) await handle.truncate(0);
    await handle.truncate(layout.totalBytes);
    await writeHeads(target, layout.entries, plan.heads);
    const claimed = isSame ? placed(earlier.finished, layout) : [];
    const verified = await verifiedBlobs(handle, claimed, options);
    return partialOf(output, plan, { target, verified, clock: options.clock });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function partialOf(
  output: string,
  plan: { readonly indexDigest: string; readonly signature?: string },
  state: {
    readonly target: PartialFile["target"];
    readonly verified: readonly FinishedBlob[];
    readonly clock: Clock;
  },
): PartialFile {
  const names = partialNames(output);
  const { target, clock } = state;
  const finished = [...state.verified];
  let notedAtMs = clock.now().getTime();
  let unnotedBytes = 0;
  let noting: Promise<void> = Promise.resolve();
  const note = async (): Promise<void> => {
    notedAtMs = clock.now().getTime();
    unnotedBytes = 0;
    const list = [...finished];
    // The bytes must be on the disk before the note that says so.
    await target.handle.datasync().catch((error: unknown) => {
      throw unwritable(target.path, error);
    });
    const sidecar: Sidecar = { index: plan.indexDigest, finished: list };
    await writeSidecar(
      names.sidecar,
      plan.signature === undefined ? sidecar : { ...sidecar, signature: plan.signature },
    );
  };
  const noteInTurn = async (): Promise<void> => {
    noting = noting.then(note);
    await noting;
  };
  return {
    target,
    present: new Set(state.verified.map(({ digest }) => digest)),
    finished: async (blob) => {
      finished.push(blob);
      unnotedBytes += blob.sizeBytes;
      const isDue = unnotedBytes >= NOTE_BYTES || clock.now().getTime() - notedAtMs >= NOTE_INTERVAL_MS;
      if (isDue) await noteInTurn();
    },
    complete: async ({ signal }) => {
      await target.handle.sync().catch((error: unknown) => {
        throw unwritable(target.path, error);
      });
      await target.handle.close();
      await assertWhole(target.path, signal);
      await rename(target.path, output).catch((error: unknown) => {
        throw unwritable(output, error);
      });
      await syncFolder(dirname(output));
      for (const path of [names.sidecar, names.earlier, names.earlierSidecar]) await rm(path, { force: true });
    },
    keep: async () => {
      try {
        await noteInTurn();
      } finally {
        await target.handle.close();
      }
    },
  };
}

/** Writes every header and the small entries in front; what is between them are blobs, and zeros. */
async function writeHeads(
  target: PartialFile["target"],
  entries: readonly PlacedEntry[],
  heads: readonly Uint8Array[],
): Promise<void> {
  for (const [at, entry] of entries.entries()) {
    const content = heads[at];
    const header = tarHeader(entry.name, entry.sizeBytes);
    await writeAll(target, content === undefined ? [header] : [header, content], entry.headerOffset);
  }
}

/** Claims that fit the layout: a blob of this index at its place. */
function placed(finished: readonly FinishedBlob[], layout: Layout): readonly FinishedBlob[] {
  const places = new Set(layout.entries.map(({ name, offset, sizeBytes }) => `${name} ${offset} ${sizeBytes}`));
  return finished.filter(({ digest, offset, sizeBytes }) =>
    places.has(`blobs/sha256/${digest.slice("sha256:".length)} ${offset} ${sizeBytes}`),
  );
}

async function verifiedBlobs(
  handle: FileHandle,
  claimed: readonly FinishedBlob[],
  options: { readonly signal: AbortSignal },
): Promise<readonly FinishedBlob[]> {
  const answers = await hashRanges(handle.fd, claimed, options);
  return claimed.filter(({ digest }, index) => {
    const answer = answers[index];
    return answer !== undefined && "hex" in answer && `sha256:${answer.hex}` === digest;
  });
}

/** What was written must read as a bundle; if it does not, that is a bug of ours and the name is not given away. */
async function assertWhole(path: string, signal: AbortSignal): Promise<void> {
  const file = await openBundleFile(path);
  try {
    await scanBundle(file, { signal });
  } catch (error) {
    if (isOperatorError(error, "BUNDLE_DAMAGED")) await rm(`${path}.json`, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Bytes of the disk that a file takes up already; 0 where there is none. */
export async function allocatedBytes(path: string): Promise<number> {
  return await stat(path).then(
    ({ blocks }) => blocks * 512,
    () => 0,
  );
}
