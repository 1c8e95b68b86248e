import {
  blockBytes,
  decode,
  readPaxRecords,
  readTarHeader,
  type TarEntryType,
  TarError,
  type TarHeader,
} from "./tar-header.ts";
import { type TarInput, truncated } from "./tar-input.ts";

export interface TarEntry {
  /** As it is stored, extended headers taken into account. */
  readonly name: string;
  readonly type: TarEntryType;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly linkTarget: string;
  /** Of its content in the archive. */
  readonly offset: number;
}

/** A name of a file is never so long; what says so would fill the memory. */
const extendedLimitBytes = 1 << 20;

/**
 * The entries of a tar archive, in order. Between two of them the consumer may take the content of the first from the input.
 *
 * @throws TarError for what is broken; too many entries are the consumer's to count
 */
export async function* walkTar(input: TarInput): AsyncGenerator<TarEntry> {
  let extended: Extended = {};
  for (;;) {
    const block = await input.take(blockBytes);
    if (block.length === 0) return;
    if (block.length < blockBytes) throw truncated();
    const header = readTarHeader(block);
    if (header === undefined) {
      await assertZeros(input);
      return;
    }
    if (isExtended(header)) {
      extended = { ...extended, ...(await readExtended(input, header)) };
      continue;
    }
    const entry = { ...withExtended(header, extended), offset: input.position() };
    extended = {};
    yield entry;
    await input.seek(entry.offset + padded(entry.sizeBytes));
  }
}

const padded = (sizeBytes: number): number => Math.ceil(sizeBytes / blockBytes) * blockBytes;

interface Extended {
  readonly name?: string;
  readonly linkTarget?: string;
  readonly sizeBytes?: number;
}

const isExtended = ({ type }: TarHeader): boolean =>
  type === "pax" || type === "pax-global" || type === "long-name" || type === "long-link";

async function readExtended(input: TarInput, { type, sizeBytes }: TarHeader): Promise<Extended> {
  if (sizeBytes > extendedLimitBytes) throw new TarError("has an extended header of more than 1 MiB");
  const padding = padded(sizeBytes);
  const bytes = await input.take(padding);
  if (bytes.length < padding) throw truncated();
  const content = bytes.subarray(0, sizeBytes);
  // A global header says nothing about names; tools leave a comment in it.
  if (type === "pax-global") return {};
  if (type === "pax") return fromPax(readPaxRecords(content));
  const end = content.indexOf(0);
  const text = decode(content.subarray(0, end < 0 ? content.length : end));
  return type === "long-name" ? { name: text } : { linkTarget: text };
}

function fromPax(records: ReadonlyMap<string, string>): Extended {
  if ([...records.keys()].some((key) => key.startsWith("GNU.sparse"))) throw new TarError("has a sparse file");
  const name = records.get("path");
  const linkTarget = records.get("linkpath");
  const size = records.get("size");
  if (size !== undefined && !(/^\d+$/.test(size) && Number.isSafeInteger(Number(size))))
    throw new TarError("has an entry of an impossible size");
  return {
    ...(name === undefined ? {} : { name }),
    ...(linkTarget === undefined ? {} : { linkTarget }),
    ...(size === undefined ? {} : { sizeBytes: Number(size) }),
  };
}

function withExtended(header: TarHeader, extended: Extended): Omit<TarEntry, "offset"> {
  const { type, mode } = header;
  const name = extended.name ?? header.name;
  const isFolder = type === "folder" || (type === "file" && name.endsWith("/"));
  return {
    name,
    type: isFolder ? "folder" : (type as TarEntryType),
    sizeBytes: type === "file" && !isFolder ? (extended.sizeBytes ?? header.sizeBytes) : header.sizeBytes,
    mode,
    linkTarget: extended.linkTarget ?? header.linkTarget,
  };
}

/** Writers fill up with zeros; anything else would be content that a reader does not see. */
async function assertZeros(input: TarInput): Promise<void> {
  for await (const chunk of input.pass(Infinity))
    if (chunk.some((byte) => byte !== 0)) throw new TarError("goes on behind its end");
}
