/** Lines with their length before them, as Git speaks. @see https://git-scm.com/docs/gitprotocol-common#_pkt_line_format */

/** What a server sent is not made of such lines. */
export class PktLineError extends Error {}

export const flushPacket = "0000";

/** @param payload - at most 65 516 bytes */
export function pktLine(payload: string): string {
  return (Buffer.byteLength(payload) + 4).toString(16).padStart(4, "0") + payload;
}

/** The lines, in order; `undefined` for a flush. */
export function readPktLines(bytes: Uint8Array): readonly (Buffer | undefined)[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: (Buffer | undefined)[] = [];
  for (let at = 0; at < buffer.length; ) {
    const head = buffer.toString("latin1", at, at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(head)) throw new PktLineError("a line has no length");
    const length = Number.parseInt(head, 16);
    // 1 to 3 mark ends of sections in newer versions of the protocol.
    if (length < 4) {
      lines.push(undefined);
      at += 4;
      continue;
    }
    if (at + length > buffer.length) throw new PktLineError("a line is longer than what came");
    lines.push(buffer.subarray(at + 4, at + length));
    at += length;
  }
  return lines;
}
