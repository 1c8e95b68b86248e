import { createHash } from "node:crypto";

const headBytes = 12;
/** Times, device, inode, user, group and size before an entry's mode and name. */
const fixedBytes = 62;
const modeAt = 24;
const modeBytes = 4;
const sizeAt = 36;

/**
 * A Git index (version 2) without the times and numbers of the machine it was written on, so that the same checkout gives the same
 * bytes. Git looks at the files again where they are zero.
 *
 * @see https://git-scm.com/docs/index-format
 */
export function plainIndex(index: Uint8Array): Buffer {
  const bytes = Buffer.from(index);
  if (bytes.toString("latin1", 0, 4) !== "DIRC" || bytes.readUInt32BE(4) !== 2)
    throw new Error("the index of a clone is not of version 2");
  let at = headBytes;
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    bytes.fill(0, at, at + modeAt);
    bytes.fill(0, at + modeAt + modeBytes, at + sizeAt + 4);
    const nameBytes = bytes.indexOf(0, at + fixedBytes) - (at + fixedBytes);
    // One to eight zeros end an entry, at a multiple of eight.
    at += Math.ceil((fixedBytes + nameBytes + 1) / 8) * 8;
  }
  // Extensions (a cache of trees) can be left out; the sum stands at the end.
  const body = bytes.subarray(0, at);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}
