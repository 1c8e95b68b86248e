/** Chunk size while few streams are open, and while many are: 1500 pulls at once must not take gigabytes. */
const largeBytes = 512 * 1024;
const smallBytes = 64 * 1024;
const manyStreams = 64;
/** Buffers kept for the next stream: 32 MiB. */
const maxFree = 64;

const free: ArrayBuffer[] = [];
/** Memory that is out as a chunk and may come back. */
const lent = new WeakSet<ArrayBuffer>();
let openStreams = 0;

/**
 * Memory for the chunks of one stream, out of a pool of this process: a fresh buffer per chunk costs a server of large blobs more than
 * the encryption does (page faults and garbage). Whoever is the last to see a chunk may give it back with `recycleChunk`; whoever
 * does not leaves it to the garbage collector.
 */
export interface ChunkMemory {
  /** At most `wantedBytes` long. */
  readonly take: (wantedBytes: number) => Uint8Array<ArrayBuffer>;
  /** Says that this stream has ended. */
  readonly end: () => void;
}

export function chunkMemory(): ChunkMemory {
  openStreams += 1;
  return {
    take: (wantedBytes) => {
      const limitBytes = openStreams > manyStreams ? smallBytes : largeBytes;
      if (wantedBytes <= smallBytes || limitBytes === smallBytes) {
        return new Uint8Array(Buffer.allocUnsafeSlow(Math.min(wantedBytes, smallBytes)).buffer);
      }
      const memory = free.pop() ?? Buffer.allocUnsafeSlow(largeBytes).buffer;
      lent.add(memory);
      return new Uint8Array(memory, 0, Math.min(wantedBytes, largeBytes));
    },
    end: () => {
      openStreams -= 1;
    },
  };
}

/**
 * Gives a chunk's memory back, to be written to again. Only for the last one to see it, and only once it is really done with: written
 * out or hashed. Chunks from elsewhere are left alone.
 */
export function recycleChunk(chunk: Uint8Array): void {
  const memory = chunk.buffer;
  if (!(memory instanceof ArrayBuffer) || !lent.delete(memory)) return;
  if (free.length < maxFree) free.push(memory);
}
