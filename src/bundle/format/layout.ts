import { type Descriptor, type Digest, parseDigest } from "../../oci/index.ts";
import { ENTRY, LAYOUT_CONTENT } from "./names.ts";
import { BLOCK_BYTES, paddingOf, TRAILER_BYTES } from "./tar-header.ts";

/** An entry at its place in the file. */
export interface PlacedEntry {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where its header begins. */
  readonly headerOffset: number;
  /** Where its content begins. */
  readonly offset: number;
}

export interface Layout {
  readonly entries: readonly PlacedEntry[];
  /** Size of the whole file, trailer included. */
  readonly totalBytes: number;
}

/** Name of a blob's entry. */
export function blobEntryName(digest: string): string {
  return `blobs/sha256/${digest.slice("sha256:".length)}`;
}

/** The digest an entry's name stands for, or undefined where it is no blob. */
export function blobEntryDigest(name: string): Digest | undefined {
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
  return hex === undefined ? undefined : parseDigest(`sha256:${hex}`);
}

/** Bytes from the first blob's header to the end of the file; depends on nothing before it, so the index can state it. */
export function blobSectionBytes(blobs: readonly Pick<Descriptor, "size">[]): number {
  return blobs.reduce((sum, blob) => sum + BLOCK_BYTES + blob.size + paddingOf(blob.size), TRAILER_BYTES);
}

/** Where everything stands in a bundle with this index: known before the first blob is. */
export function planLayout(
  indexBytes: number,
  signatureBytes: number | undefined,
  blobs: readonly Pick<Descriptor, "digest" | "size">[],
): Layout {
  const sizes: [string, number][] = [
    [ENTRY.layout, LAYOUT_CONTENT.length],
    [ENTRY.index, indexBytes],
    ...(signatureBytes === undefined ? [] : ([[ENTRY.signature, signatureBytes]] as [string, number][])),
    ...blobs.map((blob): [string, number] => [blobEntryName(blob.digest), blob.size]),
  ];
  let at = 0;
  const entries = sizes.map(([name, sizeBytes]): PlacedEntry => {
    const entry = { name, sizeBytes, headerOffset: at, offset: at + BLOCK_BYTES };
    at += BLOCK_BYTES + sizeBytes + paddingOf(sizeBytes);
    return entry;
  });
  return { entries, totalBytes: at + TRAILER_BYTES };
}
