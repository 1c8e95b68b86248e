/** Frames of a WebSocket as a client sends and takes them. @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  /** Whether this is the last frame of its message. */
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

/** What a server sent breaks the protocol, or is larger than allowed. */
export class FrameError extends Error {}

/**
 * One whole message in one frame, masked as a client must.
 *
 * @param mask - 4 random bytes, fresh for each frame
 */
export function encodeFrame(opcode: number, parts: readonly Uint8Array[], mask: Uint8Array): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = 2 + lengthBytes + 4;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(mask, head - 4);
  let at = head;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  for (let place = 0; place < length; place++) {
    frame[head + place] = (frame[head + place] ?? 0) ^ (mask[place & 3] ?? 0);
  }
  return frame;
}

/** Takes what arrives, in pieces of any size, and gives the frames that are whole. */
export interface FrameReader {
  /** @throws FrameError */
  readonly push: (chunk: Uint8Array) => readonly Frame[];
}

/** @param limits.payloadBytes - of one frame */
export function createFrameReader(limits: { readonly payloadBytes: number }): FrameReader {
  let pending: Buffer = Buffer.alloc(0);
  const next = (): Frame | undefined => {
    const header = headerOf(pending, limits.payloadBytes);
    if (header === undefined || pending.length < header.bytes + header.payloadBytes) return undefined;
    const end = header.bytes + header.payloadBytes;
    const payload = pending.subarray(header.bytes, end);
    pending = pending.subarray(end);
    return { opcode: header.opcode, isFinal: header.isFinal, payload };
  };
  return {
    push: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      const frames: Frame[] = [];
      for (let frame = next(); frame !== undefined; frame = next()) frames.push(frame);
      return frames;
    },
  };
}

interface Header {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly bytes: number;
  readonly payloadBytes: number;
}

/** Undefined while it is not whole; bad ones are refused as soon as they show. */
function headerOf(buffer: Buffer, limitBytes: number): Header | undefined {
  const [first, second] = buffer;
  if (first === undefined || second === undefined) return undefined;
  const opcode = first & 0x0f;
  const isFinal = (first & 0x80) !== 0;
  if ((first & 0x70) !== 0) throw new FrameError("a reserved bit is set");
  if ((second & 0x80) !== 0) throw new FrameError("a server's frame is masked");
  const short = second & 0x7f;
  if (opcode >= 8 && (short > 125 || !isFinal)) throw new FrameError("a control frame is too long or in pieces");
  const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
  if (buffer.length < 2 + lengthBytes) return undefined;
  const long =
    lengthBytes === 2 ? buffer.readUInt16BE(2) : lengthBytes === 8 ? Number(buffer.readBigUInt64BE(2)) : short;
  if (long > limitBytes) throw new FrameError(`a frame has ${long} bytes, of ${limitBytes} that are allowed`);
  return { opcode, isFinal, bytes: 2 + lengthBytes, payloadBytes: long };
}
