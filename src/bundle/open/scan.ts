import { OperatorError } from "../../lib/errors/index.ts";
import { type Digest, manifestLimitBytes } from "../../oci/index.ts";
import { type IndexDocument, readIndex } from "../format/index-document.ts";
import { blobEntryDigest, type PlacedEntry } from "../format/layout.ts";
import { ENTRY, LAYOUT_CONTENT, LIMIT } from "../format/names.ts";
import { BLOCK_BYTES, paddingOf, readTarHeader, TRAILER_BYTES } from "../format/tar-header.ts";
import { readSignature, type Signature } from "../sign/signature.ts";
import type { BundleFile } from "./bundle-file.ts";

/** What the headers of a bundle say. Every byte that is not a blob's content was looked at. */
export interface Scan {
  readonly indexBytes: Buffer;
  readonly index: IndexDocument;
  readonly signature?: Signature;
  /** By digest, in the order of the file. */
  readonly blobs: ReadonlyMap<Digest, PlacedEntry>;
}

/**
 * Reads the headers of a bundle by hopping from one to the next, so that it takes as long for 100 GB as for 1 GB. Headers,
 * padding and trailer must be the ones we would have written; the content of blobs is not read.
 *
 * @throws OperatorError BUNDLE_INVALID, BUNDLE_TRUNCATED (with the bytes missing), BUNDLE_DAMAGED (with the place)
 */
export async function scanBundle(file: BundleFile, options: { readonly signal: AbortSignal }): Promise<Scan> {
  const walk = headerWalk(file);
  const layout = await walk.next();
  if (layout?.name !== ENTRY.layout || layout.sizeBytes !== LAYOUT_CONTENT.length) throw notABundle(file);
  const layoutBytes = await file.read(layout.offset, layout.sizeBytes);
  if (layoutBytes.toString("latin1") !== LAYOUT_CONTENT) throw damaged(file, layout.offset, "the entry oci-layout");

  const indexEntry = await walk.next();
  if (indexEntry?.name !== ENTRY.index) throw invalid(file, "its second entry is not index.json");
  if (indexEntry.sizeBytes > manifestLimitBytes) throw invalid(file, "its index.json is larger than 4 MiB");
  assertWithin(file, indexEntry);
  const indexBytes = await file.read(indexEntry.offset, indexEntry.sizeBytes);
  const index = readIndex(indexBytes);
  if ("refusal" in index) throw invalid(file, index.refusal);

  let entry = await walk.next();
  let signature: Signature | undefined;
  if (entry?.name === ENTRY.signature) {
    signature = await readSignatureEntry(file, entry);
    entry = await walk.next();
  }
  assertLength(file, entry?.headerOffset ?? walk.position(), index.blobSectionBytes);

  const blobs = new Map<Digest, PlacedEntry>();
  for (; entry !== undefined; entry = await walk.next()) {
    options.signal.throwIfAborted();
    const digest = blobEntryDigest(entry.name);
    if (digest === undefined)
      throw invalid(file, `it has an entry that a bundle does not have: ${JSON.stringify(entry.name)}`);
    if (blobs.has(digest)) throw invalid(file, `it has the entry ${entry.name} twice`);
    if (blobs.size >= LIMIT.blobs) throw invalid(file, `it has more than ${LIMIT.blobs} blobs`);
    blobs.set(digest, entry);
  }
  // The length is right, so an end before it is zeros where a header was: a copy that was never written out.
  if (walk.position() + TRAILER_BYTES !== file.sizeBytes) throw damaged(file, walk.position(), "a header");
  return { indexBytes, index, ...(signature === undefined ? {} : { signature }), blobs };
}

interface HeaderWalk {
  /** The next entry, or undefined at a whole trailer. */
  readonly next: () => Promise<PlacedEntry | undefined>;
  /** Where the next header, or the trailer, begins. */
  readonly position: () => number;
}

function headerWalk(file: BundleFile): HeaderWalk {
  let position = 0;
  let paddingBytes = 0;
  return {
    position: () => position,
    next: async () => {
      if (position + TRAILER_BYTES > file.sizeBytes)
        throw truncated(file, position + TRAILER_BYTES - file.sizeBytes, "at least ");
      // The padding before a header is read with it, and must be zeros.
      const bytes = await file.read(position - paddingBytes, paddingBytes + BLOCK_BYTES);
      const stray = bytes.subarray(0, paddingBytes).findIndex((byte) => byte !== 0);
      if (stray >= 0) throw damaged(file, position - paddingBytes + stray, "the padding after a blob");
      const header = bytes.subarray(paddingBytes);
      if (header.every((byte) => byte === 0)) {
        const rest = await file.read(position + BLOCK_BYTES, TRAILER_BYTES - BLOCK_BYTES);
        if (!rest.every((byte) => byte === 0)) throw damaged(file, position + BLOCK_BYTES, "the end of the file");
        return undefined;
      }
      const read = readTarHeader(header);
      if (read === undefined) throw position === 0 ? notABundle(file) : damaged(file, position, "a header");
      const entry = { ...read, headerOffset: position, offset: position + BLOCK_BYTES };
      paddingBytes = paddingOf(read.sizeBytes);
      position = entry.offset + read.sizeBytes + paddingBytes;
      return entry;
    },
  };
}

async function readSignatureEntry(file: BundleFile, entry: PlacedEntry): Promise<Signature> {
  if (entry.sizeBytes > LIMIT.signatureBytes) throw invalid(file, "its signature.json is too large");
  assertWithin(file, entry);
  const signature = readSignature(await file.read(entry.offset, entry.sizeBytes));
  if (signature === undefined) throw damaged(file, entry.offset, "signature.json");
  return signature;
}

function assertWithin(file: BundleFile, entry: PlacedEntry): void {
  const missing = entry.offset + entry.sizeBytes - file.sizeBytes;
  if (missing > 0) throw truncated(file, missing, "at least ");
}

/** The index states how long the rest is, so a cut file is known at once and to the byte. */
function assertLength(file: BundleFile, firstBlobAt: number, blobSectionBytes: number): void {
  const missing = firstBlobAt + blobSectionBytes - file.sizeBytes;
  if (missing > 0) throw truncated(file, missing, "");
  if (missing < 0) throw invalid(file, `${-missing} bytes follow its end`);
}

function notABundle(file: BundleFile): OperatorError {
  return invalid(file, "it does not begin as one, or its first bytes are damaged");
}

export function invalid({ file }: Pick<BundleFile, "file">, reason: string): OperatorError {
  return new OperatorError("BUNDLE_INVALID", `${file} is not a usable bundle: ${reason}`, {
    where: { file },
    next: ["check that this is the file you mean, and copy it again from where it was made"],
  });
}

function truncated({ file, sizeBytes }: BundleFile, missing: number, atLeast: string): OperatorError {
  return new OperatorError(
    "BUNDLE_TRUNCATED",
    `${file} is cut short: ${atLeast}${missing} bytes are missing after the ${sizeBytes} that are there`,
    {
      where: { file },
      next: ["copy the bundle again, and wait for the copy to be written out (sync) before unplugging"],
    },
  );
}

function damaged({ file }: BundleFile, offset: number, what: string): OperatorError {
  return new OperatorError("BUNDLE_DAMAGED", `${file} is damaged at byte ${offset} (${what})`, {
    where: { file },
    next: ["copy the bundle again from where it was made"],
  });
}
