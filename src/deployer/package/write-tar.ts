const blockBytes = 512;

export interface TarEntry {
  /** Relative, with forward slashes, without a trailing one; at most 100 bytes. */
  readonly path: string;
  /** Absent: a folder. */
  readonly bytes?: Uint8Array;
}

function header(path: string, sizeBytes: number, isFolder: boolean): Buffer {
  const block = Buffer.alloc(blockBytes);
  const name = Buffer.from(path);
  if (name.length > 100) throw new RangeError(`${path} is longer than the 100 bytes of a tar name`);
  name.copy(block, 0);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  block.write(`${octal(isFolder ? 0o700 : 0o644, 7)}\0`, 100);
  block.write(`${octal(0, 7)}\0`, 108);
  block.write(`${octal(0, 7)}\0`, 116);
  block.write(`${octal(sizeBytes, 11)}\0`, 124);
  block.write(`${octal(0, 11)}\0`, 136);
  block.write(isFolder ? "5" : "0", 156);
  block.write("ustar\x0000", 257);
  block.write(`${octal(0, 7)}\0`, 329);
  block.write(`${octal(0, 7)}\0`, 337);
  // The checksum is taken with its own field full of spaces.
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

/**
 * A plain USTAR archive in the very bytes that Go's writer gives for the same entries: owner and times zero, no trailing slash
 * on folders. Same entries, same bytes.
 */
export function writeTar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, bytes }) => {
    if (bytes === undefined) return [header(path, 0, true)];
    const padding = (blockBytes - (bytes.length % blockBytes)) % blockBytes;
    return [header(path, bytes.length, false), bytes, Buffer.alloc(padding)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}
