import { constants, createZstdCompress } from "node:zlib";

/** Content of one frame; each is compressed apart from the others. */
const frameContentBytes = 4 << 20;

/** Room for any frame, so that it is one piece of work: Node goes back and forth for every 16 KiB otherwise. */
const outputBytes = frameContentBytes + (64 << 10);

/**
 * Encodes Zstandard as independent frames of 4 MiB, several at a time. Same bytes in, same bytes out, however they are cut into chunks:
 * every frame is one call, because Node's streaming encoder depends on timing and its own threads lose data.
 *
 * @param source - a chunk has been copied when the next one is asked for
 * @param options.level - default 3, zstd's own
 * @param options.concurrency - frames in work at once; default 3
 */
export async function* zstdCompress(
  source: AsyncIterable<Uint8Array>,
  options: { readonly signal: AbortSignal; readonly level?: number; readonly concurrency?: number },
): AsyncGenerator<Buffer> {
  const { signal, level = 3, concurrency = 3 } = options;
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
    [constants.ZSTD_c_contentSizeFlag]: 1,
  };
  const pieces = createPieces();
  const inWork: { readonly frame: Promise<Buffer>; readonly content: Buffer }[] = [];
  const begin = (content: Buffer) => {
    // With its size in its header, so that a reader can say what it needs before it begins.
    const frame = compressFrame(content, params);
    // Its failure is told when its turn comes.
    frame.catch(() => undefined);
    inWork.push({ frame, content });
  };
  const finish = async ({ frame, content }: (typeof inWork)[number]): Promise<Buffer> => {
    const stored = await frame;
    pieces.giveBack(content);
    return stored;
  };
  let isEmpty = true;
  for await (const content of inPieces(source, pieces)) {
    signal.throwIfAborted();
    isEmpty = false;
    begin(content);
    if (inWork.length < concurrency) continue;
    const first = inWork.shift();
    if (first !== undefined) yield await finish(first);
  }
  // No input at all is still a frame, so that a reader sees Zstandard.
  if (isEmpty) begin(Buffer.alloc(0));
  for (const work of inWork) yield await finish(work);
}

/** Node's own function for this would copy what comes out, in two pieces that lie next to each other. */
async function compressFrame(content: Buffer, params: Readonly<Record<number, number>>): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const encoder = createZstdCompress({ params, pledgedSrcSize: content.length, chunkSize: outputBytes });
    encoder.on("data", (piece: Buffer) => pieces.push(piece));
    encoder.once("end", () => resolve(inOnePiece(pieces)));
    encoder.once("error", reject);
    encoder.end(content);
  });
}

function inOnePiece(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  let end = first?.byteOffset ?? 0;
  const isOne = pieces.every((piece) => {
    const follows = piece.buffer === first?.buffer && piece.byteOffset === end;
    end += piece.length;
    return follows;
  });
  return first !== undefined && isOne ? Buffer.from(first.buffer, first.byteOffset, bytes) : Buffer.concat(pieces);
}

/**
 * Gives the memory of a written frame back at once. Left to the collector of garbage, megabytes per frame make it mark everything
 * there is, again and again, which takes longer than the sums.
 */
export function releaseFrame({ buffer }: Uint8Array): void {
  // Memory of this size is nobody else's.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === outputBytes) buffer.transfer(0);
}

/** Memory for the content of frames, used again and again: fresh pages for every frame cost as much as the sums. */
interface Pieces {
  readonly take: () => Buffer;
  readonly giveBack: (content: Buffer) => void;
}

function createPieces(): Pieces {
  const free: ArrayBufferLike[] = [];
  return {
    take: () => Buffer.from(free.pop() ?? Buffer.allocUnsafeSlow(frameContentBytes).buffer),
    giveBack: ({ buffer }) => void (buffer.byteLength === frameContentBytes && free.push(buffer)),
  };
}

async function* inPieces(source: AsyncIterable<Uint8Array>, pieces: Pieces): AsyncGenerator<Buffer> {
  let piece = pieces.take();
  let used = 0;
  for await (const chunk of source) {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + frameContentBytes - used);
      piece.set(part, used);
      used += part.length;
      from += part.length;
      if (used < frameContentBytes) continue;
      yield piece;
      piece = pieces.take();
      used = 0;
    }
  }
  if (used > 0) yield piece.subarray(0, used);
}
